// Reductions over whole samples, and unit axes.
import type { Tensor } from "./tf.js";

/** The mean of each sample: over every axis but the batch. */
export function meanOfSample(x: Tensor): Tensor {
  return x.mean(x.shape.map((_, i) => i).slice(1));
}

/** The sum of each sample: over every axis but the batch. */
export function sumOfSample(x: Tensor): Tensor {
  return x.sum(x.shape.map((_, i) => i).slice(1));
}

/** x with unit axes at these places of the result, to be broadcast along them. */
export function unsqueeze(x: Tensor, places: readonly number[]): Tensor {
  const shape = [...x.shape];
  for (const place of places) shape.splice(place, 0, 1);
  return x.reshape(shape);
}
