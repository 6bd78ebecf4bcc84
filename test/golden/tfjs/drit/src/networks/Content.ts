import { ch } from "../config.js";
import { conv } from "../lib/layers.js";
import { leakyRelu, relu } from "../lib/math.js";
import { reflect } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { ContentTop } from "../networks/ContentTop.js";
import { Residual } from "../networks/Residual.js";
import { IN } from "../norms.js";

/** network Content, specs/drit.gan:23 */
export class Content {
  constructor(
    private readonly weights: Scope,
    private readonly settings: { top: Pick<ContentTop, "call"> },
  ) {}

  call(x: Tensor): Tensor {
    const { top } = this.settings;
    const w = this.weights.enter();
    let y: Tensor = leakyRelu(conv(w, x, ch, 7, { pad: reflect(3) }), 0.01);
    for (let i = 0; i < 2; i++) {
      y = relu(IN(w, conv(w, y, ch * 2 ** (i + 1), 3, { stride: 2, pad: reflect(1) })));
    }
    for (let i = 0; i < 3; i++) {
      y = new Residual(w.place("Residual")).call(y);
    }
    y = top.call(y);
    return y;
  }
}
