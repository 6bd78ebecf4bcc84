import { blocks, ch, decoder_norm, encoder_norm, generator_head, style_width, upsample_norm } from "../config.js";
import { conv, linear } from "../lib/layers.js";
import { relu, tanh } from "../lib/math.js";
import { reflect } from "../lib/pads.js";
import { upsample } from "../lib/resample.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Residual } from "../networks/Residual.js";

/** network Generator, specs/ugatit.gan:72 */
export class Generator {
  constructor(private readonly weights: Scope) {}

  call(x: Tensor): { image: Tensor } {
    const w = this.weights.enter();
    const inContent = w.at("content");
    let content: Tensor = relu(encoder_norm(inContent, conv(inContent, x, ch, 7, { pad: reflect(3), bias: false })));
    for (let i = 0; i < 2; i++) {
      content = relu(
        encoder_norm(
          inContent,
          conv(inContent, content, ch * 2 ** (i + 1), 3, { stride: 2, pad: reflect(1), bias: false }),
        ),
      );
    }
    for (let i = 0; i < blocks; i++) {
      content = new Residual(inContent.place("Residual"), { norm: encoder_norm }).call(content);
    }
    const inAttention = w.at("attention");
    const attention = generator_head(inAttention, content);
    const seen = attention.features.mean([1, 2]);
    const inStyle = w.at("style");
    let style: Tensor = seen;
    for (let i = 0; i < 2; i++) {
      style = relu(linear(inStyle, style, style_width, { bias: false }));
    }
    const inGamma = w.at("gamma");
    const gamma = linear(inGamma, style, 4 * ch, { bias: false });
    const inBeta = w.at("beta");
    const beta = linear(inBeta, style, 4 * ch, { bias: false });
    const inImage = w.at("image");
    let image: Tensor = attention.features;
    for (let i = 0; i < blocks; i++) {
      image = new Residual(inImage.place("Residual"), {
        norm: (at: Scope, y: Tensor) => decoder_norm(at, y, { gamma, beta }),
      }).call(image);
    }
    for (let i = 0; i < 2; i++) {
      image = relu(
        upsample_norm(
          inImage,
          conv(inImage, upsample(image, 2), ch * 2 ** (1 - i), 3, { pad: reflect(1), bias: false }),
        ),
      );
    }
    image = tanh(conv(inImage, image, 3, 7, { pad: reflect(3), bias: false }));
    return { image };
  }
}
