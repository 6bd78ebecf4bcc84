// What each operation of a graph takes in memory while it runs: for its value, and beside it.
import { ALIASES } from "../graph/aliases";
import { BATCH, dimOf, hasAxis, numbersOf, type Shape } from "../graph/shape";
import type { Graph, GraphNode, NodeId, Window2d } from "../graph/types";
import { users } from "../graph/walk";
import { AT_ONCE } from "../lowering";

/** What takes nothing of its own, and why. */
const OWN = 0;
const ALIAS = 1;
const ADDED = 2;

/**
 * In no memory worth counting: an upsampling, and the padding behind it, become a part of the convolution that follows, and so do their adjoints (ALIAS); a
 * product of matrices, or of a column and a row, that one sum reads is written onto what it is added to (ADDED).
 */
function withoutOwn(graph: Graph): Uint8Array {
  const { nodes } = graph;
  const readers = users(graph);
  const found = Uint8Array.from(nodes, ({ op }) => (ALIASES.has(op) || op === "upsample" ? ALIAS : OWN));
  for (const { op, inputs } of nodes) {
    const [from] = inputs;
    if (op === "add" || op === "sub") {
      const product = inputs.filter((i) => readers[i]!.length === 1).map((i) => aliased(nodes, i)).filter((i) => isProduct(nodes, i)).at(-1);
      if (product !== undefined) found[product] = ADDED;
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
  const { op, inputs } = nodes[id]!;
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

/** What each node of a graph without free dims takes: for its value, and beside it while it is computed. */
export class Needs {
  readonly #values: readonly (Need | undefined)[];
  readonly #beside: readonly (readonly Need[])[];
  readonly #without: Uint8Array;

  constructor(readonly graph: Graph) {
    this.#without = withoutOwn(graph);
    this.#values = graph.nodes.map(({ id, shape }) => (this.#without[id] === OWN ? need(numbersOf(shape), 1) : undefined));
    this.#beside = graph.nodes.map((n) => this.#workspace(n));
  }

  /** Undefined for a value in another one's memory, and for a small one. */
  value(id: NodeId): Need | undefined {
    return this.#values[id];
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
    return this.#beside[id]!;
  }

  #workspace(n: GraphNode): readonly Need[] {
    switch (n.op) {
      case "pad_adjoint":
        return this.#without[n.id] === OWN ? there(STRIPS.map((what) => need(numbersOf(n.shape), 1, what))) : NONE;
      case "conv":
      case "conv_input_adjoint":
      case "conv_kernel_adjoint":
        return there(this.#ofConvolution(n, n.attrs.window));
      default:
        return NONE;
    }
  }

  /** Most convolutions go over tiles; each picture's tiles take some times what it takes. Others gather a part of their windows at a time. */
  #ofConvolution(n: GraphNode, { kernel: [kh, kw], stride }: Window2d): readonly (Need | undefined)[] {
    const [first, second] = n.inputs as [NodeId, NodeId];
    const [a, b, own] = [this.graph.nodes[first]!, this.graph.nodes[second]!, n].map(({ shape }) => numbersOf(shape)) as [number[], number[], number[]];
    const [x, y, k] = n.op === "conv" ? [a, own, b] : n.op === "conv_input_adjoint" ? [own, a, b] : [a, b, own];
    const taps = kh === kw && stride[0] === 1 && stride[1] === 1 && y.at(-1)! * y.at(-2)! >= FEW ? TILED[kh] : undefined;
    if (taps === undefined) {
      const windows = kh * kw > 1 ? (Math.min(volume(x), volume(y)) * kh * kw) / (stride[0] * stride[1]) : 0;
      return n.op === "conv_kernel_adjoint" ? [need([Math.min(windows, AT_ONCE.windows / 4)], 1, "windows")] : [];
    }
    // Behind upsampling tiles are of the small picture.
    const picture = this.#without[n.op === "conv_input_adjoint" ? n.id : first] === ALIAS ? taps.doubled : taps.picture;
    const kernel = need(k, taps.kernel, "kernel");
    const [ofX, ofY] = [need(x, picture, "tiles"), need(y, picture, "tiles")];
    if (n.op === "conv") return [kernel, ofX, need(y, picture, "product")];
    if (n.op === "conv_kernel_adjoint") return [kernel, ofX, ofY];
    const most = dimOf(n.shape, BATCH) === 1 ? AT_ONCE.tiles : Infinity;
    return [kernel, ofY, ...["product", "turned"].map((what) => need(x, picture, what, most))];
  }
}

const NONE: readonly Need[] = [];
const there = (needs: readonly (Need | undefined)[]): readonly Need[] => needs.filter((each) => each !== undefined);
/** An axis at a time, each cut and put together again. */
const STRIPS: readonly string[] = ["columns", "wide", "rows"];
/** Of a window's length the tiles' elements a pixel, of a picture, of one behind upsampling, and of a kernel: six points an axis. */
const TILED: Readonly<Record<number, { readonly picture: number; readonly doubled: number; readonly kernel: number }>> = {
  3: { picture: 36 / 16, doubled: 25 / 16, kernel: 36 / 9 },
  4: { picture: 36 / 9, doubled: 36 / 9, kernel: 36 / 16 },
};
/** Places of a result: with fewer the transforms would be the work. */
const FEW = 256;

const volume = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1);
function need(dims: readonly number[], times: number, what = "", most = Infinity): Need | undefined {
  const bytes = Math.min(most, 4 * times * volume(dims));
  return bytes < LEAST ? undefined : { name: what + dims.join(), bytes };
}
