import type { Graph, NodeId } from "../graph/types";
import { sameShape } from "../graph/shape";
import { reachable, users } from "../graph/walk";
import { isPart, isPicture } from "./linear-forms";

/**
 * Pictures that must be written out because somebody reads them who does more than scale, move, add and sum them; products of two
 * pictures of which only sums are taken pass the question on.
 */
export function materialized(graph: Graph, outputs: readonly NodeId[]): Set<NodeId> {
  const needed = reachable(graph, outputs);
  const readers = users(graph);
  const found = new Set<NodeId>(outputs);
  for (const node of graph.nodes) {
    if (!needed[node.id] || !isPicture(node.shape)) continue;
    if (readers[node.id]!.some((r) => needed[r] && !passesOn(graph, needed, readers, r, node.id))) found.add(node.id);
  }
  return found;
}

function passesOn(graph: Graph, needed: readonly boolean[], readers: readonly (readonly NodeId[])[], reader: NodeId, from: NodeId): boolean {
  const node = graph.nodes[reader]!;
  const { shape } = graph.nodes[from]!;
  const sums = (id: NodeId): boolean => ["sum", "mean"].includes(graph.nodes[id]!.op);
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
      return sameShape(node.shape, shape) && readers[reader]!.every((r) => !needed[r] || sums(r));
    }
    default:
      return false;
  }
}
