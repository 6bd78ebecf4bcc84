import type { Span } from "../../dsl/source";
import type { Dim } from "./dim";
import type { Shape } from "./shape";

export type PadMode = "reflect" | "zero" | "edge";
/** Pixels added before and after, along h and w. */
export interface PadAmounts {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}
export interface Window2d {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** Zeros on each side, symmetric. */
  readonly pad: readonly [number, number];
}

/** What a graph takes from outside. */
export type InputKind = "data" | "param" | "state" | "sample" | "scalar" | "value";

type None = Record<never, never>;

/**
 * Every operation of the graph with its attributes. All differentiable rules are written in these operations again, so
 * each family is closed: the adjoint of a linear operation is in the table, too. Operands combine by axis name: an operand
 * of an element-wise operation may lack axes that the other has.
 */
export interface OpAttrs {
  // leaves
  input: { readonly kind: InputKind; readonly name: string; readonly shape: Shape };
  constant: { readonly value: number };
  /** How many elements lie along these axes of the operand: a scalar; folds to a constant where dims are numbers. */
  size: { readonly over: readonly string[] };
  // element by element, one operand
  neg: None;
  exp: None;
  log: None;
  sqrt: None;
  tanh: None;
  sigmoid: None;
  softplus: None;
  abs: None;
  sign: None;
  reciprocal: None;
  /** x where x > 0, slope·x elsewhere. */
  relu: { readonly slope: number };
  /** (g, y): g where y > 0, slope·g elsewhere; y is relu's result (slope ≥ 0). */
  relu_adjoint: { readonly slope: number };
  /** x^exponent for a constant exponent. */
  power: { readonly exponent: number };
  // two operands, by axis name
  add: None;
  sub: None;
  mul: None;
  div: None;
  maximum: None;
  minimum: None;
  /** 1 where a > b, else 0. No gradient. */
  greater: None;
  // reductions
  sum: { readonly over: readonly string[] };
  mean: { readonly over: readonly string[] };
  max: { readonly over: readonly string[] };
  /** 1 at the first maximum (in layout order) along these axes, else 0. No gradient. */
  max_mask: { readonly over: readonly string[] };
  // shape
  /** Repeats along the axes the operand lacks, to exactly this shape. */
  expand: { readonly shape: Shape };
  rename: { readonly names: Readonly<Record<string, string>> };
  /** Several axes into one, slowest first. */
  flatten: { readonly axes: readonly string[]; readonly into: string };
  /** One axis into several, slowest first. */
  unflatten: { readonly axis: string; readonly into: Shape };
  concat: { readonly along: string };
  slice: { readonly axis: string; readonly start: number; readonly size: number };
  /** Adjoint of slice: zeros of `total` along the axis with the operand at `start`. */
  embed: { readonly axis: string; readonly start: number; readonly total: number };
  /** Drops an axis of dim 1 / adds one in front (behind the batch). */
  squeeze: { readonly axis: string };
  unsqueeze: { readonly axis: string };
  // pictures (axes c, h, w)
  pad: { readonly mode: PadMode; readonly amounts: PadAmounts };
  /** Adjoint of pad: operand has the padded size; what was copied outwards adds back. */
  pad_adjoint: { readonly mode: PadMode; readonly amounts: PadAmounts };
  /** Nearest neighbour, each pixel factor × factor times. */
  upsample: { readonly factor: number };
  /** Adjoint of upsample: sums of factor × factor blocks. */
  upsample_adjoint: { readonly factor: number };
  avg_pool: { readonly window: Window2d; readonly countPad: boolean };
  /** Adjoint of avg_pool; `h`, `w` are the size that was pooled. */
  avg_pool_adjoint: { readonly window: Window2d; readonly countPad: boolean; readonly h: Dim; readonly w: Dim };
  /** (x[c, h, w], k[out, in, kh, kw]) → [c: out, h, w]; cross-correlation. */
  conv: { readonly window: Window2d };
  /** (g[c, h, w], k[out, in, kh, kw]), g on k's `out` channels → [c: in, h, w]: conv's adjoint in x; also transposed convolution. */
  conv_input_adjoint: { readonly window: Window2d; readonly h: Dim; readonly w: Dim };
  /** (x, g) → [out, in, kh, kw]: conv's adjoint in k; sums over the batch. */
  conv_kernel_adjoint: { readonly window: Window2d };
  /** Sum of products over shared axes `over`; axes of both that are not summed run along (batch, too). */
  contract: { readonly over: readonly string[] };
  /** The operand; gradients end here. */
  stop: None;
}
export type OpName = keyof OpAttrs;

/** Where in the spec a node came from: the innermost call first. */
export interface Origin {
  readonly span: Span;
  /** `conv(256, 3)` of `AB.content.conv3`: what an author would call this place. */
  readonly label: string;
  /** Path of the instance and its parts, e.g. `AB.content.Residual2.conv1`. */
  readonly path: string;
}

export type NodeId = number;

export type NodeOf<K extends OpName> = {
  readonly id: NodeId;
  readonly op: K;
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly NodeId[];
  readonly shape: Shape;
  readonly origin?: Origin;
};
/** Any node, as a union that `switch (node.op)` narrows. */
export type GraphNode = { [K in OpName]: NodeOf<K> }[OpName];

export interface Graph {
  /** In topological order; `nodes[i].id === i`. */
  readonly nodes: readonly GraphNode[];
}
