import type { Graph, GraphNode, NodeId } from "../../../compiler/graph/types";
import { reachable } from "../../../compiler/graph/walk";
import { CannotLower, Emitter } from "../emitter";
import { accumulate, accumulations } from "./accumulate";
import { lowerNode } from "./table";

/** A node that ONNX operators cannot express, and why: becomes a diagnostic at the node's origin. */
export interface OnnxProblem {
  readonly node: NodeId;
  readonly reason: string;
}

export interface Lowered {
  readonly emitter: Emitter;
  readonly problems: readonly OnnxProblem[];
}

/** Ids of what the outputs need, in topological order. */
export function reached(graph: Graph, outputs: readonly NodeId[]): NodeId[] {
  const needed = reachable(graph, outputs);
  return graph.nodes.flatMap((n) => (needed[n.id] ? [n.id] : []));
}

/** Name of a node's value and prefix of what its lowering makes on the way: `AB.content.conv1/12`. */
export const placeOf = (node: GraphNode): string => `${node.origin?.path || node.op}/${node.id}`;

/** `given` names the values that come from outside: inputs and stored constants. */
export function lowerGraph(graph: Graph, given: ReadonlyMap<NodeId, string>, outputs: readonly NodeId[], reserved: readonly string[] = []): Lowered {
  const emitter = new Emitter(graph);
  const problems: OnnxProblem[] = [];
  const broken = new Set<NodeId>();
  for (const name of reserved) emitter.reserve(name);
  for (const [id, name] of given) emitter.input(id, name);
  const ids = reached(graph, outputs);
  const sums = accumulations(graph, ids, outputs);
  const absorbed = new Set([...sums.values()].map((a) => a.product));
  for (const id of ids) {
    const node = graph.nodes[id]!;
    if (given.has(id) || absorbed.has(id)) continue;
    // What follows from a problem is not one of its own.
    const sum = sums.get(id);
    const needs = sum ? [sum.addend, ...graph.nodes[sum.product]!.inputs] : node.inputs;
    if (needs.some((i) => broken.has(i))) {
      broken.add(id);
      continue;
    }
    if (node.op === "input") throw new Error(`defect: the model reads ${node.attrs.name}, which is not among its inputs`);
    emitter.enter(placeOf(node));
    try {
      emitter.setValue(id, sum ? accumulate(emitter, sum) : lowerNode(emitter, node));
    } catch (error) {
      if (!(error instanceof CannotLower)) throw error;
      problems.push({ node: id, reason: error.message });
      broken.add(id);
    }
  }
  return { emitter, problems };
}
