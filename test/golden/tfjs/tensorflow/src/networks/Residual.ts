import { conv } from "../lib/layers.js";
import { relu } from "../lib/math.js";
import type { Norm } from "../lib/net.js";
import { reflect } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/** block Residual, specs/ugatit.gan:66 */
export class Residual {
  constructor(
    private readonly weights: Scope,
    private readonly settings: { norm: Norm },
  ) {}

  call(x: Tensor): Tensor {
    const { norm } = this.settings;
    const C = x.shape[3]!;
    const w = this.weights.enter();
    let y = relu(norm(w, conv(w, x, C, 3, { pad: reflect(1) })));
    y = norm(w, conv(w, y, C, 3, { pad: reflect(1) }));
    return x.add(y);
  }
}
