// The order in which a phase is computed, chosen for memory: depth first from the outputs, so that one loss's backward pass
// is over before the next one's forward pass begins; and whatever gives memory back is done as soon as it can be.
import { ALIASES } from "../graph/aliases";
import { countOf } from "../graph/shape";
import type { Graph, NodeId, OpName } from "../graph/types";

/** Done at once when their operands are there: a kernel's gradient and sums are small beside what they let go. */
const EAGER: ReadonlySet<OpName> = new Set<OpName>(["conv_kernel_adjoint", "sum", "mean", "max"]);

export interface Ordered {
  readonly order: readonly NodeId[];
  /** Bytes of values that are alive after each place of the order. */
  readonly live: readonly number[];
}

/**
 * @param own the nodes to order; others are there already
 * @param roots what must be computed, most urgent first
 * @param kept what stays alive to the end: outputs, and what is read elsewhere
 */
export function orderFor(graph: Graph, own: ReadonlySet<NodeId>, roots: readonly NodeId[], kept: Iterable<NodeId>): Ordered {
  const nodes = graph.nodes;
  const users = new Map<NodeId, NodeId[]>();
  const waiting = new Map<NodeId, number>();
  const uses = new Map<NodeId, number>();
  for (const id of own) {
    const inputs = [...new Set(nodes[id]!.inputs)];
    waiting.set(id, inputs.filter((i) => own.has(i)).length);
    for (const i of inputs) {
      users.set(i, [...(users.get(i) ?? []), id]);
      uses.set(i, (uses.get(i) ?? 0) + 1);
    }
  }
  for (const r of kept) uses.set(r, (uses.get(r) ?? 0) + 1);
  const bytes = (id: NodeId): number => (ALIASES.has(nodes[id]!.op) ? 0 : 4 * countOf(nodes[id]!.shape));
  const done = new Set<NodeId>();
  const order: NodeId[] = [];
  const live: number[] = [];
  let alive = 0;

  const emit = (id: NodeId): void => {
    done.add(id);
    order.push(id);
    alive += bytes(id);
    for (const i of new Set(nodes[id]!.inputs)) {
      const left = uses.get(i)! - 1;
      uses.set(i, left);
      if (left === 0 && own.has(i)) alive -= bytes(i);
    }
    live.push(alive);
    for (const u of users.get(id) ?? []) waiting.set(u, waiting.get(u)! - 1);
  };
  /** What the operand's memory is worth once `user` is done. */
  const frees = (user: NodeId): number =>
    [...new Set(nodes[user]!.inputs)].reduce((n, i) => n + (uses.get(i) === 1 && own.has(i) ? bytes(i) : 0), 0);
  const eager = (from: NodeId): void => {
    const open = [...(users.get(from) ?? [])];
    while (open.length > 0) {
      const u = open.pop()!;
      if (done.has(u) || waiting.get(u) !== 0) continue;
      if (!EAGER.has(nodes[u]!.op) && bytes(u) > frees(u)) continue;
      emit(u);
      open.push(...(users.get(u) ?? []));
    }
  };

  for (const root of roots) {
    const stack: NodeId[] = [root];
    while (stack.length > 0) {
      const id = stack.at(-1)!;
      if (done.has(id) || !own.has(id)) {
        stack.pop();
        continue;
      }
      const next = nodes[id]!.inputs.find((i) => own.has(i) && !done.has(i));
      if (next !== undefined) {
        stack.push(next);
        continue;
      }
      stack.pop();
      emit(id);
      eager(id);
    }
  }
  return { order, live };
}

/** Where to cut an order into pieces of at most `most` nodes: each at the place with the fewest bytes alive. */
export function cutPoints(ordered: Ordered, most: number): number[] {
  const points: number[] = [];
  let start = 0;
  while (ordered.order.length - start > most) {
    let best = start + most - 1;
    for (let at = start + Math.floor(most / 2); at < start + most; at++) if (ordered.live[at]! < ordered.live[best]!) best = at;
    points.push(best + 1);
    start = best + 1;
  }
  return points;
}
