import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Residual } from "../networks/Residual.js";

/** network ContentTop, specs/drit.gan:18 */
export class ContentTop {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const w = this.weights.enter();
    const inY = w.at("y");
    const y = new Residual(inY.place("Residual")).call(x);
    return y.add(w.sampleWhileTraining());
  }
}
