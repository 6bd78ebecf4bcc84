import { normal } from "./lib/inits.js";
import type { TrainingModel } from "./lib/training.js";
import { training } from "./train.js";

// What a run of specs/unit.gan is told beside its step.

/** Every param of the spec, and its value. */
const settings = {
  size: "64",
  ch: "16",
  blocks: "3",
  shared_blocks: "1",
  weights: "{ gan: 10, reconstruct: 100, cycle: 100, kl: 0.1, kl_cycle: 0.1 }",
};

/** How the spec was compiled. */
const notes = { path: "specs/unit.gan", set: ["size=64", "ch=16"], variants: [], imports: {} };

/** The spec: checkpoints carry it, so that ganc can compile it again from them. */
const source = `// UNIT (Liu, Breuel, Kautz, NeurIPS 2017): a shared latent space made by sharing layers, as in the paper's own code.

import { IN } from "std/norms"
import { bce, l1 } from "std/losses"

param size: int = 256 where size % 4 == 0
param ch: int = 64
param blocks: int = 3         "residual blocks that each domain keeps to itself"
param shared_blocks: int = 1  "residual blocks that both domains share, on each side of the latent code"
param weights = { gan: 10.0, reconstruct: 100.0, cycle: 100.0, kl: 0.1, kl_cycle: 0.1 }

block Residual(x: image[C, H, W]) {
  return x + (x |> conv(C, 3, pad: zero(1)) |> IN |> relu |> conv(C, 3, pad: zero(1)) |> IN)
}

network Trunk(x: image[C, H, W]) { return x |> repeat(shared_blocks) { Residual } }

network Encoder(x: image[_, H, W], trunk: Trunk) {
  return x
    |> conv(ch, 7, pad: zero(3)) |> leaky_relu(0.01)
    |> repeat(2 as i) { conv(ch * 2^(i + 1), 3, stride: 2, pad: zero(1)) |> IN |> relu }
    |> repeat(blocks) { Residual }
    |> trunk
}

network Decoder(z: image[_, H, W], trunk: Trunk, out: int) {
  return z
    |> trunk
    |> repeat(blocks) { Residual }
    |> repeat(2 as i) { conv_transpose(ch * 2^(1 - i), 3, stride: 2, pad: 1, output_pad: 1) |> IN |> relu }
    |> conv_transpose(out, 1) |> tanh
}

network Critic(x: image[_, H, W]) {
  return x |> repeat(6 as i) { conv(ch * 2^i, 3, stride: 2, pad: zero(1)) |> leaky_relu(0.01) } |> conv(1, 1)
}

/// The code's pull towards zero: its mean square (the KL divergence of a unit-variance Gaussian, without the half).
loss prior(z: image[C, H, W]) = mean(z * z)

train {
  data A, B: image[3, size, size]

  net top, bottom: Trunk                     init { conv: normal(0, 0.02) }
  net EA, EB: Encoder(trunk: top)            init { conv: normal(0, 0.02) }  // one instance in both: shared weights
  net GA, GB: Decoder(trunk: bottom, out: 3) init { conv: normal(0, 0.02) }
  net DA, DB: Critic                         init { conv: normal(0, 0.02) }

  let directions = [
    { from: A, to: B, enc: EA, dec: GA, other_enc: EB, other_dec: GB, critic: DB },
    { from: B, to: A, enc: EB, dec: GB, other_enc: EA, other_dec: GA, critic: DA },
  ]

  phase critics trains DA, DB {
    for d in directions {
      let mu = d.enc(d.from)
      let z = mu + sample normal like mu
      loss adversarial += weights.gan * (bce(d.critic(d.to), 1) + bce(d.critic(d.other_dec(z)), 0))
    }
  }

  phase coders trains EA, EB, GA, GB {  // the trunks are trained with what they are part of
    for d in directions {
      let mu = d.enc(d.from)
      let z = mu + sample normal like mu  // one draw, used by both decodings
      let fake = d.other_dec(z)
      let mu_back = d.other_enc(fake)
      let z_back = mu_back + sample normal like mu_back
      loss adversarial += weights.gan * bce(d.critic(fake), 1)
      loss reconstruct += weights.reconstruct * l1(d.dec(z), d.from)
      loss cycle       += weights.cycle * l1(d.dec(z_back), d.from)
      loss kl          += weights.kl * prior(z)
      loss kl_cycle    += weights.kl_cycle * prior(z_back)
    }
  }

  optimizer critics, coders = adam(rate: 1e-4, betas: (0.5, 0.999), decay: 1e-4)
  batch 1
  length 500_000 steps
}

export A2B(x: image[3, H, W]) = GB(EA(x))  // no noise: \`sample\` stands in the training code alone
export B2A(x: image[3, H, W]) = GA(EB(x))
`;

export const model: TrainingModel = {
  origin: {
    name: "unit",
    hash: "116d23bcf1ba7152b1f62d42576c2d87abd1359efadfda272878babbd91687ff",
    settings,
    notes,
    source,
  },
  batch: 1,
  length: { count: 500000, unit: "steps" },
  schedule: [],
  data: [
    {
      name: "A",
      folder: "A",
      channels: 3,
      height: 64,
      width: 64,
      steps: [{ op: "resize", height: 64, width: 64, filter: "bilinear" }],
      test: [{ op: "resize", height: 64, width: 64, filter: "bilinear" }],
    },
    {
      name: "B",
      folder: "B",
      channels: 3,
      height: 64,
      width: 64,
      steps: [{ op: "resize", height: 64, width: 64, filter: "bilinear" }],
      test: [{ op: "resize", height: 64, width: 64, filter: "bilinear" }],
    },
  ],
  samples: [
    {
      name: "critics.z.sample1",
      shape: [1, 16, 16, 64],
      distribution: normal(0, 1),
      order: { shape: [1, 16, 16, 64], axes: [0, 3, 1, 2] },
    },
    {
      name: "critics.z2.sample1",
      shape: [1, 16, 16, 64],
      distribution: normal(0, 1),
      order: { shape: [1, 16, 16, 64], axes: [0, 3, 1, 2] },
    },
    {
      name: "coders.z.sample1",
      shape: [1, 16, 16, 64],
      distribution: normal(0, 1),
      order: { shape: [1, 16, 16, 64], axes: [0, 3, 1, 2] },
    },
    {
      name: "coders.z_back.sample1",
      shape: [1, 16, 16, 64],
      distribution: normal(0, 1),
      order: { shape: [1, 16, 16, 64], axes: [0, 3, 1, 2] },
    },
    {
      name: "coders.z2.sample1",
      shape: [1, 16, 16, 64],
      distribution: normal(0, 1),
      order: { shape: [1, 16, 16, 64], axes: [0, 3, 1, 2] },
    },
    {
      name: "coders.z_back2.sample1",
      shape: [1, 16, 16, 64],
      distribution: normal(0, 1),
      order: { shape: [1, 16, 16, 64], axes: [0, 3, 1, 2] },
    },
  ],
  create: training,
};
