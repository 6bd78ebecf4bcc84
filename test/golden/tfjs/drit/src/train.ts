// The training step. From specs/drit.gan.
import { attributes, weights } from "./config.js";
import { Adam } from "./lib/adam.js";
import { normal } from "./lib/inits.js";
import { Kept, Losses, Net, minimize } from "./lib/net.js";
import { meanOfSample } from "./lib/samples.js";
import { offTape } from "./lib/tape.js";
import { type Tensor, tf } from "./lib/tf.js";
import type { Training } from "./lib/training.js";
import type { Weights } from "./lib/weights.js";
import { bce, judged, kl, l1 } from "./losses.js";
import { Attribute } from "./networks/Attribute.js";
import { Content } from "./networks/Content.js";
import { ContentCritic } from "./networks/ContentCritic.js";
import { ContentTop } from "./networks/ContentTop.js";
import { Critics } from "./networks/Critics.js";
import { Generator } from "./networks/Generator.js";
import { Stem } from "./networks/Stem.js";
import { drawn } from "./networks/drawn.js";

/** The nets of specs/drit.gan, their optimizers, and its training step. */
export function training(store: Weights): Training {
  const top = new Net(store, ["top"], new ContentTop(store.net("top", { conv: normal(0, 0.02) })));
  const stem = new Net(store, ["stem"], new Stem(store.net("stem", { conv: normal(0, 0.02) })));
  const CA = new Net(store, ["CA", "top"], new Content(store.net("CA", { conv: normal(0, 0.02) }), { top: top }));
  const CB = new Net(store, ["CB", "top"], new Content(store.net("CB", { conv: normal(0, 0.02) }), { top: top }));
  const TA = new Net(store, ["TA"], new Attribute(store.net("TA", { conv: normal(0, 0.02) })));
  const TB = new Net(store, ["TB"], new Attribute(store.net("TB", { conv: normal(0, 0.02) })));
  const GA = new Net(
    store,
    ["GA", "stem"],
    new Generator(store.net("GA", { conv: normal(0, 0.02) }), { stem: stem, out: 3 }),
  );
  const GB = new Net(
    store,
    ["GB", "stem"],
    new Generator(store.net("GB", { conv: normal(0, 0.02) }), { stem: stem, out: 3 }),
  );
  const DA = new Net(store, ["DA"], new Critics(store.net("DA", { conv: normal(0, 0.02) })));
  const DB = new Net(store, ["DB"], new Critics(store.net("DB", { conv: normal(0, 0.02) })));
  const DA2 = new Net(store, ["DA2"], new Critics(store.net("DA2", { conv: normal(0, 0.02) })));
  const DB2 = new Net(store, ["DB2"], new Critics(store.net("DB2", { conv: normal(0, 0.02) })));
  const DC = new Net(store, ["DC"], new ContentCritic(store.net("DC", { conv: normal(0, 0.02) })));

  const coders_adam = new Adam(store, ["TA", "TB"], { rate: 1e-4, betas: [0.5, 0.999], decay: 1e-4 });
  const coders_generators_adam = new Adam(store, ["CA", "top", "CB", "stem", "GA", "GB"], {
    rate: 1e-4,
    betas: [0.5, 0.999],
    decay: 1e-4,
  });
  const critics_adam = new Adam(store, ["DA", "DB", "DA2", "DB2"], { rate: 1e-4, betas: [0.5, 0.999], decay: 1e-4 });
  const content_critic_adam = new Adam(store, ["DC"], { rate: 4e-5, betas: [0.5, 0.999], decay: 1e-4, clipNorm: 5 });

  /** What the phases share. */
  function values({ A, B, A2, B2 }: Readonly<Record<string, Tensor>>) {
    const w = store.place();
    const z1 = w.sample("z1");
    const z2 = w.sample("z2");
    const a = TA.call(A);
    const b = TB.call(B);
    const za = new drawn(w.place("drawn")).call(a);
    const zb = new drawn(w.place("drawn")).call(b);

    return { A, B, A2, B2, z1, z2, a, b, za, zb };
  }
  type Values = ReturnType<typeof values>;

  /** phase content_critic, specs/drit.gan:101 */
  function content_critic({ A, B }: Values, losses: Losses): Tensor {
    losses.add("content_critic.content_critic", bce(DC.call(CA.call(A)), 0).add(bce(DC.call(CB.call(B)), 1)));

    return losses.total("content_critic");
  }

  /** phase critics, specs/drit.gan:105 */
  function critics({ A, B, A2, B2, z1, z2, za, zb }: Values, losses: Losses): Tensor {
    losses.add("critics.critic_a", judged(DA.call(A), 1).add(judged(DA.call(GA.call(CB.call(B), za)), 0)));
    losses.add("critics.critic_b", judged(DB.call(B), 1).add(judged(DB.call(GB.call(CA.call(A), zb)), 0)));
    losses.add(
      "critics.critic_a2",
      judged(DA2.call(A2), 1)
        .mul(2)
        .add(judged(DA2.call(GA.call(CB.call(B), z1)), 0))
        .add(judged(DA2.call(GA.call(CB.call(B), z2)), 0)),
    );
    losses.add(
      "critics.critic_b2",
      judged(DB2.call(B2), 1)
        .mul(2)
        .add(judged(DB2.call(GB.call(CA.call(A), z1)), 0))
        .add(judged(DB2.call(GB.call(CA.call(A), z2)), 0)),
    );

    return losses.total("critics");
  }

  /** phase coders, specs/drit.gan:112 */
  function coders({ A, B, a, b, za, zb }: Values, losses: Losses): Tensor {
    const w = store.place("coders");
    const ca = CA.call(A);
    const cb = CB.call(B);
    const fake_a = GA.call(cb, za);
    const fake_b = GB.call(ca, zb);
    losses.add("coders.content", bce(DC.call(ca), 0.5).add(bce(DC.call(cb), 0.5)));
    losses.add("coders.adversarial", judged(DA.call(fake_a), 1).add(judged(DB.call(fake_b), 1)));
    losses.add(
      "coders.prior",
      kl(a.mean, a.logvar)
        .add(kl(b.mean, b.logvar))
        .add(meanOfSample(ca.square()))
        .add(meanOfSample(cb.square()))
        .mul(weights.kl),
    );
    losses.add(
      "coders.cycle",
      l1(GA.call(CB.call(fake_b), new drawn(w.place("drawn")).call(TA.call(fake_a))), A)
        .add(l1(GB.call(CA.call(fake_a), new drawn(w.place("drawn")).call(TB.call(fake_b))), B))
        .mul(weights.reconstruct),
    );
    losses.add(
      "coders.reconstruct",
      l1(GA.call(ca, za), A)
        .add(l1(GB.call(cb, zb), B))
        .mul(weights.reconstruct),
    );

    return losses.total("coders");
  }

  /** phase generators, specs/drit.gan:125 */
  function generators({ A, B, z1, z2 }: Values, losses: Losses): Tensor {
    const items = [
      { content: CB.call(B), make: GA, read: TA, critics: DA2 },
      { content: CA.call(A), make: GB, read: TB, critics: DB2 },
    ];
    for (const side of items) {
      const one = side.make.call(side.content, z1);
      const two = side.make.call(side.content, z2);
      losses.add("generators.adversarial", judged(side.critics.call(one), 1).add(judged(side.critics.call(two), 1)));
      losses.add("generators.latent", l1(side.read.call(one).mean, z1).mul(weights.latent));
      losses.add("generators.seek", tf.div(weights.seek, l1(two, one).div(l1(z2, z1)).add(1e-5)));
    }

    return losses.total("generators");
  }

  return {
    optimizers: {
      "CA+CB+TA+TB+GA+GB+DA+DB+DA2+DB2 in coders": [coders_adam],
      "CA+CB+TA+TB+GA+GB+DA+DB+DA2+DB2 in coders+generators": [coders_generators_adam],
      "CA+CB+TA+TB+GA+GB+DA+DB+DA2+DB2 in critics": [critics_adam],
      DC: [content_critic_adam],
    },
    step(batch, { factor, step }) {
      const losses = new Losses();
      const kept = new Kept(batch);
      tf.tidy(() => {
        let shared!: Values;
        if (step % 3 === 0) {
          // What content_critic, critics and coders share is computed once, on the tape of coders:
          // for the phases before it, it is constant.
          minimize([coders_adam, coders_generators_adam], factor, () => {
            shared = kept.keep(values(batch));
            const { B, za, A, zb } = shared;
            stem.call(CB.call(B));
            GA.call(CB.call(B), za);
            stem.call(CA.call(A));
            GB.call(CA.call(A), zb);
            offTape(() => {
              minimize([content_critic_adam], factor, () => content_critic(shared, losses));
              minimize([critics_adam], factor, () => critics(shared, losses));
            });
            return coders(shared, losses);
          });
        } else {
          shared = values(batch);
          minimize([content_critic_adam], factor, () => content_critic(shared, losses));
        }
        if (step % 3 === 0) {
          minimize([coders_generators_adam], factor, () => generators(shared, losses));
        }
      });
      for (const net of [top, stem, CA, CB, TA, TB, GA, GB, DA, DB, DA2, DB2, DC]) net.release();
      kept.release();
      return losses.values();
    },
    exports: {
      A2B: (x, style = tf.randomNormal([x.shape[0]!, attributes], 0, 1)) => GB.call(CA.call(x), style),
      B2A: (x, style = tf.randomNormal([x.shape[0]!, attributes], 0, 1)) => GA.call(CB.call(x), style),
    },
  };
}
