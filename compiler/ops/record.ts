import type { NodeId, NodeOf, OpAttrs, OpName } from "../graph/types";
import type { Shape } from "../graph/shape";
import type { Builder } from "../graph/builder";
import type { NdArray } from "../graph/ndarray";

/** Why operands do not fit. `compiler/trace` turns it into a diagnostic at the place of the spec. */
export type DimsProblem =
  /** The same axis with different dims. */
  | { readonly kind: "clash"; readonly axis: string }
  /** The operand lacks an axis the operation works on. */
  | { readonly kind: "missing-axis"; readonly axis: string; readonly operand: number }
  /** The operand has an axis the operation has no place for. */
  | { readonly kind: "extra-axis"; readonly axis: string; readonly operand: number }
  /** An axis the operation would make is there already. */
  | { readonly kind: "taken-axis"; readonly axis: string }
  /** Reflect pad not smaller than its input. */
  | { readonly kind: "pad-too-wide"; readonly axis: string; readonly pad: number; readonly mode: string }
  /** A window larger than its (padded) input. */
  | { readonly kind: "window-too-large"; readonly axis: string; readonly kernel: number }
  /** Wrong number of channels. */
  | { readonly kind: "channels"; readonly expected: number; readonly got: string }
  | { readonly kind: "indivisible"; readonly axis: string; readonly by: number }
  /** A dim that must be a number here is free. */
  | { readonly kind: "needs-number"; readonly axis: string }
  | { readonly kind: "out-of-range"; readonly axis: string; readonly start: number; readonly size: number }
  | { readonly kind: "wrong-size"; readonly axis: string; readonly expected: string; readonly got: string };

export class DimsError extends Error {
  constructor(
    readonly op: string,
    readonly problem: DimsProblem,
    readonly operands: readonly Shape[],
  ) {
    super(`${op}: ${problem.kind}`);
  }
}

/** A case that the table-walking tests run through dims, evaluation, gradient and every backend. */
export interface OpCase<K extends OpName> {
  readonly attrs: OpAttrs[K];
  readonly shapes: readonly Shape[];
  /** Values are drawn uniformly from here (default [-1, 1]); e.g. log needs positive ones. */
  readonly range?: readonly [number, number];
}

/** Makes one operand's gradient when it is asked for: what no trained value needs is never built. Undefined: there is none. */
export type Gradient = (() => NodeId) | undefined;

/** Everything ganc knows of one operation. */
export interface OpRecord<K extends OpName> {
  readonly op: K;
  /** The formula in one line, in the field's notation. */
  readonly formula: string;
  /** The result's shape; throws DimsError. */
  dims(attrs: OpAttrs[K], operands: readonly Shape[]): Shape;
  /**
   * Gradients of the operands given the result's, as new nodes of the same graph, one an operand.
   * A gradient may lack axes along which it is constant, exactly as an operand may; `Builder` users expand where needed.
   */
  gradient(b: Builder, node: NodeOf<K>, g: NodeId): readonly Gradient[];
  /** Reference evaluation in double precision. `shape` is the result's, as numbers. */
  evaluate(attrs: OpAttrs[K], operands: readonly NdArray[], shape: readonly AxisNumber[]): NdArray;
  /** Floating point operations (2 × multiply-adds); 0 where the field does not count them. */
  flops?(attrs: OpAttrs[K], operands: readonly (readonly AxisNumber[])[], shape: readonly AxisNumber[]): number;
  readonly cases: readonly OpCase<K>[];
}

export interface AxisNumber {
  readonly axis: string;
  readonly dim: number;
}
