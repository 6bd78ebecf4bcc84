// The training step. From specs/unit.gan.
import { weights } from "./config.js";
import { Adam } from "./lib/adam.js";
import { normal } from "./lib/inits.js";
import { Losses, Net, minimize } from "./lib/net.js";
import { offTape } from "./lib/tape.js";
import { type Tensor, tf } from "./lib/tf.js";
import type { Training } from "./lib/training.js";
import type { Weights } from "./lib/weights.js";
import { bce, l1, prior } from "./losses.js";
import { Critic } from "./networks/Critic.js";
import { Decoder } from "./networks/Decoder.js";
import { Encoder } from "./networks/Encoder.js";
import { Trunk } from "./networks/Trunk.js";

/** The nets of specs/unit.gan, their optimizers, and its training step. */
export function training(store: Weights): Training {
  const top = new Net(store, ["top"], new Trunk(store.net("top", { conv: normal(0, 0.02) })));
  const bottom = new Net(store, ["bottom"], new Trunk(store.net("bottom", { conv: normal(0, 0.02) })));
  const EA = new Net(store, ["EA", "top"], new Encoder(store.net("EA", { conv: normal(0, 0.02) }), { trunk: top }));
  const EB = new Net(store, ["EB", "top"], new Encoder(store.net("EB", { conv: normal(0, 0.02) }), { trunk: top }));
  const GA = new Net(
    store,
    ["GA", "bottom"],
    new Decoder(store.net("GA", { conv: normal(0, 0.02) }), { trunk: bottom, out: 3 }),
  );
  const GB = new Net(
    store,
    ["GB", "bottom"],
    new Decoder(store.net("GB", { conv: normal(0, 0.02) }), { trunk: bottom, out: 3 }),
  );
  const DA = new Net(store, ["DA"], new Critic(store.net("DA", { conv: normal(0, 0.02) })));
  const DB = new Net(store, ["DB"], new Critic(store.net("DB", { conv: normal(0, 0.02) })));

  const critics_adam = new Adam(store, ["DB", "DA"], { rate: 1e-4, betas: [0.5, 0.999], decay: 1e-4 });
  const coders_adam = new Adam(store, ["EA", "top", "bottom", "GB", "EB", "GA"], {
    rate: 1e-4,
    betas: [0.5, 0.999],
    decay: 1e-4,
  });

  /** What the phases share. */
  function values({ A, B }: Readonly<Record<string, Tensor>>) {
    const directions = [
      { from: A, to: B, enc: EA, dec: GA, other_enc: EB, other_dec: GB, critic: DB },
      { from: B, to: A, enc: EB, dec: GB, other_enc: EA, other_dec: GA, critic: DA },
    ];

    return { A, B, directions };
  }
  type Values = ReturnType<typeof values>;

  /** phase critics, specs/unit.gan:54 */
  function critics({ directions }: Values, losses: Losses): Tensor {
    const w = store.place("critics");
    for (const d of directions) {
      const mu = d.enc.call(d.from);
      const inZ = w.at("z");
      const z = mu.add(inZ.sample());
      losses.add(
        "critics.adversarial",
        bce(d.critic.call(d.to), 1)
          .add(bce(d.critic.call(d.other_dec.call(z)), 0))
          .mul(weights.gan),
      );
    }

    return losses.total("critics");
  }

  /** phase coders, specs/unit.gan:62 */
  function coders({ directions }: Values, losses: Losses): Tensor {
    const w = store.place("coders");
    for (const d of directions) {
      const mu = d.enc.call(d.from);
      const inZ = w.at("z");
      const z = mu.add(inZ.sample());
      const fake = d.other_dec.call(z);
      const mu_back = d.other_enc.call(fake);
      const inZ_back = w.at("z_back");
      const z_back = mu_back.add(inZ_back.sample());
      losses.add("coders.adversarial", bce(d.critic.call(fake), 1).mul(weights.gan));
      losses.add("coders.reconstruct", l1(d.dec.call(z), d.from).mul(weights.reconstruct));
      losses.add("coders.cycle", l1(d.dec.call(z_back), d.from).mul(weights.cycle));
      losses.add("coders.kl", prior(z).mul(weights.kl));
      losses.add("coders.kl_cycle", prior(z_back).mul(weights.kl_cycle));
    }

    return losses.total("coders");
  }

  return {
    optimizers: { "critics+coders": [critics_adam, coders_adam] },
    step(batch, { factor }) {
      const losses = new Losses();
      tf.tidy(() => {
        const shared = values(batch);
        const { A, B } = shared;
        // What critics and coders share is computed once, on the tape of coders:
        // for the phases before it, it is constant.
        minimize([coders_adam], factor, () => {
          EA.call(A);
          EB.call(B);
          offTape(() => {
            minimize([critics_adam], factor, () => critics(shared, losses));
          });
          return coders(shared, losses);
        });
      });
      for (const net of [top, bottom, EA, EB, GA, GB, DA, DB]) net.release();
      return losses.values();
    },
    exports: { A2B: (x) => GB.call(EA.call(x)), B2A: (x) => GA.call(EB.call(x)) },
  };
}
