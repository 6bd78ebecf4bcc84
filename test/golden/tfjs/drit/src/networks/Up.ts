import { convTranspose } from "../lib/layers.js";
import { relu } from "../lib/math.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { LN } from "../norms.js";

/** block Up, specs/drit.gan:47 */
export class Up {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const C = x.shape[3]!;
    const w = this.weights.enter();
    return relu(LN(w, convTranspose(w, x, C / 2, 3, { stride: 2, pad: 1, outputPad: 1 })));
  }
}
