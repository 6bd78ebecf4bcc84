// Losses, one number a sample. From specs/ugatit.gan.
import { abs, relu } from "./lib/math.js";
import { meanOfSample } from "./lib/samples.js";
import { type Tensor, tf } from "./lib/tf.js";

/**
 * A critic's hinge loss: mean(max(0, 1 - x)) for a label of 1, mean(max(0, 1 + x)) for 0.
 * Lim, Ye, 2017; Miyato et al., ICLR 2018. A generator's side is `critic_score`.
 * loss hinge, std/losses:15
 */
export function hinge(x: Tensor, label: number): Tensor {
  return meanOfSample(relu(tf.sub(1, x.mul(2 * label - 1))));
}

/**
 * The linear loss of Wasserstein critics and of hinge generators: -mean(x) for a label of 1, mean(x) for 0.
 * loss critic_score, std/losses:18
 */
export function critic_score(x: Tensor, label: number): Tensor {
  return meanOfSample(x.mul(1 - 2 * label));
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
