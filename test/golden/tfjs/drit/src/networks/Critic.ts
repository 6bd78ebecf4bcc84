import { ch } from "../config.js";
import { conv } from "../lib/layers.js";
import { leakyRelu } from "../lib/math.js";
import { reflect } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/** network Critic, specs/drit.gan:59 */
export class Critic {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const w = this.weights.enter();
    let y: Tensor = x;
    for (let i = 0; i < 4; i++) {
      y = leakyRelu(conv(w, y, ch * 2 ** i, 4, { stride: 2, pad: reflect(1) }), 0.01);
    }
    y = conv(w, y, 1, 1);
    return y;
  }
}
