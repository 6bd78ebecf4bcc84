// Normalizations. From specs/ugatit.gan.
import { affineMix, clamp } from "./lib/math.js";
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
export function IN(w: Scope, x: Tensor): Tensor {
  const here = w.place("IN");
  const y = standardize(x, [1, 2], { eps: 1e-5 });
  return new Affine(here.place("Affine")).call(y);
}

/**
 * Adaptive LIN: y = gamma * (rho * IN(x) + (1 - rho) * LN(x)) + beta; gamma and beta come from outside.
 * Kim et al., "U-GAT-IT", ICLR 2020. PyTorch code (b8c4251, networks.py:157): rho begins at 0.9, unbiased variances.
 * TensorFlow code (d508e8f, ops.py:178): rho begins at 1 and `smoothing` takes clamp(rho - 0.1, 0, 1), so that at most 0.9
 * counts, with biased variances: `AdaLIN(start: 1.0, smoothing: 0.1, unbiased: false)`. `nested_variance` as for ILN.
 * norm AdaLIN, std/norms:98
 */
export function AdaLIN(
  w: Scope,
  x: Tensor,
  { start = 0.9, smoothing = 0.0, gamma, beta }: { start?: number; smoothing?: number; gamma: Tensor; beta: Tensor },
): Tensor {
  const C = x.shape[3]!;
  const here = w.place("AdaLIN");
  const rho = here.learn("rho", [C], start, { within: [0, 1] });
  const share = clamp(rho.sub(smoothing), 0, 1);
  const instance = standardize(x, [1, 2], { eps: 1e-5 });
  const layer = standardize(x, [1, 2, 3], { eps: 1e-5 });
  return affineMix(layer, instance, share, unsqueeze(gamma, [1, 2]), unsqueeze(beta, [1, 2]));
}

/**
 * LIN, a learned mix of instance and layer normalization: y = gamma * (rho * IN(x) + (1 - rho) * LN(x)) + beta.
 * Kim et al., "U-GAT-IT", ICLR 2020; ILN of znxlwm/UGATIT-pytorch (b8c4251, networks.py:175): rho begins at 0 and stays in
 * [low, high] after each update. Variances are unbiased there, biased in the TensorFlow code (ops.py:218); before 2019-08-27
 * the PyTorch code divided by another number: `nested_variance: true`.
 * norm ILN, std/norms:71
 */
export function ILN(w: Scope, x: Tensor): Tensor {
  const C = x.shape[3]!;
  const here = w.place("ILN");
  const rho = here.learn("rho", [C], 0.0, { within: [0, 1] });
  const gamma = here.learn("gamma", [C], 1.0);
  const beta = here.learn("beta", [C], 0.0);
  const instance = standardize(x, [1, 2], { eps: 1e-5 });
  const layer = standardize(x, [1, 2, 3], { eps: 1e-5 });
  return affineMix(layer, instance, rho, gamma, beta);
}
