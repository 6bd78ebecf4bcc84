import { blocks, ch } from "../config.js";
import { convTranspose } from "../lib/layers.js";
import { relu, tanh } from "../lib/math.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Residual } from "../networks/Residual.js";
import { Trunk } from "../networks/Trunk.js";
import { IN } from "../norms.js";

/** network Decoder, specs/unit.gan:26 */
export class Decoder {
  constructor(
    private readonly weights: Scope,
    private readonly settings: { trunk: Pick<Trunk, "call">; out: number },
  ) {}

  call(z: Tensor): Tensor {
    const { trunk, out } = this.settings;
    const w = this.weights.enter();
    let y: Tensor = trunk.call(z);
    for (let i = 0; i < blocks; i++) {
      y = new Residual(w.place("Residual")).call(y);
    }
    for (let i = 0; i < 2; i++) {
      y = relu(IN(w, convTranspose(w, y, ch * 2 ** (1 - i), 3, { stride: 2, pad: 1, outputPad: 1 })));
    }
    y = tanh(convTranspose(w, y, out, 1));
    return y;
  }
}
