// What a graph takes while it runs, in a runtime that plans its buffers beforehand: a value that is over leaves its buffer to the next one
// of the same shape, and until the last of those it is given back to nobody. (onnxruntime 1.30: FindReusableTensor in
// core/framework/allocation_planner.cc.) So a long graph that comes by the same large shapes at its beginning and at its end keeps their
// buffers in between, whatever else it makes there.
import type { Graph, NodeId, OpName } from "../graph/types";
import { type Need, Needs } from "./needs";

/** Written over an operand that is over. */
const IN_PLACE: ReadonlySet<OpName> = new Set<OpName>(["add", "sub", "mul", "div", "neg", "relu", "relu_adjoint", "tanh", "sigmoid", "sqrt", "abs", "exp", "log"]);

/** Where each value is read for the last time, its second names counted. */
export function lastReads(needs: Needs, order: readonly NodeId[]): { readonly source: Int32Array; readonly last: Int32Array } {
  const { nodes } = needs.graph;
  const source = Int32Array.from(nodes, ({ id }) => id);
  const last = new Int32Array(nodes.length).fill(-1);
  order.forEach((id, at) => {
    const { inputs } = nodes[id]!;
    if (needs.isAlias(id) && inputs.length > 0) source[id] = source[inputs[0]!]!;
    last[source[id]!] = Math.max(last[source[id]!]!, at);
    for (const i of inputs) {
      last[source[i]!] = at;
      // A product is made where it is added.
      if (needs.isAdded(source[i]!)) for (const operand of nodes[source[i]!]!.inputs) last[source[operand]!] = at;
    }
  });
  return { source, last };
}

/** The buffers of a graph's nodes that are computed one after the other. */
export class Buffers {
  /** Bytes of all that was ever taken. */
  taken = 0;
  readonly #bytes: number[] = [];
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  readonly #free = new Map<string, number[]>();
  readonly #held = new Map<NodeId, number>();

  /** @param elsewhere values that lie where somebody else counts them */
  constructor(private readonly needs: Needs, private readonly reads: ReturnType<typeof lastReads>, private readonly elsewhere: (id: NodeId) => boolean) {}

  /** `at`: its place in the order; ascending. */
  compute(id: NodeId, at: number): void {
    const { op, inputs } = this.needs.graph.nodes[id]!;
    const beside = this.needs.beside(id).map((need) => ({ need, buffer: this.#take(need, at) }));
    const own = this.needs.value(id);
    const over = (): void => inputs.forEach((i) => this.#end(this.reads.source[i]!, at));
    if (own && IN_PLACE.has(op)) over();
    if (own && !this.elsewhere(id)) this.#held.set(id, this.#take(own, at));
    over();
    if (own) this.#end(id, at);
    for (const { need, buffer } of beside) this.#give(need, buffer, at);
  }

  /** The most bytes held at once, each buffer until the last value that lies in it is over. */
  most(): number {
    const begin = this.#first[0] ?? 0;
    const change = new Float64Array(Math.max(begin, ...this.#last) - begin + 2);
    this.#bytes.forEach((bytes, b) => {
      change[this.#first[b]! - begin]! += bytes;
      change[this.#last[b]! + 1 - begin]! -= bytes;
    });
    let [held, most] = [0, 0];
    for (const bytes of change) {
      held += bytes;
      if (held > most) most = held;
    }
    return most;
  }

  #take({ name, bytes }: Need, at: number): number {
    const free = this.#free.get(name)?.pop();
    const buffer = free ?? this.#bytes.push(bytes) - 1;
    if (free === undefined) {
      this.taken += bytes;
      this.#first.push(at);
    }
    this.#last[buffer] = at;
    return buffer;
  }

  #give({ name }: Need, buffer: number, at: number): void {
    this.#last[buffer] = at;
    const free = this.#free.get(name) ?? [];
    free.push(buffer);
    this.#free.set(name, free);
  }

  /** Gives a value's buffer to the next, if nobody reads it any more. */
  #end(id: NodeId, at: number): void {
    const buffer = this.#held.get(id);
    if (buffer === undefined || this.reads.last[id]! > at) return;
    this.#held.delete(id);
    this.#give(this.needs.value(id)!, buffer, at);
  }
}

/**
 * Sums of large products that end in one of these are written there from the first on.
 * @param source by value the one in whose memory it lies
 */
function summed(needs: Needs, source: Int32Array, outputs: Iterable<NodeId>): Set<NodeId> {
  const { nodes } = needs.graph;
  const found = new Set<NodeId>();
  for (const output of outputs) {
    let id = source[output]!;
    found.add(id);
    while ((needs.value(id)?.bytes ?? 0) > LARGE && (nodes[id]!.op === "add" || nodes[id]!.op === "sub")) {
      const terms = nodes[id]!.inputs.map((i) => source[i]!);
      const rest = terms.find((i) => !needs.isAdded(i));
      if (rest === undefined || !terms.some((i) => needs.isAdded(i))) break;
      found.add((id = rest));
    }
  }
  return found;
}
const LARGE = 24e6;

/** The most bytes at once that a graph takes beside its inputs and outputs, in the order of its nodes. */
export function mostOf(graph: Graph, outputs: Iterable<NodeId>): number {
  const order = graph.nodes.map(({ id }) => id);
  const needs = new Needs(graph);
  const reads = lastReads(needs, order);
  const elsewhere = summed(needs, reads.source, outputs);
  const buffers = new Buffers(needs, reads, (id) => elsewhere.has(id));
  for (const id of order) buffers.compute(id, id);
  return buffers.most();
}
