import { attributes, ch } from "../config.js";
import { conv, linear } from "../lib/layers.js";
import { leakyRelu } from "../lib/math.js";
import { reflect } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Basic } from "../networks/Basic.js";

/** network Attribute, specs/drit.gan:37 */
export class Attribute {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): { mean: Tensor; logvar: Tensor } {
    const w = this.weights.enter();
    const inPooled = w.at("pooled");
    let pooled: Tensor = conv(inPooled, x, ch, 4, { stride: 2, pad: reflect(1) });
    for (let i = 0; i < 3; i++) {
      pooled = new Basic(inPooled.place("Basic"), { to: ch * (i + 2) }).call(pooled);
    }
    pooled = leakyRelu(pooled, 0.2).mean([1, 2]);
    return { mean: linear(w, pooled, attributes), logvar: linear(w, pooled, attributes) };
  }
}
