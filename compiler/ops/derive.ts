// What the gradient rules share. A gradient may lack axes along which it is constant.
import type { Builder } from "../graph/builder";
import { BATCH, axesOf, dimOf, hasAxis, type Shape } from "../graph/shape";
import type { NodeId } from "../graph/types";

/** How many elements of x lie along these axes: a constant where they are numbers. */
export function sizeOver(b: Builder, x: NodeId, over: readonly string[]): NodeId {
  let count = 1;
  for (const axis of over) {
    const dim = dimOf(b.shape(x), axis);
    if (typeof dim !== "number") return b.add("size", { over }, [x]);
    count *= dim;
  }
  return b.constant(count);
}

/** The gradient of an operand that was repeated along the axes it lacks: the sum over them. */
export function unbroadcast(b: Builder, g: NodeId, operand: NodeId, result: NodeId): NodeId {
  const repeated = axesOf(b.shape(result)).filter((axis) => !hasAxis(b.shape(operand), axis));
  const present = repeated.filter((axis) => hasAxis(b.shape(g), axis));
  const absent = repeated.filter((axis) => !hasAxis(b.shape(g), axis));
  const summed = present.length > 0 ? b.add("sum", { over: present }, [g]) : g;
  return absent.length > 0 ? b.add("mul", {}, [summed, sizeOver(b, result, absent)]) : summed;
}

/** g with (at least) these axes of the shape that it stands for. */
export function withAxes(b: Builder, g: NodeId, shape: Shape, axes: readonly string[]): NodeId {
  const own = b.shape(g);
  if (axes.every((axis) => hasAxis(own, axis))) return g;
  return b.add("expand", { shape: shape.filter((a) => hasAxis(own, a.axis) || axes.includes(a.axis)) }, [g]);
}

/** g with all axes of the shape. */
export const full = (b: Builder, g: NodeId, shape: Shape): NodeId => withAxes(b, g, shape, axesOf(shape));

/** g with h and w, which the pictures' operations work on. */
export const picture = (b: Builder, g: NodeId, shape: Shape): NodeId => withAxes(b, g, shape, ["h", "w"]);

/** g as a picture or kernel with all its axes; without the batch if it is constant there and no sum runs over it. */
export const channels = (b: Builder, g: NodeId, shape: Shape): NodeId =>
  withAxes(b, g, shape, axesOf(shape).filter((axis) => axis !== BATCH));
