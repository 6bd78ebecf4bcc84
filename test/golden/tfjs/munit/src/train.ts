// The training step. From specs/munit.gan.
import { gan, style_dim, weights } from "./config.js";
import { Adam } from "./lib/adam.js";
import { kaimingNormal, normal } from "./lib/inits.js";
import { Kept, Losses, Net, minimize } from "./lib/net.js";
import { zip } from "./lib/samples.js";
import { offTape } from "./lib/tape.js";
import { type Tensor, tf } from "./lib/tf.js";
import type { Training } from "./lib/training.js";
import type { Weights } from "./lib/weights.js";
import { l1 } from "./losses.js";
import { Content } from "./networks/Content.js";
import { Critics } from "./networks/Critics.js";
import { Decoder } from "./networks/Decoder.js";
import { Style } from "./networks/Style.js";

/** The nets of specs/munit.gan, their optimizers, and its training step. */
export function training(store: Weights): Training {
  const CA = new Net(store, ["CA"], new Content(store.net("CA", kaimingNormal)));
  const CB = new Net(store, ["CB"], new Content(store.net("CB", kaimingNormal)));
  const SA = new Net(store, ["SA"], new Style(store.net("SA", kaimingNormal)));
  const SB = new Net(store, ["SB"], new Style(store.net("SB", kaimingNormal)));
  const GA = new Net(store, ["GA"], new Decoder(store.net("GA", kaimingNormal)));
  const GB = new Net(store, ["GB"], new Decoder(store.net("GB", kaimingNormal)));
  const DA = new Net(store, ["DA"], new Critics(store.net("DA", normal(0, 0.02))));
  const DB = new Net(store, ["DB"], new Critics(store.net("DB", normal(0, 0.02))));

  const critics_adam = new Adam(store, ["DA", "DB"], { rate: 1e-4, betas: [0.5, 0.999], decay: 1e-4 });
  const coders_adam = new Adam(store, ["CB", "SB", "CA", "SA", "GA", "GB"], {
    rate: 1e-4,
    betas: [0.5, 0.999],
    decay: 1e-4,
  });

  /** What the phases share. */
  function values({ A, B }: Readonly<Record<string, Tensor>>) {
    const sides = [
      {
        real: A,
        content: CA,
        style: SA,
        decode: GA,
        critics: DA,
        other: CB.call(B),
        far: B,
        far_style: SB.call(B),
        back: GB,
      },
      {
        real: B,
        content: CB,
        style: SB,
        decode: GB,
        critics: DB,
        other: CA.call(A),
        far: A,
        far_style: SA.call(A),
        back: GA,
      },
    ];

    return { A, B, sides };
  }
  type Values = ReturnType<typeof values>;

  /** phase critics, specs/munit.gan:81 */
  function critics({ sides }: Values, losses: Losses): Tensor {
    const w = store.place("critics");
    for (const s of sides) {
      const drawn = w.sample("drawn");
      const fake = s.decode.call(s.other, drawn);
      const items = zip(s.critics.call(s.real), s.critics.call(fake));
      for (const [real, made] of items) {
        losses.add("critics.adversarial", gan(real, 1).add(gan(made, 0)).mul(weights.gan));
      }
    }

    return losses.total("critics");
  }

  /** phase coders, specs/munit.gan:91 */
  function coders({ sides }: Values, losses: Losses): Tensor {
    const w = store.place("coders");
    for (const s of sides) {
      const drawn = w.sample("drawn");
      const fake = s.decode.call(s.other, drawn);
      const all: Tensor[] = [];
      const items = s.critics.call(fake);
      for (const p of items) {
        all.push(gan(p, 1));
      }
      losses.add("coders.adversarial", tf.addN(all).mul(weights.gan));
      losses.add(
        "coders.image",
        l1(s.decode.call(s.content.call(s.real), s.style.call(s.real)), s.real).mul(weights.image),
      );
      losses.add("coders.style", l1(s.style.call(fake), drawn).mul(weights.style));
      losses.add("coders.content", l1(s.content.call(fake), s.other).mul(weights.content));
    }

    return losses.total("coders");
  }

  return {
    optimizers: { "critics+coders": [critics_adam, coders_adam] },
    step(batch, { factor }) {
      const losses = new Losses();
      const kept = new Kept(batch);
      tf.tidy(() => {
        let shared!: Values;
        // What critics and coders share is computed once, on the tape of coders:
        // for the phases before it, it is constant.
        minimize([coders_adam], factor, () => {
          shared = kept.keep(values(batch));
          offTape(() => {
            minimize([critics_adam], factor, () => critics(shared, losses));
          });
          return coders(shared, losses);
        });
      });
      for (const net of [CA, CB, SA, SB, GA, GB, DA, DB]) net.release();
      kept.release();
      return losses.values();
    },
    exports: {
      A2B: (x, style = tf.randomNormal([x.shape[0]!, style_dim], 0, 1)) => GB.call(CA.call(x), style),
      A2B_like: (x, example) => GB.call(CA.call(x), SB.call(example)),
      B2A: (x, style = tf.randomNormal([x.shape[0]!, style_dim], 0, 1)) => GA.call(CB.call(x), style),
    },
  };
}
