// Normalizations. From specs/munit.gan.
import type { Init } from "./lib/inits.js";
import { unsqueeze } from "./lib/samples.js";
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
 * Adaptive instance normalization: y = gamma * (x - mu) / sqrt(var + eps) + beta; gamma and beta come from outside.
 * Huang, Belongie, ICCV 2017; MUNIT (a82e222, networks.py:447): biased variance.
 * norm AdaIN, std/norms:90
 */
export function AdaIN(_w: Scope, x: Tensor, { gamma, beta }: { gamma: Tensor; beta: Tensor }): Tensor {
  return unsqueeze(gamma, [1, 2])
    .mul(standardize(x, [1, 2], { eps: 1e-5 }))
    .add(unsqueeze(beta, [1, 2]));
}

/**
 * Layer normalization: y = gamma * (x - mu) / sqrt(var + eps) + beta, over c, h and w.
 * Ba, Kiros, Hinton, "Layer Normalization", 2016.
 * `form: variance` is (x - mu) / sqrt(var + eps), with the biased variance: DRIT (f19f50a, networks.py:601).
 * `form: std_plus_eps` is (x - mu) / (std + eps) with the unbiased one: UNIT and MUNIT (MUNIT a82e222, networks.py:479),
 * which also draw gamma from U(0, 1): `LN(form: std_plus_eps, gamma_init: uniform(0, 1))`.
 * `per_channel: true` learns one gamma and beta a channel (all of these codes); false learns one a value, as
 * torch.nn.LayerNorm does, which fixes the height and width.
 * norm LN, std/norms:21
 */
export function LN(w: Scope, x: Tensor, { gamma_init = 1.0 }: { gamma_init?: Init } = {}): Tensor {
  const here = w.place("LN");
  const y = standardize(x, [1, 2, 3], { eps: 1e-5, unbiased: true, form: "std_plus_eps" });
  return new Affine(here.place("Affine"), { gamma_init }).call(y);
}
