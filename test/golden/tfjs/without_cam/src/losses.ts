// Losses, one number a sample. From specs/ugatit.gan.
import { abs } from "./lib/math.js";
import { meanOfSample } from "./lib/samples.js";
import type { Tensor } from "./lib/tf.js";

/**
 * Mean square error: mean((x - label)^2). The least-squares GAN of Mao et al., ICCV 2017.
 * loss mse, std/losses:4
 */
export function mse(x: Tensor, label: number): Tensor {
  return meanOfSample(x.sub(label).square());
}

/**
 * Mean absolute error: mean(|a - b|).
 * loss l1, std/losses:7
 */
export function l1(a: Tensor, b: Tensor): Tensor {
  return meanOfSample(abs(a.sub(b)));
}
