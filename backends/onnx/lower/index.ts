import type { Graph, GraphNode, NodeId } from "../../../compiler/graph/types";
import { reachable, readerCounts } from "../../../compiler/graph/walk";
import { CannotLower, Emitter } from "../emitter";
import type { Lowerings } from "../../../compiler/lowering";
import { Chooser } from "../forms/choice";
import { accumulate, accumulations } from "./accumulate";
import { convForm } from "./conv";
import { adjointForm, fusedFall, fusedFalls, ownFall, within } from "./input-adjoint";
import { kernelForm } from "./kernel-adjoint";
import { joined, type Joined, joinedSums } from "./joined";
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

export interface LowerOptions {
  /** Names that are given away. */
  readonly reserved?: readonly string[];
  readonly lowerings?: Lowerings;
  /** What inputs come with that have not their own dims. */
  readonly dims?: ReadonlyMap<NodeId, readonly number[]>;
  /** Whether the names of values say nothing. */
  readonly brief?: boolean;
}

/** `given` names the values that come from outside: inputs and stored constants. */
export function lowerGraph(graph: Graph, given: ReadonlyMap<NodeId, string>, outputs: readonly NodeId[], options: LowerOptions = {}): Lowered {
  return lowerWith(new Chooser(options.lowerings ?? {}), graph, given, outputs, options);
}

export function lowerWith(chooser: Chooser, graph: Graph, given: ReadonlyMap<NodeId, string>, outputs: readonly NodeId[], { reserved = [], dims = new Map(), brief = false }: Omit<LowerOptions, "lowerings"> = {}): Lowered {
  const ids = reached(graph, outputs);
  const emitter = new Emitter(graph, chooser, readerCounts(graph, outputs), brief);
  const problems: OnnxProblem[] = [];
  const broken = new Set<NodeId>();
  for (const name of reserved) emitter.reserve(name);
  for (const [id, name] of given) emitter.input(id, name, dims.get(id));
  const joins = joinsOf(emitter, graph, ids);
  const inJoins = new Set([...joins].flatMap(([end, j]) => [end, ...j.within]));
  const sums: ReturnType<typeof accumulations> = chooser.allows("accumulated") ? accumulations(graph, ids.filter((id) => !inJoins.has(id)), outputs) : new Map();
  const falls = fusedFalls(emitter, graph, ids);
  const absorbed = new Set([...[...joins.values()].flatMap((j) => j.within), ...[...sums.values()].flatMap((a) => [a.product, a.behind ?? a.product]), ...[...falls].flatMap(([end, fall]) => within(emitter, fall, end))]);
  for (const id of ids) {
    const node = graph.nodes[id]!;
    if (given.has(id) || absorbed.has(id)) continue;
    // What follows from a problem is not one of its own.
    const sum = sums.get(id);
    const fall = falls.get(id);
    const join = joins.get(id);
    const needs = join ? join.products.flatMap((p) => graph.nodes[p.id]!.inputs) : sum ? [sum.addend, ...graph.nodes[sum.product]!.inputs] : fall ? fall.fall.adjoint.inputs : node.inputs;
    if (needs.some((i) => broken.has(i))) {
      broken.add(id);
      continue;
    }
    if (node.op === "input") throw new Error(`defect: the model reads ${node.attrs.name}, which is not among its inputs`);
    if (!brief) emitter.enter(placeOf(node));
    try {
      emitter.setValue(id, join ? joined(emitter, join, node) : sum ? accumulate(emitter, sum) : fall ? fusedFall(emitter, fall, node) : lowerNode(emitter, node));
    } catch (error) {
      if (!(error instanceof CannotLower)) throw error;
      problems.push({ node: id, reason: error.message });
      broken.add(id);
    }
  }
  return { emitter, problems };
}

const joinsOf = (e: Emitter, graph: Graph, ids: readonly NodeId[]): Map<NodeId, Joined> => (e.forms.allows("joined") ? joinedSums(graph, ids, (id) => e.readers(id)) : new Map());

/** What `lowerGraph` would choose, by key. */
export function formsOf(graph: Graph, outputs: readonly NodeId[], lowerings: Lowerings): Record<string, string> {
  const chooser = new Chooser(lowerings);
  const ids = reached(graph, outputs);
  const e = new Emitter(graph, chooser, readerCounts(graph, outputs));
  const falls = fusedFalls(e, graph, ids);
  const inFalls = new Set([...falls].flatMap(([end, fall]) => within(e, fall, end)));
  const joins = new Set([...joinsOf(e, graph, ids).values()].flatMap((j) => j.within));
  for (const id of ids) {
    const node = graph.nodes[id]!;
    if (inFalls.has(id) || joins.has(id)) continue;
    if (node.op === "conv") convForm(e, node);
    else if (node.op === "conv_input_adjoint") adjointForm(e, ownFall(node), node);
    else if (node.op === "conv_kernel_adjoint") kernelForm(e, node);
  }
  return Object.fromEntries([...chooser.made].sort(([a], [b]) => (a < b ? -1 : 1)));
}
