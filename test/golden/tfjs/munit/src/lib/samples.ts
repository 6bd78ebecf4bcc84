// Reductions over whole samples, and unit axes.
import type { Tensor } from "./tf.js";

/** The mean of each sample: over every axis but the batch. */
export function meanOfSample(x: Tensor): Tensor {
  return x.mean(x.shape.map((_, i) => i).slice(1));
}

/** Items of two lists side by side. */
export function zip<A, B>(a: readonly A[], b: readonly B[]): [A, B][] {
  return a.slice(0, b.length).map((item, i) => [item, b[i]!]);
}

/** x with unit axes at these places of the result, to be broadcast along them. */
export function unsqueeze(x: Tensor, places: readonly number[]): Tensor {
  const shape = [...x.shape];
  for (const place of places) shape.splice(place, 0, 1);
  return x.reshape(shape);
}

/** What stands at place `index` of an axis; the axis goes. */
export function pick(x: Tensor, axis: number, index: number): Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? index : 0));
  const size = x.shape.map((dim, i) => (i === axis ? 1 : dim));
  return x.slice(begin, size).squeeze([axis]);
}
