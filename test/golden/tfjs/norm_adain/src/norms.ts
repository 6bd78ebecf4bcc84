// Normalizations. From specs/ugatit.gan.
import { unsqueeze } from "./lib/samples.js";
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

/**
 * Adaptive instance normalization: y = gamma * (x - mu) / sqrt(var + eps) + beta; gamma and beta come from outside.
 * Huang, Belongie, ICCV 2017; MUNIT (a82e222, networks.py:447): biased variance.
 * norm AdaIN, std/norms:90
 */
export function AdaIN(_w: Scope, x: Tensor, { gamma, beta }: { gamma: Tensor; beta: Tensor }): Tensor {
  return unsqueeze(gamma, [1, 2])
    .mul(standardize(x, [1, 2], { eps: 1e-5 }))
    .add(unsqueeze(beta, [1, 2]));
}
