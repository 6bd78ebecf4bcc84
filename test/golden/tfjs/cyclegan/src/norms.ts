// Normalizations. From specs/cyclegan.gan.
import type { Scope } from "./lib/scope.js";
import { standardize } from "./lib/statistics.js";
import type { Tensor } from "./lib/tf.js";

/**
 * Instance normalization: y = (x - mu) / sqrt(var + eps), over h and w of each channel.
 * Ulyanov, Vedaldi, Lempitsky, "Instance Normalization", 2016; torch.nn.InstanceNorm2d (biased variance, no affine).
 * The TensorFlow U-GAT-IT (taki0112/UGATIT, ops.py:202) learns gamma and beta: `IN(affine: true)`.
 * norm IN, std/norms:9
 */
export function IN(_w: Scope, x: Tensor): Tensor {
  const y = standardize(x, [1, 2], { eps: 1e-5 });
  return y;
}
