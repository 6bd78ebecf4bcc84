// What the dims rules share.
import { addDim, floorDivDim, sameDim, showDim, type Dim } from "../graph/dim";
import { BATCH, dimOf, hasAxis, unionShape, type Shape } from "../graph/shape";
import type { OpName } from "../graph/types";
import { DimsError, type DimsProblem } from "./record";

export function fail(op: OpName, operands: readonly Shape[], problem: DimsProblem): never {
  throw new DimsError(op, problem, operands);
}

/** The dim of an axis that the operand must have. */
export function dimAt(op: OpName, operands: readonly Shape[], operand: number, axis: string): Dim {
  const dim = dimOf(operands[operand]!, axis);
  if (dim === undefined) fail(op, operands, { kind: "missing-axis", axis, operand });
  return dim;
}

/** The same, of an operation that must know the number. */
export function numberAt(op: OpName, operands: readonly Shape[], operand: number, axis: string): number {
  const dim = dimAt(op, operands, operand, axis);
  if (typeof dim !== "number") fail(op, operands, { kind: "needs-number", axis });
  return dim;
}

/** An operand that may have these axes and the batch, and must have these. */
export function exactAxes(op: OpName, operands: readonly Shape[], operand: number, axes: readonly string[]): void {
  for (const axis of axes) dimAt(op, operands, operand, axis);
  for (const { axis } of operands[operand]!) {
    if (axis !== BATCH && !axes.includes(axis)) fail(op, operands, { kind: "extra-axis", axis, operand });
  }
}

export function wantSame(op: OpName, operands: readonly Shape[], axis: string, expected: Dim, got: Dim): void {
  if (!sameDim(expected, got)) fail(op, operands, { kind: "wrong-size", axis, expected: showDim(expected), got: showDim(got) });
}

/** Both operands' axes, by name. */
export function union(op: OpName, operands: readonly Shape[]): Shape {
  const both = unionShape(operands[0]!, operands[1]!);
  if ("clash" in both) fail(op, operands, { kind: "clash", axis: both.clash });
  return both.shape;
}

/** The operand without these axes, which it must have. */
export function without(op: OpName, operands: readonly Shape[], over: readonly string[]): Shape {
  for (const axis of over) dimAt(op, operands, 0, axis);
  return operands[0]!.filter((a) => !over.includes(a.axis));
}

/** The shape with other dims along some axes. */
export const withDims = (shape: Shape, dims: Readonly<Record<string, Dim>>): Shape =>
  shape.map((a) => (Object.hasOwn(dims, a.axis) ? { axis: a.axis, dim: dims[a.axis]! } : a));

export const batchOf = (shape: Shape): Shape => shape.filter((a) => a.axis === BATCH);

export function noDuplicates(op: OpName, operands: readonly Shape[], shape: Shape): Shape {
  shape.forEach((a, i) => {
    if (hasAxis(shape.slice(0, i), a.axis)) fail(op, operands, { kind: "taken-axis", axis: a.axis });
  });
  return shape;
}

/** Along one axis: where a window fits. floor((n + 2·pad − kernel) / stride) + 1. */
export function windowsAlong(
  op: OpName,
  operands: readonly Shape[],
  axis: string,
  n: Dim,
  w: { kernel: number; stride: number; pad: number },
): Dim {
  const room = addDim(n, 2 * w.pad - w.kernel);
  if (typeof room === "number" && room < 0) fail(op, operands, { kind: "window-too-large", axis, kernel: w.kernel });
  return addDim(floorDivDim(room, w.stride), 1);
}
