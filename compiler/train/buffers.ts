// What a graph takes while it runs, in a runtime that plans its buffers beforehand: a value that is over leaves its buffer to the next one
// of the same shape, and until the last of those it is given back to nobody. (onnxruntime 1.30: FindReusableTensor in
// core/framework/allocation_planner.cc.) So a long graph that comes by the same large shapes at its beginning and at its end keeps their
// buffers in between, whatever else it makes there.
import { ALIASES } from "../graph/aliases";
import { dimValue } from "../graph/dim";
import type { Shape } from "../graph/shape";
import type { Graph, GraphNode, NodeId, OpName, Window2d } from "../graph/types";

/** Written over an operand that is over. */
const IN_PLACE: ReadonlySet<OpName> = new Set<OpName>(["add", "sub", "mul", "div", "neg", "relu", "relu_adjoint", "tanh", "sigmoid", "sqrt", "abs", "exp", "log"]);
const PRODUCTS: ReadonlySet<OpName> = new Set<OpName>(["conv_kernel_adjoint", "contract"]);

/**
 * In no memory worth counting: an upsampling, and the padding behind it, become a part of the convolution that follows, and so do their adjoints; a
 * product of matrices, or of a column and a row, is written onto what it is added to.
 */
function nowhere({ nodes }: Graph): Uint8Array {
  const found = Uint8Array.from(nodes, ({ op }) => (ALIASES.has(op) || op === "upsample" ? 1 : 0));
  for (const { op, inputs } of nodes) {
    const [from] = inputs;
    if (op === "add" || op === "sub") {
      const product = inputs.filter((i) => isProduct(nodes, i)).at(-1);
      if (product !== undefined) found[aliased(nodes, product)] = 1;
    } else if (op === "upsample_adjoint") {
      found[from!] = 1;
      if (nodes[from!]!.op === "pad_adjoint") found[nodes[from!]!.inputs[0]!] = 1;
    }
  }
  for (const { id, op, inputs } of nodes) if (op === "pad" && nodes[inputs[0]!]!.op === "upsample") found[id] = 1;
  return found;
}

/** Itself, or what it is another name of. */
function aliased(nodes: Graph["nodes"], id: NodeId): NodeId {
  const { op, inputs } = nodes[id]!;
  return ALIASES.has(op) && inputs.length > 0 ? aliased(nodes, inputs[0]!) : id;
}

function isProduct(nodes: Graph["nodes"], id: NodeId): boolean {
  const { op, inputs, shape } = nodes[aliased(nodes, id)]!;
  return PRODUCTS.has(op) || (op === "mul" && inputs.every((i) => nodes[i]!.shape.length < shape.length));
}

/** Sums of large products that end in one of these are written there from the first on. */
function summed(needs: Needs, outputs: Iterable<NodeId>): Set<NodeId> {
  const { nodes } = needs.graph;
  const found = new Set<NodeId>();
  for (const output of outputs) {
    let id = aliased(nodes, output);
    found.add(id);
    while ((nodes[id]!.op === "add" || nodes[id]!.op === "sub") && (needs.value(id)?.bytes ?? 0) > LARGE) {
      const rest: NodeId | undefined = nodes[id]!.inputs.find((i) => needs.nowhere[aliased(nodes, i)] === 0);
      if (rest === undefined) break;
      found.add((id = aliased(nodes, rest)));
    }
  }
  return found;
}
const LARGE = 24e6;

/** Fewer bytes are not looked at. */
const LEAST = 64 * 1024;

/** By name what may take each other's place. */
interface Need {
  readonly name: string;
  readonly bytes: number;
}

/** Free dims by name. */
export type Sizes = Readonly<Record<string, number>>;

/** What each node of a graph takes: for its value, and beside it while it is computed. */
export class Needs {
  readonly #values: (Need | undefined | null)[];
  readonly #beside: (readonly Need[] | undefined)[];
  /** 1 where a node's value takes nothing of its own. */
  readonly nowhere: Uint8Array;

  constructor(readonly graph: Graph, private readonly at: Sizes = {}) {
    this.#values = graph.nodes.map(() => null);
    this.#beside = graph.nodes.map(() => undefined);
    this.nowhere = nowhere(graph);
  }

  /** Undefined for a value in another one's memory, and for a small one. */
  value(id: NodeId): Need | undefined {
    const known = this.#values[id];
    if (known !== null) return known;
    const found = this.nowhere[id] !== 0 ? undefined : need(this.#dims(this.graph.nodes[id]!.shape), 1);
    this.#values[id] = found;
    return found;
  }

  beside(id: NodeId): readonly Need[] {
    const n = this.graph.nodes[id]!;
    if (n.op === "pad_adjoint" && this.nowhere[id] === 0) return (this.#beside[id] ??= STRIPS.map((what) => need(this.#dims(n.shape), 1, what)).filter((x) => x !== undefined));
    if (n.op !== "conv" && n.op !== "conv_input_adjoint" && n.op !== "conv_kernel_adjoint") return NONE;
    return (this.#beside[id] ??= this.#workspace(n, n.attrs.window).filter((x) => x !== undefined));
  }

  /** Most convolutions go over tiles; each picture's tiles take some times what it takes. Others gather a part of their windows at a time. */
  #workspace(n: GraphNode, { kernel: [kh, kw], stride }: Window2d): readonly (Need | undefined)[] {
    const dims = (id: NodeId): number[] => this.#dims(this.graph.nodes[id]!.shape);
    const [first, second] = n.inputs as [NodeId, NodeId];
    const [x, y, k] = n.op === "conv" ? [dims(first), this.#dims(n.shape), dims(second)] : n.op === "conv_input_adjoint" ? [this.#dims(n.shape), dims(first), dims(second)] : [dims(first), dims(second), this.#dims(n.shape)];
    const taps = kh === kw && stride[0] === 1 && stride[1] === 1 && y.at(-1)! * y.at(-2)! >= FEW ? TILED[kh] : undefined;
    if (taps === undefined) {
      const windows = kh * kw > 1 ? (Math.min(volume(x), volume(y)) * kh * kw) / (stride[0] * stride[1]) : 0;
      return n.op === "conv_kernel_adjoint" ? [need([Math.min(windows, GATHERED)], 1, "windows")] : [];
    }
    // Behind upsampling tiles are of the small picture.
    const picture = this.nowhere[n.op === "conv_input_adjoint" ? n.id : first] === 1 ? taps.doubled : taps.picture;
    const kernel = need(k, taps.kernel, "kernel");
    const [ofX, ofY] = [need(x, picture, "tiles"), need(y, picture, "tiles")];
    if (n.op === "conv") return [kernel, ofX, need(y, picture, "product")];
    if (n.op === "conv_kernel_adjoint") return [kernel, ofX, ofY];
    return [kernel, ofY, ...["product", "turned"].map((what) => need(x, picture, what, AT_ONCE))];
  }

  #dims(shape: Shape): number[] {
    return shape.map(({ dim }) => (typeof dim === "number" ? dim : dimValue(dim, this.at)));
  }
}

const NONE: readonly Need[] = [];
/** An axis at a time, each cut and put together again. */
const STRIPS: readonly string[] = ["columns", "wide", "rows"];
/** Of a window's length the tiles' elements a pixel, of a picture, of one behind upsampling, and of a kernel: six points an axis. */
const TILED: Readonly<Record<number, { readonly picture: number; readonly doubled: number; readonly kernel: number }>> = {
  3: { picture: 36 / 16, doubled: 25 / 16, kernel: 36 / 9 },
  4: { picture: 36 / 9, doubled: 36 / 9, kernel: 36 / 16 },
};
/** Places of a result: with fewer the transforms would be the work. */
const FEW = 256;
/** Bytes of tiles that go back to a picture at a time. */
const AT_ONCE = 32e6;
/** Elements of gathered windows at a time. */
const GATHERED = 6e6;

const volume = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1);
function need(dims: readonly number[], times: number, what = "", most = Infinity): Need | undefined {
  const bytes = Math.min(most, 4 * times * volume(dims));
  return bytes < LEAST ? undefined : { name: what + dims.join(), bytes };
}

/** Where each value is read for the last time, its second names counted. */
export function lastReads({ graph, nowhere }: Needs, order: readonly NodeId[]): { readonly source: Int32Array; readonly last: Int32Array } {
  const source = Int32Array.from(graph.nodes, ({ id }) => id);
  const last = new Int32Array(graph.nodes.length).fill(-1);
  order.forEach((id, at) => {
    const { inputs } = graph.nodes[id]!;
    if (nowhere[id] === 1 && inputs.length > 0) source[id] = source[inputs[0]!]!;
    last[source[id]!] = Math.max(last[source[id]!]!, at);
    for (const i of inputs) last[source[i]!] = at;
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
      this.#last.push(at);
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

/** The most bytes at once that a graph takes beside its inputs and outputs, in the order of its nodes. */
export function mostOf(graph: Graph, outputs: Iterable<NodeId>, at: Sizes = {}): number {
  const order = graph.nodes.map(({ id }) => id);
  const needs = new Needs(graph, at);
  const elsewhere = summed(needs, outputs);
  const buffers = new Buffers(needs, lastReads(needs, order), (id) => elsewhere.has(id));
  for (const id of order) buffers.compute(id, id);
  return buffers.most();
}
