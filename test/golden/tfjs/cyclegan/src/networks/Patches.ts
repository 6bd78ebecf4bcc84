import { ch, norm } from "../config.js";
import { conv } from "../lib/layers.js";
import { leakyRelu } from "../lib/math.js";
import { zero } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/** network Patches, specs/cyclegan.gan:28 */
export class Patches {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const w = this.weights.enter();
    let y: Tensor = leakyRelu(conv(w, x, ch, 4, { stride: 2, pad: zero(1) }), 0.2);
    for (let i = 0; i < 2; i++) {
      y = leakyRelu(norm(w, conv(w, y, ch * 2 ** (i + 1), 4, { stride: 2, pad: zero(1) })), 0.2);
    }
    y = leakyRelu(norm(w, conv(w, y, ch * 8, 4, { pad: zero(1) })), 0.2);
    y = conv(w, y, 1, 4, { pad: zero(1) });
    return y;
  }
}
