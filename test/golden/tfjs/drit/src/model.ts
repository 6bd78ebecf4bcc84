import { normal } from "./lib/inits.js";
import type { TrainingModel } from "./lib/training.js";
import { training } from "./train.js";

// What a run of specs/drit.gan is told beside its step.

/** Every param of the spec, and its value. */
const settings = {
  size: "216",
  ch: "16",
  attributes: "8",
  content_every: "3",
  weights: "{ reconstruct: 10, latent: 10, kl: 0.01, seek: 1 }",
};

/** How the spec was compiled. */
const notes = { path: "specs/drit.gan", set: ["ch=16"], variants: [], imports: {} };

/** The spec: checkpoints carry it, so that ganc can compile it again from them. */
const source = `// DRIT++ (Lee et al., ECCV 2018, IJCV 2020): disentangled content and attributes, with a content critic and mode seeking.
// One choice is ours: the second generator phase takes its forward pass anew after the first one's update (the published
// code differentiates through weights that were already overwritten, which current PyTorch refuses).

import { IN, LN } from "std/norms"
import { bce, l1 } from "std/losses"

param size: int = 216 where size % 4 == 0 and size >= 212
param ch: int = 64
param attributes: int = 8
param content_every: int = 3  "steps of the content critic for each full step"
param weights = { reconstruct: 10.0, latent: 10.0, kl: 0.01, seek: 1.0 }

block Residual(x: image[C, H, W]) {
  return x + (x |> conv(C, 3, pad: reflect(1)) |> IN |> relu |> conv(C, 3, pad: reflect(1)) |> IN)
}

network ContentTop(x: image[C, H, W]) {
  let y = Residual(x)
  return y + sample normal like y while training
}

network Content(x: image[_, H, W], top: ContentTop) {
  return x
    |> conv(ch, 7, pad: reflect(3)) |> leaky_relu(0.01)
    |> repeat(2 as i) { conv(ch * 2^(i + 1), 3, stride: 2, pad: reflect(1)) |> IN |> relu }
    |> repeat(3) { Residual }
    |> top
}

block Basic(x: image[C, H, W], to: int) {
  let act = leaky_relu(0.2)
  return (x |> act |> conv(C, 3, pad: reflect(1)) |> act |> conv(to, 3, pad: reflect(1)) |> avg_pool(2))
    + (x |> avg_pool(2) |> conv(to, 1))
}

network Attribute(x: image[_, H, W]) {
  let pooled = x
    |> conv(ch, 4, stride: 2, pad: reflect(1))
    |> repeat(3 as i) { Basic(to: ch * (i + 2)) }
    |> leaky_relu(0.2) |> mean(over: (h, w))
  return { mean: pooled |> linear(attributes), logvar: pooled |> linear(attributes) }
}

network Stem(x: image[C, H, W]) { return Residual(x) }

block Up(x: image[C, H, W]) {
  return x |> conv_transpose(C / 2, 3, stride: 2, pad: 1, output_pad: 1) |> LN(per_channel: true) |> relu
}

network Generator(content: image[_, H, W], code: vector[attributes], stem: Stem, out: int) {
  let with_code = y => concat(y, spread(code, like: y), along: c)
  return content |> stem
    |> with_code |> repeat(3) { Residual }
    |> repeat(2) { with_code |> Up }
    |> with_code |> conv_transpose(out, 1) |> tanh
}

network Critic(x: image[_, H, W]) {
  return x |> repeat(4 as i) { conv(ch * 2^i, 4, stride: 2, pad: reflect(1)) |> leaky_relu(0.01) } |> conv(1, 1)
}
network Critics(x: image[_, H, W]) {
  return [for s in 0..3: Critic(x |> repeat(s) { avg_pool(3, stride: 2, pad: 1, count_pad: false) })]
}
network ContentCritic(x: image[_, H, W]) {
  return x
    |> repeat(3) { conv(4 * ch, 7, stride: 2, pad: reflect(1)) |> leaky_relu(0.01) }
    |> conv(4 * ch, 4)
    |> leaky_relu(0.01)
    |> conv(1, 1)
}

/// A draw from the Gaussian that an attribute encoder describes.
block drawn(code: { mean: vector[C], logvar: vector[C] }) {
  return code.mean + exp(code.logvar / 2) * sample normal like code.mean
}

loss kl(mu: vector[C], logvar: vector[C]) = -0.5 * sum(1 + logvar - mu^2 - exp(logvar))
loss judged(outputs: list, label: scalar) = sum(for o in outputs: bce(o, label))

train {
  data A, B: image[3, size, size] = resize(256, bicubic) |> random_crop(size) |> random_flip
  data A2: A  // a second, independent draw from the same folder
  data B2: B

  net top: ContentTop                       init { conv: normal(0, 0.02) }
  net stem: Stem                            init { conv: normal(0, 0.02) }
  net CA, CB: Content(top: top)             init { conv: normal(0, 0.02) }
  net TA, TB: Attribute                     init { conv: normal(0, 0.02) }
  net GA, GB: Generator(stem: stem, out: 3) init { conv: normal(0, 0.02) }
  net DA, DB, DA2, DB2: Critics             init { conv: normal(0, 0.02) }
  net DC: ContentCritic                     init { conv: normal(0, 0.02) }

  sample z1, z2: vector[attributes] = normal

  let a = TA(A)
  let b = TB(B)
  let za = drawn(a)
  let zb = drawn(b)

  phase content_critic trains DC {
    loss content_critic += bce(DC(CA(A)), 0) + bce(DC(CB(B)), 1)
  }

  phase critics trains DA, DB, DA2, DB2 when step % content_every == 0 {
    loss critic_a  += judged(DA(A), 1) + judged(DA(GA(CB(B), za)), 0)
    loss critic_b  += judged(DB(B), 1) + judged(DB(GB(CA(A), zb)), 0)
    loss critic_a2 += 2 * judged(DA2(A2), 1) + judged(DA2(GA(CB(B), z1)), 0) + judged(DA2(GA(CB(B), z2)), 0)
    loss critic_b2 += 2 * judged(DB2(B2), 1) + judged(DB2(GB(CA(A), z1)), 0) + judged(DB2(GB(CA(A), z2)), 0)
  }

  phase coders trains CA, CB, TA, TB, GA, GB when step % content_every == 0 {
    let ca = CA(A)
    let cb = CB(B)
    let fake_a = GA(cb, za)
    let fake_b = GB(ca, zb)
    loss content     += bce(DC(ca), 0.5) + bce(DC(cb), 0.5)
    loss adversarial += judged(DA(fake_a), 1) + judged(DB(fake_b), 1)
    loss prior       += weights.kl * (kl(a.mean, a.logvar) + kl(b.mean, b.logvar) + mean(ca^2) + mean(cb^2))
    loss cycle       += weights.reconstruct
      * (l1(GA(CB(fake_b), drawn(TA(fake_a))), A) + l1(GB(CA(fake_a), drawn(TB(fake_b))), B))
    loss reconstruct += weights.reconstruct * (l1(GA(ca, za), A) + l1(GB(cb, zb), B))
  }

  phase generators trains CA, CB, GA, GB when step % content_every == 0 {
    for side in [
      { content: CB(B), make: GA, read: TA, critics: DA2 },
      { content: CA(A), make: GB, read: TB, critics: DB2 },
    ] {
      let one = side.make(side.content, z1)
      let two = side.make(side.content, z2)
      loss adversarial += judged(side.critics(one), 1) + judged(side.critics(two), 1)
      loss latent      += weights.latent * l1(side.read(one).mean, z1)
      loss seek        += weights.seek / (l1(two, one) / l1(z2, z1) + 1e-5)
    }
  }

  optimizer CA, CB, TA, TB, GA, GB, DA, DB, DA2, DB2 = adam(rate: 1e-4, betas: (0.5, 0.999), decay: 1e-4)
  optimizer DC = adam(rate: 4e-5, betas: (0.5, 0.999), decay: 1e-4, clip_norm: 5)
  schedule rate = constant for 601 epochs, then linear to 0 over 601 epochs
  batch 1
  length 1_500_000 steps  // 500 000 of them full
}

export A2B(x: image[3, H, W], style: vector[attributes] = sample normal) = GB(CA(x), style)
export B2A(x: image[3, H, W], style: vector[attributes] = sample normal) = GA(CB(x), style)
`;

export const model: TrainingModel = {
  origin: {
    name: "drit",
    hash: "948bb82628af026b56b655f1ada792cf28ead2997aac8cd6a0a235a069679ca5",
    settings,
    notes,
    source,
  },
  batch: 1,
  length: { count: 1500000, unit: "steps" },
  schedule: [
    { kind: "constant", count: 601, unit: "epochs" },
    { kind: "linear", to: 0, count: 601, unit: "epochs" },
  ],
  data: [
    {
      name: "A",
      folder: "A",
      channels: 3,
      height: 216,
      width: 216,
      steps: [
        { op: "resize", height: 256, width: 256, filter: "bicubic" },
        { op: "random_crop", height: 216, width: 216 },
        { op: "random_flip", p: 0.5 },
      ],
      test: [{ op: "resize", height: 216, width: 216, filter: "bicubic" }],
    },
    {
      name: "B",
      folder: "B",
      channels: 3,
      height: 216,
      width: 216,
      steps: [
        { op: "resize", height: 256, width: 256, filter: "bicubic" },
        { op: "random_crop", height: 216, width: 216 },
        { op: "random_flip", p: 0.5 },
      ],
      test: [{ op: "resize", height: 216, width: 216, filter: "bicubic" }],
    },
    {
      name: "A2",
      folder: "A",
      channels: 3,
      height: 216,
      width: 216,
      steps: [
        { op: "resize", height: 256, width: 256, filter: "bicubic" },
        { op: "random_crop", height: 216, width: 216 },
        { op: "random_flip", p: 0.5 },
      ],
      test: [{ op: "resize", height: 216, width: 216, filter: "bicubic" }],
      of: "A",
    },
    {
      name: "B2",
      folder: "B",
      channels: 3,
      height: 216,
      width: 216,
      steps: [
        { op: "resize", height: 256, width: 256, filter: "bicubic" },
        { op: "random_crop", height: 216, width: 216 },
        { op: "random_flip", p: 0.5 },
      ],
      test: [{ op: "resize", height: 216, width: 216, filter: "bicubic" }],
      of: "B",
    },
  ],
  samples: [
    { name: "z1", shape: [1, 8], distribution: normal(0, 1) },
    { name: "z2", shape: [1, 8], distribution: normal(0, 1) },
    { name: "drawn1.sample1", shape: [1, 8], distribution: normal(0, 1) },
    { name: "drawn2.sample1", shape: [1, 8], distribution: normal(0, 1) },
    {
      name: "top.sample1",
      shape: [1, 54, 54, 64],
      distribution: normal(0, 1),
      order: { shape: [1, 54, 54, 64], axes: [0, 3, 1, 2] },
    },
    { name: "coders.drawn1.sample1", shape: [1, 8], distribution: normal(0, 1) },
    { name: "coders.drawn2.sample1", shape: [1, 8], distribution: normal(0, 1) },
  ],
  streamsAt: (step) => (step % 3 === 0 ? ["A", "B", "A2", "B2"] : ["A", "B"]),
  create: training,
};
