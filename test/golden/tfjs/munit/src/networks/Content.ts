import { blocks, ch } from "../config.js";
import { conv } from "../lib/layers.js";
import { relu } from "../lib/math.js";
import { reflect } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Down } from "../networks/Down.js";
import { IN } from "../norms.js";

/** network Content, specs/munit.gan:19 */
export class Content {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const w = this.weights.enter();
    let y: Tensor = relu(IN(w, conv(w, x, ch, 7, { pad: reflect(3) })));
    for (let i = 0; i < 2; i++) {
      y = new Down(w.place("Down"), { to: ch * 2 ** (i + 1), norm: IN }).call(y);
    }
    for (let i = 0; i < blocks; i++) {
      let y2 = relu(IN(w, conv(w, y, 4 * ch, 3, { pad: reflect(1) })));
      y2 = IN(w, conv(w, y2, 4 * ch, 3, { pad: reflect(1) }));
      y = y.add(y2);
    }
    return y;
  }
}
