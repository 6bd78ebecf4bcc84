// The training step. From specs/cyclegan.gan.
import { gan, weights } from "./config.js";
import { Adam } from "./lib/adam.js";
import { history } from "./lib/history.js";
import { normal } from "./lib/inits.js";
import { Kept, Losses, Net, minimize } from "./lib/net.js";
import { type Tensor, tf } from "./lib/tf.js";
import type { Training } from "./lib/training.js";
import type { Weights } from "./lib/weights.js";
import { l1 } from "./losses.js";
import { Generator } from "./networks/Generator.js";
import { Patches } from "./networks/Patches.js";

/** The nets of specs/cyclegan.gan, their optimizers, and its training step. */
export function training(store: Weights): Training {
  const AB = new Net(store, ["AB"], new Generator(store.net("AB", normal(0, 0.02)), { out: 3 }));
  const BA = new Net(store, ["BA"], new Generator(store.net("BA", normal(0, 0.02)), { out: 3 }));
  const DA = new Net(store, ["DA"], new Patches(store.net("DA", normal(0, 0.02))));
  const DB = new Net(store, ["DB"], new Patches(store.net("DB", normal(0, 0.02))));

  const generators_adam = new Adam(store, ["AB", "BA"], { rate: 2e-4, betas: [0.5, 0.999] });
  const discriminators_adam = new Adam(store, ["DB", "DA"], { rate: 2e-4, betas: [0.5, 0.999] });

  /** What the phases share. */
  function values({ A, B }: Readonly<Record<string, Tensor>>) {
    const fake_b = AB.call(A);
    const fake_a = BA.call(B);

    return { A, B, fake_b, fake_a };
  }
  type Values = ReturnType<typeof values>;

  /** phase generators, specs/cyclegan.gan:50 */
  function generators({ A, B, fake_b, fake_a }: Values, losses: Losses): Tensor {
    losses.add("generators.adversarial", gan(DB.call(fake_b), 1).add(gan(DA.call(fake_a), 1)));
    losses.add(
      "generators.cycle",
      l1(BA.call(fake_b), A)
        .add(l1(AB.call(fake_a), B))
        .mul(weights.cycle),
    );
    losses.add(
      "generators.identity",
      l1(AB.call(B), B)
        .add(l1(BA.call(A), A))
        .mul(weights.cycle * weights.identity),
    );

    return losses.total("generators");
  }

  /** phase discriminators, specs/cyclegan.gan:56 */
  function discriminators({ A, B, fake_b, fake_a }: Values, losses: Losses): Tensor {
    const w = store.place("discriminators");
    losses.add(
      "discriminators.critic_a",
      gan(DA.call(A), 1)
        .add(gan(DA.call(history(w, fake_a, 50)), 0))
        .mul(0.5),
    );
    losses.add(
      "discriminators.critic_b",
      gan(DB.call(B), 1)
        .add(gan(DB.call(history(w, fake_b, 50)), 0))
        .mul(0.5),
    );

    return losses.total("discriminators");
  }

  return {
    optimizers: { "generators+discriminators": [generators_adam, discriminators_adam] },
    step(batch, { factor }) {
      const losses = new Losses();
      const kept = new Kept(batch);
      tf.tidy(() => {
        let shared!: Values;
        // What the phases share is computed on the tape of generators, which learns from it.
        minimize([generators_adam], factor, () => {
          shared = kept.keep(values(batch));
          return generators(shared, losses);
        });
        minimize([discriminators_adam], factor, () => discriminators(shared, losses));
      });
      for (const net of [AB, BA, DA, DB]) net.release();
      kept.release();
      return losses.values();
    },
    exports: { A2B: (x) => AB.call(x), B2A: (x) => BA.call(x) },
  };
}
