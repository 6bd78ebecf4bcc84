import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/**
 * y = gamma * x + beta, one gamma and one beta a channel. They begin at 1 and 0.
 * block Affine, std/blocks:4
 */
export class Affine {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const C = x.shape[3]!;
    const w = this.weights.enter();
    const gamma = w.learn("gamma", [C], 1.0);
    const beta = w.learn("beta", [C], 0.0);
    return gamma.mul(x).add(beta);
  }
}
