import { blocks, style_norm } from "../config.js";
import { uniform } from "../lib/inits.js";
import { conv, linear } from "../lib/layers.js";
import { relu, tanh } from "../lib/math.js";
import { reflect } from "../lib/pads.js";
import { upsample } from "../lib/resample.js";
import { pick } from "../lib/samples.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { LN } from "../norms.js";

/** network Decoder, specs/munit.gan:35 */
export class Decoder {
  constructor(private readonly weights: Scope) {}

  call(content: Tensor, style: Tensor): Tensor {
    const C = content.shape[3]!;
    const w = this.weights.enter();
    const inCode = w.at("code");
    let code: Tensor = style;
    for (let i = 0; i < 2; i++) {
      code = relu(linear(inCode, code, 256));
    }
    const flat = linear(inCode, code, blocks * 2 * 2 * C);
    code = flat.reshape([flat.shape[0]!, blocks, 2, 2, C]);
    let y: Tensor = content;
    for (let i = 0; i < blocks; i++) {
      let y2 = style_norm(w, conv(w, y, C, 3, { pad: reflect(1) }), {
        gamma: pick(pick(pick(code, 1, i), 1, 0), 1, 1),
        beta: pick(pick(pick(code, 1, i), 1, 0), 1, 0),
      });
      y2 = relu(y2);
      y2 = style_norm(w, conv(w, y2, C, 3, { pad: reflect(1) }), {
        gamma: pick(pick(pick(code, 1, i), 1, 1), 1, 1),
        beta: pick(pick(pick(code, 1, i), 1, 1), 1, 0),
      });
      y = y.add(y2);
    }
    for (let i = 0; i < 2; i++) {
      y = relu(LN(w, conv(w, upsample(y, 2), C / 2 ** (i + 1), 5, { pad: reflect(2) }), { gamma_init: uniform(0, 1) }));
    }
    y = tanh(conv(w, y, 3, 7, { pad: reflect(3) }));
    return y;
  }
}
