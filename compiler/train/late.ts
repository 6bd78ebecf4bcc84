// Gradients that are larger than what they are made of: a critic's deepest kernel has 2048 × 1024 × 4 × 4 numbers, its operands a few
// thousand pixels. They are made last, a few at a time, each followed by its update, so that they are never all there at once.
import { bytesOf } from "../graph/aliases";
import { countOf } from "../graph/shape";
import type { Graph, NodeId } from "../graph/types";

export interface LateGradient {
  readonly node: NodeId;
  /** What only it needs, in the graph's order; nothing else of the step reads any of it. */
  readonly tail: readonly NodeId[];
  /** What the tail reads: to be there before. */
  readonly operands: readonly NodeId[];
  /** Bytes of the gradient. */
  readonly bytes: number;
}

/** Smaller ones are made as soon as they can be: each piece of a step costs a call. */
const LEAST = 1 << 20;

/**
 * @param own the phase's nodes
 * @param free whether a node can be had again for nothing worth counting
 */
export function lateGradients(graph: Graph, own: ReadonlySet<NodeId>, gradients: readonly NodeId[], users: readonly (readonly NodeId[])[], taken: ReadonlySet<NodeId>, free: (id: NodeId) => boolean): LateGradient[] {
  const { nodes } = graph;
  const bytes = (id: NodeId): number => 4 * countOf(nodes[id]!.shape);
  return gradients.flatMap((node): LateGradient[] => {
    const size = bytes(node);
    if (size < LEAST || !own.has(node) || users[node]!.length > 0) return [];
    const tail = tailOf(graph, own, node, users, taken, size / 4);
    const operands = new Set(tail.flatMap((id) => nodes[id]!.inputs).filter((id) => nodes[id]!.op !== "input" && !tail.includes(id)));
    const held = [...operands].filter((id) => !free(id)).reduce((sum, id) => sum + bytesOf(nodes[id]!), 0);
    return held < size / 2 ? [{ node, tail, operands: [...operands], bytes: size }] : [];
  });
}

/** From the first large values on, all that only the gradient needs. */
function tailOf(graph: Graph, own: ReadonlySet<NodeId>, gradient: NodeId, users: readonly (readonly NodeId[])[], taken: ReadonlySet<NodeId>, large: number): NodeId[] {
  const { nodes } = graph;
  const exclusive = new Set([gradient]);
  const open = [gradient];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const i of nodes[id]!.inputs) {
      if (exclusive.has(i) || !own.has(i) || taken.has(i) || !users[i]!.every((u) => exclusive.has(u))) continue;
      exclusive.add(i);
      open.push(i);
    }
  }
  const tail = new Set<NodeId>();
  for (const id of [...exclusive].sort((x, y) => x - y)) {
    if (4 * countOf(nodes[id]!.shape) >= large || nodes[id]!.inputs.some((i) => tail.has(i))) tail.add(id);
  }
  return [...tail];
}
