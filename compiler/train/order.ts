// The order in which a phase is computed, chosen for memory: depth first from the outputs, so that one loss's backward pass
// is over before the next one's forward pass begins; and whatever gives memory back is done as soon as it can be.
import { bytesOf } from "../graph/aliases";
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

/** The bytes of each node's value, counted once. */
export function bytesIn({ nodes }: Graph): (id: NodeId) => number {
  const known = new Float64Array(nodes.length).fill(-1);
  return (id) => {
    if (known[id]! < 0) known[id] = bytesOf(nodes[id]!);
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
  const { mine, users, waiting, uses } = countsOf(graph, own);
  const keeps = new Set(kept);
  for (const r of keeps) uses[r]!++;
  const bytes = bytesIn(graph);
  const done = new Uint8Array(nodes.length);
  const order: NodeId[] = [];
  const live: number[] = [];
  let alive = 0;

  const emit = (id: NodeId): void => {
    done[id] = 1;
    order.push(id);
    alive += bytes(id);
    for (const i of distinct(nodes[id]!.inputs)) if (--uses[i]! === 0 && mine[i] === 1) alive -= bytes(i);
    live.push(alive);
    for (const u of users[id] ?? []) waiting[u]!--;
  };
  /** What the operand's memory is worth once `user` is done. */
  const frees = (user: NodeId): number => {
    let sum = 0;
    for (const i of distinct(nodes[user]!.inputs)) if (uses[i] === 1 && mine[i] === 1) sum += bytes(i);
    return sum;
  };
  /** A large value that ends in a sum at once, as the gradient of a norm's setting does: the way from it to the sum. */
  const reduced = (from: NodeId): NodeId[] => {
    const way = [from];
    while (way.length < LONGEST_WAY) {
      const readers = users[way.at(-1)!];
      if (readers?.length !== 1 || keeps.has(way.at(-1)!)) return [];
      const next = readers[0]!;
      if (nodes[next]!.inputs.some((i) => mine[i] === 1 && done[i] === 0 && i !== way.at(-1))) return [];
      way.push(next);
      if (EAGER.has(nodes[next]!.op)) return way;
    }
    return [];
  };
  const eager = (from: NodeId): void => {
    const open = [...(users[from] ?? [])];
    while (open.length > 0) {
      const u = open.pop()!;
      if (done[u] === 1 || waiting[u] !== 0) continue;
      const chain = EAGER.has(nodes[u]!.op) || bytes(u) <= frees(u) ? [u] : reduced(u);
      for (const id of chain) {
        emit(id);
        open.push(...(users[id] ?? []));
      }
    }
  };

  for (const root of roots) {
    const stack: NodeId[] = [root];
    while (stack.length > 0) {
      const id = stack.at(-1)!;
      if (done[id] === 1 || mine[id] === 0) {
        stack.pop();
        continue;
      }
      const next = nodes[id]!.inputs.find((i) => mine[i] === 1 && done[i] === 0);
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

/** Of the nodes to order: which they are, who of them reads a value, how many of them each waits for, and how many read each value. */
function countsOf({ nodes }: Graph, own: ReadonlySet<NodeId>): { mine: Uint8Array; users: (NodeId[] | undefined)[]; waiting: Int32Array; uses: Int32Array } {
  const mine = new Uint8Array(nodes.length);
  const users: (NodeId[] | undefined)[] = nodes.map(() => undefined);
  const waiting = new Int32Array(nodes.length);
  const uses = new Int32Array(nodes.length);
  for (const id of own) mine[id] = 1;
  for (const id of own) {
    for (const i of distinct(nodes[id]!.inputs)) {
      if (mine[i] === 1) waiting[id]!++;
      (users[i] ??= []).push(id);
      uses[i]!++;
    }
  }
  return { mine, users, waiting, uses };
}

/** x·x reads x once. */
const distinct = (inputs: readonly NodeId[]): readonly NodeId[] => (inputs.length < 2 || (inputs.length === 2 && inputs[0] !== inputs[1]) ? inputs : [...new Set(inputs)]);
