import type { Graph, NodeId } from "../graph/types";
import { sameShape } from "../graph/shape";
import { reachable } from "../graph/walk";
import { isPart, isPicture } from "./linear-forms";

/**
 * Pictures that must be written out because somebody reads them who does more than scale, move, add and sum them; products of two
 * pictures of which only sums are taken pass the question on.
 */
export function materialized(graph: Graph, outputs: readonly NodeId[]): Set<NodeId> {
  const needed = reachable(graph, outputs);
  const summed = onlySummed(graph, needed);
  const found = new Set<NodeId>(outputs);
  for (const reader of graph.nodes) {
    if (needed[reader.id] === 0) continue;
    for (const id of reader.inputs) if (isPicture(graph.nodes[id]!.shape) && !passesOn(graph, summed, reader.id, id)) found.add(id);
  }
  return found;
}

/** For each node 1 if nothing but sums and means reads it. */
function onlySummed(graph: Graph, needed: Uint8Array): Uint8Array {
  const summed = new Uint8Array(graph.nodes.length).fill(1);
  for (const { id, op, inputs } of graph.nodes) if (needed[id] === 1 && op !== "sum" && op !== "mean") for (const i of inputs) summed[i] = 0;
  return summed;
}

function passesOn(graph: Graph, summed: Uint8Array, reader: NodeId, from: NodeId): boolean {
  const node = graph.nodes[reader]!;
  const { shape } = graph.nodes[from]!;
  switch (node.op) {
    case "sum":
    case "mean":
    case "neg":
      return true;
    case "add":
    case "sub":
      return sameShape(node.shape, shape);
    case "mul": {
      const others = node.inputs.filter((i) => i !== from);
      if (others.every((i) => isPart(graph.nodes[i]!.shape, shape)) && others.length > 0) return true;
      return sameShape(node.shape, shape) && summed[reader] === 1;
    }
    default:
      return false;
  }
}
