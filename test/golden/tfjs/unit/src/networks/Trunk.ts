import { shared_blocks } from "../config.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Residual } from "../networks/Residual.js";

/** network Trunk, specs/unit.gan:16 */
export class Trunk {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const w = this.weights.enter();
    let y: Tensor = x;
    for (let i = 0; i < shared_blocks; i++) {
      y = new Residual(w.place("Residual")).call(y);
    }
    return y;
  }
}
