import { ch } from "../config.js";
import { conv } from "../lib/layers.js";
import { leakyRelu } from "../lib/math.js";
import { zero } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/** network Critic, specs/unit.gan:34 */
export class Critic {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const w = this.weights.enter();
    let y: Tensor = x;
    for (let i = 0; i < 6; i++) {
      y = leakyRelu(conv(w, y, ch * 2 ** i, 3, { stride: 2, pad: zero(1) }), 0.01);
    }
    y = conv(w, y, 1, 1);
    return y;
  }
}
