// Losses, one number a sample. From specs/ugatit.gan.
import { abs } from "./lib/math.js";
import { meanOfSample, sumOfSample } from "./lib/samples.js";
import type { Tensor } from "./lib/tf.js";

/**
 * The linear loss of Wasserstein critics and of hinge generators: -mean(x) for a label of 1, mean(x) for 0.
 * loss critic_score, std/losses:18
 */
export function critic_score(x: Tensor, label: number): Tensor {
  return meanOfSample(x.mul(1 - 2 * label));
}

/**
 * The slope's length is to be 1 at most: max(0, |slope| - 1)^2. Petzka et al., "On the regularization of Wasserstein
 * GANs" (WGAN-LP), ICLR 2018.
 * loss one_sided, std/penalties:31
 */
export function one_sided(slope: Tensor): Tensor {
  return sumOfSample(slope.square()).sqrt().sub(1).maximum(0).square();
}

/**
 * Mean absolute error: mean(|a - b|).
 * loss l1, std/losses:7
 */
export function l1(a: Tensor, b: Tensor): Tensor {
  return meanOfSample(abs(a.sub(b)));
}

/**
 * Binary cross entropy of logits: mean(log(1 + e^x) - label * x), the stable form of
 * -label * log(sigmoid(x)) - (1 - label) * log(1 - sigmoid(x)).
 * loss bce, std/losses:11
 */
export function bce(x: Tensor, label: number): Tensor {
  return meanOfSample(x.softplus().sub(x.mul(label)));
}
