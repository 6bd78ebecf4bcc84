import { conv } from "../lib/layers.js";
import { relu } from "../lib/math.js";
import { type Norm, identity } from "../lib/net.js";
import { reflect } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/** block Down, specs/munit.gan:15 */
export class Down {
  constructor(
    private readonly weights: Scope,
    private readonly settings: { to: number; norm?: Norm },
  ) {}

  call(x: Tensor): Tensor {
    const { to, norm = identity } = this.settings;
    const w = this.weights.enter();
    return relu(norm(w, conv(w, x, to, 4, { stride: 2, pad: reflect(1) })));
  }
}
