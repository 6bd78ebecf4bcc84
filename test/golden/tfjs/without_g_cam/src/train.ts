// The training step. From specs/ugatit.gan.
import { critic_loss, decay, generator_loss, rate, weights } from "./config.js";
import { Adam } from "./lib/adam.js";
import { Losses, Net, minimize } from "./lib/net.js";
import { offTape } from "./lib/tape.js";
import { type Tensor, tf } from "./lib/tf.js";
import type { Training } from "./lib/training.js";
import type { Weights } from "./lib/weights.js";
import { l1 } from "./losses.js";
import { Discriminator } from "./networks/Discriminator.js";
import { Generator } from "./networks/Generator.js";

/** The nets of specs/ugatit.gan, their optimizers, and its training step. */
export function training(store: Weights): Training {
  const AB = new Net(store, ["AB"], new Generator(store.net("AB")));
  const BA = new Net(store, ["BA"], new Generator(store.net("BA")));
  const DA = [
    new Net(store, ["DA.0"], new Discriminator(store.net("DA.0"), { depth: 6 })),
    new Net(store, ["DA.1"], new Discriminator(store.net("DA.1"), { depth: 5 })),
  ];
  const DB = [
    new Net(store, ["DB.0"], new Discriminator(store.net("DB.0"), { depth: 6 })),
    new Net(store, ["DB.1"], new Discriminator(store.net("DB.1"), { depth: 5 })),
  ];

  const discriminators_adam = new Adam(store, ["DB.0", "DB.1", "DA.0", "DA.1"], {
    rate,
    betas: [0.5, 0.999],
    eps: 1e-8,
    decay,
  });
  const generators_adam = new Adam(store, ["AB", "BA"], { rate, betas: [0.5, 0.999], eps: 1e-8, decay });

  /** What the phases share. */
  function values({ A, B }: Readonly<Record<string, Tensor>>) {
    const directions = [
      { from: A, to: B, later_from: A, later_to: B, go: AB, back: BA, critics: DB },
      { from: B, to: A, later_from: B, later_to: A, go: BA, back: AB, critics: DA },
    ];

    return { A, B, directions };
  }
  type Values = ReturnType<typeof values>;

  /** phase discriminators, specs/ugatit.gan:126 */
  function discriminators({ directions }: Values, losses: Losses): Tensor {
    for (const d of directions) {
      const made = d.go.call(d.from).image;
      for (const D of d.critics) {
        const real = D.call(d.to);
        const fake = D.call(made);
        losses.add(
          "discriminators.adversarial",
          critic_loss(real.patches, 1).add(critic_loss(fake.patches, 0)).mul(weights.adversarial),
        );
        losses.add(
          "discriminators.cam",
          critic_loss(real.logits, 1).add(critic_loss(fake.logits, 0)).mul(weights.adversarial),
        );
      }
    }

    return losses.total("discriminators");
  }

  /** phase generators, specs/ugatit.gan:146 */
  function generators({ directions }: Values, losses: Losses): Tensor {
    for (const d of directions) {
      const fake = d.go.call(d.later_from);
      const same = d.go.call(d.later_to);
      for (const D of d.critics) {
        const seen = D.call(fake.image);
        losses.add(
          "generators.adversarial",
          generator_loss(seen.patches, 1).add(generator_loss(seen.logits, 1)).mul(weights.adversarial),
        );
      }
      losses.add("generators.cycle", l1(d.back.call(fake.image).image, d.later_from).mul(weights.cycle));
      losses.add("generators.identity", l1(same.image, d.later_to).mul(weights.identity));
    }

    return losses.total("generators");
  }

  return {
    optimizers: { "discriminators+generators": [discriminators_adam, generators_adam] },
    step(batch, { factor }) {
      const losses = new Losses();
      tf.tidy(() => {
        const shared = values(batch);
        const { A, B } = shared;
        // What discriminators and generators share is computed once, on the tape of generators:
        // for the phases before it, it is constant.
        minimize([generators_adam], factor, () => {
          AB.call(A);
          BA.call(B);
          offTape(() => {
            minimize([discriminators_adam], factor, () => discriminators(shared, losses));
          });
          return generators(shared, losses);
        });
      });
      for (const net of [AB, BA, DA[0]!, DA[1]!, DB[0]!, DB[1]!]) net.release();
      return losses.values();
    },
    exports: { A2B: (x) => AB.call(x), B2A: (x) => BA.call(x) },
  };
}
