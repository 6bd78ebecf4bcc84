// The order in which a phase is computed, chosen for memory: depth first from the outputs, so that one loss's backward pass
// is over before the next one's forward pass begins; and whatever gives memory back is done as soon as it can be.
import { ALIASES } from "../graph/aliases";
import { countOf } from "../graph/shape";
import type { Graph, NodeId, OpName } from "../graph/types";

/** Done at once when their operands are there: a kernel's gradient and sums are small beside what they let go. */
const EAGER: ReadonlySet<OpName> = new Set<OpName>(["conv_kernel_adjoint", "sum", "mean", "max"]);

/** Operations from a large value to the sum that takes it in. */
const LONGEST_WAY = 5;

export interface Ordered {
  readonly order: readonly NodeId[];
  /** Bytes of values that are alive after each place of the order. */
  readonly live: readonly number[];
}

/** Bytes that a node's value takes; counted once each. */
function bytesOf({ nodes }: Graph): (id: NodeId) => number {
  const known = new Float64Array(nodes.length).fill(-1);
  return (id) => {
    if (known[id]! < 0) known[id] = ALIASES.has(nodes[id]!.op) ? 0 : 4 * countOf(nodes[id]!.shape);
    return known[id]!;
  };
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
      const list = users.get(i);
      if (list) list.push(id);
      else users.set(i, [id]);
      uses.set(i, (uses.get(i) ?? 0) + 1);
    }
  }
  const keeps = new Set(kept);
  for (const r of keeps) uses.set(r, (uses.get(r) ?? 0) + 1);
  const bytes = bytesOf(graph);
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
  /** A large value that ends in a sum at once, as the gradient of a norm's setting does: the way from it to the sum. */
  const reduced = (from: NodeId): NodeId[] => {
    const way = [from];
    while (way.length < LONGEST_WAY) {
      const [next, ...others] = users.get(way.at(-1)!) ?? [];
      if (next === undefined || others.length > 0 || keeps.has(way.at(-1)!)) return [];
      if (nodes[next]!.inputs.some((i) => own.has(i) && !done.has(i) && i !== way.at(-1))) return [];
      way.push(next);
      if (EAGER.has(nodes[next]!.op)) return way;
    }
    return [];
  };
  const eager = (from: NodeId): void => {
    const open = [...(users.get(from) ?? [])];
    while (open.length > 0) {
      const u = open.pop()!;
      if (done.has(u) || waiting.get(u) !== 0) continue;
      const chain = EAGER.has(nodes[u]!.op) || bytes(u) <= frees(u) ? [u] : reduced(u);
      for (const id of chain) {
        emit(id);
        open.push(...(users.get(id) ?? []));
      }
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

/** Where to cut an order into pieces of at most `most` nodes. */
export interface Cutting {
  readonly most: number;
  /** Whether a later piece makes a value again instead of keeping it. */
  readonly again: (id: NodeId) => boolean;
}

/**
 * Each piece ends where the least has to be kept and the most is let go, to be made again: between a network's forward and
 * backward pass.
 */
export function cutPoints(graph: Graph, { order, live }: Ordered, kept: ReadonlySet<NodeId>, { most, again }: Cutting): number[] {
  const lastUse = new Map<NodeId, number>();
  order.forEach((id, at) => {
    for (const i of graph.nodes[id]!.inputs) lastUse.set(i, at);
  });
  const bytes = bytesOf(graph);
  const points: number[] = [];
  let start = 0;
  while (order.length - start > most / SHORTEST) {
    /** Bytes made since `start`, alive, and to be made again if the piece ended here. */
    let dropped = 0;
    const ending = new Map<number, number>();
    let best = -1;
    let least = Infinity;
    for (let at = start; at < Math.min(start + most, order.length); at++) {
      const id = order[at]!;
      const end = lastUse.get(id) ?? at;
      if (again(id) && !kept.has(id) && end > at) {
        dropped += bytes(id);
        ending.set(end, (ending.get(end) ?? 0) + bytes(id));
      }
      dropped -= ending.get(at) ?? 0;
      if (at < start + most / SHORTEST) continue;
      const cost = live[at]! - 2 * dropped;
      if (cost <= least) [best, least] = [at, cost];
    }
    if (order.length - start <= most && live[order.length - 1]! <= least) break;
    points.push(best + 1);
    start = best + 1;
  }
  return points.filter((at) => at < order.length);
}

/** A piece is at least this part of the longest. */
const SHORTEST = 4;
