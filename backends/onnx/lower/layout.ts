import { axesOf, BATCH, type AxisDim, dimOf, hasAxis, sameShape, type Shape } from "../../../compiler/graph/shape";
import type { Dim } from "../../../compiler/graph/dim";
import type { NodeId } from "../../../compiler/graph/types";
import { type Emitter, extentsOf, positions } from "../emitter";
import { type Extent, product } from "../extent";

/**
 * The operand with its axes in the order of `target`, and length one where it lacks an axis: what NumPy broadcasting wants.
 * Axes of its own that the target leaves out are of length one.
 */
export function aligned(e: Emitter, id: NodeId, target: Shape): string {
  const own = e.shape(id);
  if (own.length === 0 || sameShape(own, target)) return e.value(id);
  const kept = own.filter((a) => hasAxis(target, a.axis));
  const ordered = target.filter((a) => hasAxis(own, a.axis));
  const value = e.transpose(e.reshape(e.value(id), extentsOf(own), extentsOf(kept)), positions(kept, axesOf(ordered)));
  // Axes missing in front are broadcast without being named.
  const first = target.findIndex((a) => hasAxis(own, a.axis));
  const rest = first < 0 ? [] : target.slice(first);
  const to = rest.map((a): Extent => [dimOf(own, a.axis) ?? 1]);
  return e.reshape(value, extentsOf(ordered), to);
}

/** The operand with exactly these axes in this order. */
export function inOrder(e: Emitter, id: NodeId, axes: readonly string[]): string {
  return e.transpose(e.value(id), positions(e.shape(id), axes));
}

/** A value whose axes are `shape`, put into the order of `target` (the same axes). */
export function reordered(e: Emitter, value: string, shape: Shape, target: Shape): string {
  return e.transpose(value, positions(shape, axesOf(target)));
}

/** An operand as ONNX's picture operators want it: [n, c, h, w], all other axes joined into n. */
export interface Picture {
  readonly value: string;
  /** The axes joined into n, usually the batch alone. */
  readonly lead: Shape;
  readonly n: Extent;
  readonly c: Dim;
  readonly h: Dim;
  readonly w: Dim;
}

const isLead = (a: AxisDim): boolean => a.axis !== "c" && a.axis !== "h" && a.axis !== "w";

export function picture(e: Emitter, id: NodeId): Picture {
  const shape = e.shape(id);
  const lead = shape.filter(isLead).sort((a, b) => Number(b.axis === BATCH) - Number(a.axis === BATCH));
  const own = ["c", "h", "w"].map((axis): AxisDim => ({ axis, dim: dimOf(shape, axis) ?? 1 }));
  const present = [...lead, ...own.filter((a) => hasAxis(shape, a.axis))];
  const ordered = inOrder(e, id, axesOf(present));
  const n = product(extentsOf(lead));
  const [c, h, w] = own.map((a) => a.dim) as [Dim, Dim, Dim];
  return { value: e.reshape(ordered, extentsOf(present), [n, [c], [h], [w]]), lead, n, c, h, w };
}

/** The way back: [n, c, h, w] with the lead axes of `from` to the layout of `target`. */
export function unpicture(e: Emitter, value: string, from: Picture, target: Shape): string {
  const own = ["c", "h", "w"].filter((axis) => hasAxis(target, axis)).map((axis): AxisDim => ({ axis, dim: dimOf(target, axis)! }));
  const dims = ["c", "h", "w"].map((axis): Extent => [dimOf(target, axis) ?? 1]);
  const shape = [...from.lead, ...own];
  return reordered(e, e.reshape(value, [from.n, ...dims], extentsOf(shape)), shape, target);
}
