import { ch, style_dim } from "../config.js";
import { conv, linear } from "../lib/layers.js";
import { relu } from "../lib/math.js";
import { reflect } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Down } from "../networks/Down.js";

/** network Style, specs/munit.gan:28 */
export class Style {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const w = this.weights.enter();
    let y: Tensor = relu(conv(w, x, ch, 7, { pad: reflect(3) }));
    for (let i = 0; i < 4; i++) {
      y = new Down(w.place("Down"), { to: Math.min(ch * 2 ** (i + 1), 4 * ch) }).call(y);
    }
    y = y.mean([1, 2]);
    y = linear(w, y, style_dim);
    return y;
  }
}
