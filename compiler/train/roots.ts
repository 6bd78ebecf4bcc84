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
    if (node.op === "constant") continue;
    if (REDUCTIONS.has(node.op) || (id !== gradient && users[id]!.length > 1)) parts.push(id);
    else open.push(...node.inputs);
  }
  return parts;
}

/** Greedy: always the one with the fewest bytes to be made for it; among equals, the nearest to the last. */
export function cheapestFirst(graph: Graph, own: ReadonlySet<NodeId>, roots: Iterable<NodeId>): NodeId[] {
  const all = [...new Set(roots)].filter((id) => own.has(id)).sort((x, y) => x - y);
  const left = new Remaining(graph, own, all);
  const waiting = all.map((_, i) => i);
  const order: NodeId[] = [];
  let last = 0;
  let best = 0;
  while (waiting.length > 0) {
    // From the last one's neighbours on: of equals equally near, those behind it come first.
    const from = best;
    best = -1;
    for (let k = 0; k < waiting.length; k++) {
      const at = (from + k) % waiting.length;
      const [bytes, least] = [left.bytes[waiting[at]!]!, best < 0 ? Infinity : left.bytes[waiting[best]!]!];
      const nearer = (): boolean => Math.abs(all[waiting[at]!]! - last) < Math.abs(all[waiting[best]!]! - last);
      if (bytes < least || (bytes === least && nearer())) best = at;
    }
    last = all[waiting[best]!]!;
    waiting.splice(best, 1);
    left.make(last);
    order.push(last);
  }
  return order;
}

/** What is still to be made for each of several roots. */
class Remaining {
  readonly bytes: Float64Array;
  readonly #graph: Graph;
  /** Bytes of each node that is to be made; 0: not ours, or made. */
  readonly #cost: Float64Array;
  /** For each node, by its place among ours, the roots that need it, a bit each. */
  readonly #needed: Int32Array;
  readonly #place: Int32Array;
  readonly #words: number;

  constructor(graph: Graph, own: ReadonlySet<NodeId>, roots: readonly NodeId[]) {
    const { nodes } = graph;
    this.#graph = graph;
    this.#words = (roots.length + 31) >>> 5;
    this.#cost = new Float64Array(nodes.length);
    this.#place = new Int32Array(nodes.length).fill(-1);
    this.#needed = new Int32Array(own.size * this.#words);
    this.bytes = new Float64Array(roots.length);
    const ours = [...own].sort((x, y) => x - y);
    ours.forEach((id, at) => (this.#place[id] = at));
    roots.forEach((id, r) => (this.#needed[this.#place[id]! * this.#words + (r >>> 5)]! |= 1 << (r & 31)));
    for (const id of ours.reverse()) {
      // A constant is nobody's work: the first direction, in which it is met, is to go as the others do.
      this.#cost[id] = nodes[id]!.op === "constant" ? 0 : ALIASES.has(nodes[id]!.op) ? 1 : 4 * countOf(nodes[id]!.shape);
      this.#add(id, 1);
      for (const input of nodes[id]!.inputs) this.#inherit(input, id);
    }
  }

  /** Whoever needs a node needs its operands. */
  #inherit(input: NodeId, id: NodeId): void {
    const [to, from] = [this.#place[input]! * this.#words, this.#place[id]! * this.#words];
    if (to >= 0) for (let w = 0; w < this.#words; w++) this.#needed[to + w]! |= this.#needed[from + w]!;
  }

  #add(id: NodeId, sign: number): void {
    const from = this.#place[id]! * this.#words;
    for (let w = 0; w < this.#words; w++) {
      for (let bits = this.#needed[from + w]!; bits !== 0; bits &= bits - 1) this.bytes[32 * w + 31 - Math.clz32(bits & -bits)]! += sign * this.#cost[id]!;
    }
  }

  /** The root and all that it needs. */
  make(root: NodeId): void {
    const open = [root];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (this.#cost[id] === 0) continue;
      this.#add(id, -1);
      this.#cost[id] = 0;
      open.push(...this.#graph.nodes[id]!.inputs);
    }
  }
}
