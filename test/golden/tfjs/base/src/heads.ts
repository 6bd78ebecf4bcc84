// Attention heads. From specs/ugatit.gan.
import { uniformFanIn } from "./lib/inits.js";
import { type Reparam, conv, reparamVector } from "./lib/layers.js";
import { max } from "./lib/math.js";
import { type Activation, plain } from "./lib/net.js";
import type { Scope } from "./lib/scope.js";
import { type Tensor, tf } from "./lib/tf.js";

/**
 * Class activation map attention: two one-unit classifiers whose weights re-scale the features they judge.
 * logits = (weight(a) . mean(x), weight(m) . max(x)); features = activation(conv1x1(concat(a * x, m * x))); the heatmap is
 * the features' sum over the channels. Kim et al., "U-GAT-IT", ICLR 2020; znxlwm/UGATIT-pytorch (b8c4251, networks.py:82
 * and 234): the features are scaled by the raw weights while a critic judges by the spectrally normalised ones. The
 * TensorFlow code (d508e8f, ops.py:64) scales by the normalised ones too: `scale_by: spectral` (with vectors of its own,
 * which change nothing: one row's largest singular value is exact after one iteration). `bias: true` gives each classifier
 * a bias, which is added to its logit and to every channel's scale, as in ops.py:75.
 * head CAM, std/heads:10
 */
export function CAM(
  w: Scope,
  x: Tensor,
  { activation, weight = plain }: { activation: Activation; weight?: Reparam },
): { features: Tensor; logits: Tensor; heatmap: Tensor } {
  const C = x.shape[3]!;
  const here = w.place("CAM");
  const average = here.learn("average", [C], uniformFanIn);
  const maximum = here.learn("maximum", [C], uniformFanIn);
  const inFeatures = here.at("features");
  const features = activation(conv(inFeatures, tf.concat([x.mul(average), x.mul(maximum)], 3), C, 1));
  return {
    features,
    logits: tf.stack(
      [
        reparamVector(here, weight, average)
          .mul(x.mean([1, 2]))
          .sum([1]),
        reparamVector(here, weight, maximum)
          .mul(max(x, [1, 2]))
          .sum([1]),
      ],
      1,
    ),
    heatmap: features.sum([3]),
  };
}
