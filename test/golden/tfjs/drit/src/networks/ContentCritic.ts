import { ch } from "../config.js";
import { conv } from "../lib/layers.js";
import { leakyRelu } from "../lib/math.js";
import { reflect } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/** network ContentCritic, specs/drit.gan:65 */
export class ContentCritic {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const w = this.weights.enter();
    let y: Tensor = x;
    for (let i = 0; i < 3; i++) {
      y = leakyRelu(conv(w, y, 4 * ch, 7, { stride: 2, pad: reflect(1) }), 0.01);
    }
    y = leakyRelu(conv(w, y, 4 * ch, 4), 0.01);
    y = conv(w, y, 1, 1);
    return y;
  }
}
