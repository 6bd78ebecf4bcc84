// Attention heads. From specs/ugatit.gan.
import { uniformFanIn } from "./lib/inits.js";
import { type Reparam, conv, reparamVector } from "./lib/layers.js";
import { max } from "./lib/math.js";
import { type Activation, plain } from "./lib/net.js";
import type { Scope } from "./lib/scope.js";
import { type Tensor, tf } from "./lib/tf.js";
import { Offset } from "./networks/Offset.js";

/**
 * The same with one classifier for both pools, so that both halves of what the 1x1 convolution sees are equal:
 * taki0112/UGATIT (d508e8f, UGATIT.py:124 and 216), which sets `bias: true`, and in its critics `scale_by: spectral`.
 * head SharedCAM, std/heads:36
 */
export function SharedCAM(
  w: Scope,
  x: Tensor,
  { activation, weight = plain, scale_by = plain }: { activation: Activation; weight?: Reparam; scale_by?: Reparam },
): { features: Tensor; logits: Tensor; heatmap: Tensor } {
  const C = x.shape[3]!;
  const here = w.place("SharedCAM");
  const classifier = here.learn("classifier", [C], uniformFanIn);
  const inOffset = here.at("offset");
  const offset = new Offset(inOffset.place("Offset")).call();
  const inScaled = here.at("scaled");
  const scaled = x.mul(reparamVector(inScaled, scale_by, classifier).add(offset));
  const inFeatures = here.at("features");
  const features = activation(conv(inFeatures, tf.concat([scaled, scaled], 3), C, 1));
  const inJudge = here.at("judge");
  const judge = reparamVector(inJudge, weight, classifier);
  return {
    features,
    logits: tf.stack(
      [
        judge
          .mul(x.mean([1, 2]))
          .sum([1])
          .add(offset),
        judge
          .mul(max(x, [1, 2]))
          .sum([1])
          .add(offset),
      ],
      1,
    ),
    heatmap: features.sum([3]),
  };
}
