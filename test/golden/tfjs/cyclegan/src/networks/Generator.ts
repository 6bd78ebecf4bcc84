import { blocks, ch, norm } from "../config.js";
import { conv, convTranspose } from "../lib/layers.js";
import { relu, tanh } from "../lib/math.js";
import { reflect, zero } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Residual } from "../networks/Residual.js";

/** network Generator, specs/cyclegan.gan:19 */
export class Generator {
  constructor(
    private readonly weights: Scope,
    private readonly settings: { out: number },
  ) {}

  call(x: Tensor): Tensor {
    const { out } = this.settings;
    const w = this.weights.enter();
    let y: Tensor = relu(norm(w, conv(w, x, ch, 7, { pad: reflect(3) })));
    for (let i = 0; i < 2; i++) {
      y = relu(norm(w, conv(w, y, ch * 2 ** (i + 1), 3, { stride: 2, pad: zero(1) })));
    }
    for (let i = 0; i < blocks; i++) {
      y = new Residual(w.place("Residual")).call(y);
    }
    for (let i = 0; i < 2; i++) {
      y = relu(norm(w, convTranspose(w, y, ch * 2 ** (1 - i), 3, { stride: 2, pad: 1, outputPad: 1 })));
    }
    y = tanh(conv(w, y, out, 7, { pad: reflect(3) }));
    return y;
  }
}
