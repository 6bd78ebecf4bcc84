// In which order a phase's results are asked for. What costs least to finish comes first: of a generator's three passes that is the
// one of the identity, forward and backward, before the cycle's forward pass begins; and one direction is done before the other.
import { ALIASES } from "../graph/aliases";
import { countOf } from "../graph/shape";
import type { Graph, NodeId, OpName } from "../graph/types";

/** Where something large becomes small: the parts that a gradient is put together from. */
const REDUCTIONS: ReadonlySet<OpName> = new Set<OpName>(["conv_kernel_adjoint", "contract", "sum", "mean", "max"]);

/** The reductions that nothing but this gradient reads, each of which can be made as soon as its own network pass is done. */
export function partsOf(graph: Graph, own: ReadonlySet<NodeId>, users: readonly (readonly NodeId[])[], gradient: NodeId): NodeId[] {
  const parts: NodeId[] = [];
  const open = [gradient];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (!own.has(id)) continue;
    const node = graph.nodes[id]!;
    if (REDUCTIONS.has(node.op) || (id !== gradient && users[id]!.length > 1)) parts.push(id);
    else open.push(...node.inputs);
  }
  return parts;
}

/** Greedy: always the one with the fewest bytes to be made for it; among equals, the nearest to the last. */
export function cheapestFirst(graph: Graph, own: ReadonlySet<NodeId>, roots: Iterable<NodeId>): NodeId[] {
  const { nodes } = graph;
  /** Bytes still to be made; 0: not ours, or done. */
  const cost = new Float64Array(nodes.length);
  for (const id of own) cost[id] = ALIASES.has(nodes[id]!.op) ? 1 : 4 * countOf(nodes[id]!.shape);
  /** Number of the search that saw a node last. */
  const seen = new Int32Array(nodes.length);
  let search = 0;
  const open: NodeId[] = [];
  /** Bytes to be made for a root, or, once they are more than `most`, some of them. */
  const remaining = (root: NodeId, most: number): number => {
    search++;
    let sum = 0;
    open.length = 0;
    open.push(root);
    for (let id = open.pop(); id !== undefined && sum <= most; id = open.pop()) {
      if (seen[id] === search || cost[id] === 0) continue;
      seen[id] = search;
      sum += cost[id]!;
      for (const i of nodes[id]!.inputs) open.push(i);
    }
    return sum;
  };
  let made = 0;
  const finish = (root: NodeId): void => {
    open.length = 0;
    open.push(root);
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (cost[id] === 0) continue;
      made += cost[id]!;
      cost[id] = 0;
      for (const i of nodes[id]!.inputs) open.push(i);
    }
  };
  const left = [...new Set(roots)].filter((id) => own.has(id)).sort((x, y) => x - y);
  /** What was left of each root when it was last searched, plus what had been made by then: it cannot have come below the difference. */
  const bound = new Float64Array(nodes.length);
  const order: NodeId[] = [];
  let last = 0;
  let best = 0;
  while (left.length > 0) {
    let least = Infinity;
    // From the last one's neighbours on: the least is mostly found there, and then the other searches end soon.
    const from = best;
    for (let k = 0; k < left.length; k++) {
      const i = (from + k) % left.length;
      const root = left[i]!;
      if (bound[root]! - made > least) continue;
      const bytes = remaining(root, least);
      bound[root] = bytes + made;
      if (bytes < least || (bytes === least && Math.abs(root - last) < Math.abs((left[best] ?? Infinity) - last))) [best, least] = [i, bytes];
    }
    last = left[best]!;
    left.splice(best, 1);
    finish(last);
    order.push(last);
  }
  return order;
}
