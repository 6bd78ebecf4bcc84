import { blocks, ch } from "../config.js";
import { conv } from "../lib/layers.js";
import { leakyRelu, relu } from "../lib/math.js";
import { zero } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Residual } from "../networks/Residual.js";
import { Trunk } from "../networks/Trunk.js";
import { IN } from "../norms.js";

/** network Encoder, specs/unit.gan:18 */
export class Encoder {
  constructor(
    private readonly weights: Scope,
    private readonly settings: { trunk: Pick<Trunk, "call"> },
  ) {}

  call(x: Tensor): Tensor {
    const { trunk } = this.settings;
    const w = this.weights.enter();
    let y: Tensor = leakyRelu(conv(w, x, ch, 7, { pad: zero(3) }), 0.01);
    for (let i = 0; i < 2; i++) {
      y = relu(IN(w, conv(w, y, ch * 2 ** (i + 1), 3, { stride: 2, pad: zero(1) })));
    }
    for (let i = 0; i < blocks; i++) {
      y = new Residual(w.place("Residual")).call(y);
    }
    y = trunk.call(y);
    return y;
  }
}
