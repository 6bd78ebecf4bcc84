// Reductions over whole samples, and unit axes.
import type { Tensor } from "./tf.js";

/** The mean of each sample: over every axis but the batch. */
export function meanOfSample(x: Tensor): Tensor {
  return x.mean(x.shape.map((_, i) => i).slice(1));
}
