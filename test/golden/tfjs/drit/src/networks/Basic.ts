import { conv } from "../lib/layers.js";
import { leakyRelu } from "../lib/math.js";
import { reflect } from "../lib/pads.js";
import { avgPool } from "../lib/resample.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/** block Basic, specs/drit.gan:31 */
export class Basic {
  constructor(
    private readonly weights: Scope,
    private readonly settings: { to: number },
  ) {}

  call(x: Tensor): Tensor {
    const { to } = this.settings;
    const C = x.shape[3]!;
    const w = this.weights.enter();
    let y = leakyRelu(x, 0.2);
    y = leakyRelu(conv(w, y, C, 3, { pad: reflect(1) }), 0.2);
    y = avgPool(conv(w, y, to, 3, { pad: reflect(1) }), 2);
    let y2 = avgPool(x, 2);
    y2 = conv(w, y2, to, 1);
    return y.add(y2);
  }
}
