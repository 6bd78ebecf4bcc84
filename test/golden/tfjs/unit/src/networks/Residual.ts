import { conv } from "../lib/layers.js";
import { relu } from "../lib/math.js";
import { zero } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { IN } from "../norms.js";

/** block Residual, specs/unit.gan:12 */
export class Residual {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): Tensor {
    const C = x.shape[3]!;
    const w = this.weights.enter();
    let y = relu(IN(w, conv(w, x, C, 3, { pad: zero(1) })));
    y = IN(w, conv(w, y, C, 3, { pad: zero(1) }));
    return x.add(y);
  }
}
