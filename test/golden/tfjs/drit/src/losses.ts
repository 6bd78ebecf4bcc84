// Losses, one number a sample. From specs/drit.gan.
import { abs } from "./lib/math.js";
import { meanOfSample, sumOfSample } from "./lib/samples.js";
import { type Tensor, tf } from "./lib/tf.js";

/**
 * Binary cross entropy of logits: mean(log(1 + e^x) - label * x), the stable form of
 * -label * log(sigmoid(x)) - (1 - label) * log(1 - sigmoid(x)).
 * loss bce, std/losses:11
 */
export function bce(x: Tensor, label: number): Tensor {
  return meanOfSample(x.softplus().sub(x.mul(label)));
}

/** loss judged, specs/drit.gan:79 */
export function judged(outputs: Tensor[], label: number): Tensor {
  const all: Tensor[] = [];
  for (const o of outputs) {
    all.push(bce(o, label));
  }
  return tf.addN(all);
}

/** loss kl, specs/drit.gan:78 */
export function kl(mu: Tensor, logvar: Tensor): Tensor {
  return sumOfSample(logvar.add(1).sub(mu.square()).sub(logvar.exp())).mul(-0.5);
}

/**
 * Mean absolute error: mean(|a - b|).
 * loss l1, std/losses:7
 */
export function l1(a: Tensor, b: Tensor): Tensor {
  return meanOfSample(abs(a.sub(b)));
}
