import type { Init } from "../lib/inits.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/**
 * y = gamma * x + beta, one gamma and one beta a channel. They begin at 1 and 0.
 * block Affine, std/blocks:4
 */
export class Affine {
  constructor(
    private readonly weights: Scope,
    private readonly settings: { gamma_init?: Init },
  ) {}

  call(x: Tensor): Tensor {
    const { gamma_init = 1.0 } = this.settings;
    const C = x.shape[3]!;
    const w = this.weights.enter();
    const gamma = w.learn("gamma", [C], gamma_init);
    const beta = w.learn("beta", [C], 0.0);
    return gamma.mul(x).add(beta);
  }
}
