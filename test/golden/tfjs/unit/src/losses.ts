// Losses, one number a sample. From specs/unit.gan.
import { abs } from "./lib/math.js";
import { meanOfSample } from "./lib/samples.js";
import type { Tensor } from "./lib/tf.js";

/**
 * Binary cross entropy of logits: mean(log(1 + e^x) - label * x), the stable form of
 * -label * log(sigmoid(x)) - (1 - label) * log(1 - sigmoid(x)).
 * loss bce, std/losses:11
 */
export function bce(x: Tensor, label: number): Tensor {
  return meanOfSample(x.softplus().sub(x.mul(label)));
}

/**
 * Mean absolute error: mean(|a - b|).
 * loss l1, std/losses:7
 */
export function l1(a: Tensor, b: Tensor): Tensor {
  return meanOfSample(abs(a.sub(b)));
}

/**
 * The code's pull towards zero: its mean square (the KL divergence of a unit-variance Gaussian, without the half).
 * loss prior, specs/unit.gan:39
 */
export function prior(z: Tensor): Tensor {
  return meanOfSample(z.mul(z));
}
