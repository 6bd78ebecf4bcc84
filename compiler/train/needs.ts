// What each operation of a graph takes in memory while it runs: for its value, and beside it.
import { ALIASES } from "../graph/aliases";
import { dimValue } from "../graph/dim";
import { BATCH, dimOf, hasAxis, type Shape } from "../graph/shape";
import type { Graph, GraphNode, NodeId, Window2d } from "../graph/types";

/** What takes nothing of its own, and why. */
const OWN = 0;
const ALIAS = 1;
const ADDED = 2;

/**
 * In no memory worth counting: an upsampling, and the padding behind it, become a part of the convolution that follows, and so do their adjoints (ALIAS); a
 * product of matrices, or of a column and a row, that one sum reads is written onto what it is added to (ADDED).
 */
function withoutOwn({ nodes }: Graph): Uint8Array {
  const found = Uint8Array.from(nodes, ({ op }) => (ALIASES.has(op) || op === "upsample" ? ALIAS : OWN));
  const readers = new Uint32Array(nodes.length);
  for (const { inputs } of nodes) for (const i of inputs) readers[i]!++;
  for (const { op, inputs } of nodes) {
    const [from] = inputs;
    if (op === "add" || op === "sub") {
      const product = inputs.filter((i) => readers[i] === 1 && isProduct(nodes, i)).at(-1);
      if (product !== undefined) found[aliased(nodes, product)] = ADDED;
    } else if (op === "upsample_adjoint") {
      found[from!] = ALIAS;
      if (nodes[from!]!.op === "pad_adjoint") found[nodes[from!]!.inputs[0]!] = ALIAS;
    }
  }
  for (const { id, op, inputs } of nodes) if (op === "pad" && nodes[inputs[0]!]!.op === "upsample") found[id] = ALIAS;
  return found;
}

/** Itself, or what it is another name of. */
function aliased(nodes: Graph["nodes"], id: NodeId): NodeId {
  const { op, inputs } = nodes[id]!;
  return ALIASES.has(op) && inputs.length > 0 ? aliased(nodes, inputs[0]!) : id;
}

function isProduct(nodes: Graph["nodes"], id: NodeId): boolean {
  const { op, inputs } = nodes[aliased(nodes, id)]!;
  if (op !== "mul") return op === "conv_kernel_adjoint" || op === "contract";
  const [a, b] = inputs.map((i) => nodes[i]!.shape) as [Shape, Shape];
  return a.length > 0 && b.length > 0 && !a.some(({ axis }) => hasAxis(b, axis));
}

/** Fewer bytes are not looked at. */
const LEAST = 64 * 1024;

/** By name what may take each other's place. */
export interface Need {
  readonly name: string;
  readonly bytes: number;
}

/** Free dims by name. */
export type Sizes = Readonly<Record<string, number>>;

/** What each node of a graph takes: for its value, and beside it while it is computed. */
export class Needs {
  readonly #values: (Need | undefined | null)[];
  readonly #beside: (readonly Need[] | undefined)[];
  readonly #without: Uint8Array;

  constructor(readonly graph: Graph, private readonly at: Sizes = {}) {
    this.#values = graph.nodes.map(() => null);
    this.#beside = graph.nodes.map(() => undefined);
    this.#without = withoutOwn(graph);
  }

  /** Undefined for a value in another one's memory, and for a small one. */
  value(id: NodeId): Need | undefined {
    const known = this.#values[id];
    if (known !== null) return known;
    const found = this.#without[id] !== OWN ? undefined : need(this.#dims(this.graph.nodes[id]!.shape), 1);
    this.#values[id] = found;
    return found;
  }

  /** Whether it is another name of its first operand's value, or becomes a part of whoever reads it. */
  isAlias(id: NodeId): boolean {
    return this.#without[id] === ALIAS;
  }
  /** Whether it is written onto what it is added to. */
  isAdded(id: NodeId): boolean {
    return this.#without[id] === ADDED;
  }

  beside(id: NodeId): readonly Need[] {
    const n = this.graph.nodes[id]!;
    if (n.op === "pad_adjoint" && this.#without[id] === OWN) return (this.#beside[id] ??= STRIPS.map((what) => need(this.#dims(n.shape), 1, what)).filter((x) => x !== undefined));
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
    const picture = this.#without[n.op === "conv_input_adjoint" ? n.id : first] === ALIAS ? taps.doubled : taps.picture;
    const single = dimOf(n.shape, BATCH) === 1;
    const kernel = need(k, taps.kernel, "kernel");
    const [ofX, ofY] = [need(x, picture, "tiles"), need(y, picture, "tiles")];
    if (n.op === "conv") return [kernel, ofX, need(y, picture, "product")];
    if (n.op === "conv_kernel_adjoint") return [kernel, ofX, ofY];
    return [kernel, ofY, ...["product", "turned"].map((what) => need(x, picture, what, single ? AT_ONCE : Infinity))];
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
/** Bytes of tiles of one picture that go back to it at a time, as the backend has it (backends/onnx/forms/tiled.ts). */
const AT_ONCE = 32e6;
/** Elements of gathered windows at a time. */
const GATHERED = 6e6;

const volume = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1);
function need(dims: readonly number[], times: number, what = "", most = Infinity): Need | undefined {
  const bytes = Math.min(most, 4 * times * volume(dims));
  return bytes < LEAST ? undefined : { name: what + dims.join(), bytes };
}

