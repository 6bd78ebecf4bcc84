import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/**
 * A draw from the Gaussian that an attribute encoder describes.
 * block drawn, specs/drit.gan:74
 */
export class drawn {
  constructor(private readonly weights: Scope) {}

  call(code: { mean: Tensor; logvar: Tensor }): Tensor {
    const w = this.weights.enter();
    return code.mean.add(code.logvar.div(2).exp().mul(w.sample()));
  }
}
