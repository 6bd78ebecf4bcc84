import { ch, critic_weight, discriminator_head } from "../config.js";
import { conv } from "../lib/layers.js";
import { leakyRelu } from "../lib/math.js";
import { reflect } from "../lib/pads.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/** network Discriminator, specs/ugatit.gan:99 */
export class Discriminator {
  constructor(
    private readonly weights: Scope,
    private readonly settings: { depth: number },
  ) {}

  call(x: Tensor): { patches: Tensor } {
    const { depth } = this.settings;
    const w = this.weights.enter();
    const inFeatures = w.at("features");
    let features: Tensor = x;
    for (let i = 0; i < depth - 2; i++) {
      features = leakyRelu(
        conv(inFeatures, features, ch * 2 ** i, 4, { stride: 2, pad: reflect(1), weight: critic_weight }),
        0.2,
      );
    }
    features = leakyRelu(
      conv(inFeatures, features, ch * 2 ** (depth - 2), 4, { pad: reflect(1), weight: critic_weight }),
      0.2,
    );
    const inAttention = w.at("attention");
    const attention = discriminator_head(inAttention, features);
    const inPatches = w.at("patches");
    const patches = conv(inPatches, attention.features, 1, 4, { pad: reflect(1), bias: false, weight: critic_weight });
    return { patches };
  }
}
