// Normalizations. From specs/ugatit.gan.
import type { Scope } from "./lib/scope.js";
import { standardize } from "./lib/statistics.js";
import type { Tensor } from "./lib/tf.js";
import { Affine } from "./networks/Affine.js";

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
 * Group normalization: y = gamma * (x - mu) / sqrt(var + eps) + beta, over each group of neighbouring channels, h and w.
 * Wu, He, "Group Normalization", ECCV 2018. `groups` divides the channels. U-GAT-IT's paper, which compares with GN, does
 * not say how many groups it takes; 8 is our choice: it divides every width of these networks.
 * norm GN, std/norms:61
 */
export function GN(w: Scope, x: Tensor): Tensor {
  const C = x.shape[3]!;
  const here = w.place("GN");
  const parts = x.reshape([x.shape[0]!, x.shape[1]!, x.shape[2]!, 8, C / 8]).transpose([0, 3, 1, 2, 4]);
  const flat = standardize(parts, [2, 3, 4], { eps: 1e-5 });
  const y = flat.transpose([0, 2, 3, 1, 4]).reshape([flat.shape[0]!, flat.shape[2]!, flat.shape[3]!, -1]);
  return new Affine(here.place("Affine")).call(y);
}
