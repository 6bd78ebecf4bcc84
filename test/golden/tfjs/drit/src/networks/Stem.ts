import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Residual } from "../networks/Residual.js";

/** network Stem, specs/drit.gan:45 */
export class Stem {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const w = this.weights.enter();
    return new Residual(w.place("Residual")).call(x);
  }
}
