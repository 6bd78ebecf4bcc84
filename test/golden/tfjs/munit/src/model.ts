import { normal } from "./lib/inits.js";
import type { TrainingModel } from "./lib/training.js";
import { training } from "./train.js";

// What a run of specs/munit.gan is told beside its step.

/** Every param of the spec, and its value. */
const settings = {
  size: "64",
  ch: "16",
  blocks: "4",
  style_dim: "8",
  style_norm: "AdaIN",
  gan: "mse",
  scales: "3",
  weights: "{ gan: 1, image: 10, style: 1, content: 1, cycle: 0 }",
};

/** How the spec was compiled. */
const notes = { path: "specs/munit.gan", set: ["size=64", "ch=16"], variants: [], imports: {} };

/** The spec: checkpoints carry it, so that ganc can compile it again from them. */
const source = `// MUNIT (Huang et al., ECCV 2018): content and style apart; the style decides the decoder's AdaIN.

import { IN, AdaIN, LN } from "std/norms"
import { mse, l1 } from "std/losses"

param size: int = 256 where size % 4 == 0
param ch: int = 64
param blocks: int = 4
param style_dim: int = 8
param style_norm: Norm(gamma, beta) = AdaIN
param gan: Loss = mse
param scales: int = 3
param weights = { gan: 1.0, image: 10.0, style: 1.0, content: 1.0, cycle: 0.0 }

block Down(x: image[_, H, W], to: int, norm: Norm = identity) {
  return x |> conv(to, 4, stride: 2, pad: reflect(1)) |> norm |> relu
}

network Content(x: image[_, H, W]) {
  return x
    |> conv(ch, 7, pad: reflect(3)) |> IN |> relu
    |> repeat(2 as i) { Down(to: ch * 2^(i + 1), norm: IN) }
    |> repeat(blocks) { y =>
      y + (y |> conv(4 * ch, 3, pad: reflect(1)) |> IN |> relu |> conv(4 * ch, 3, pad: reflect(1)) |> IN)
    }
}

network Style(x: image[_, H, W]) {
  return x
    |> conv(ch, 7, pad: reflect(3)) |> relu
    |> repeat(4 as i) { Down(to: min(ch * 2^(i + 1), 4 * ch)) }
    |> mean(over: (h, w)) |> linear(style_dim)
}

network Decoder(content: image[C, H, W], style: vector[style_dim]) {
  // One vector holds every AdaIN's shift and scale; the names of its axes say who gets which.
  let code = style
    |> repeat(2) { linear(256) |> relu }
    |> linear(blocks * 2 * 2 * C)
    |> unflatten(c, into: [block: blocks, half: 2, part: 2, c: C])
  return content
    |> repeat(blocks as i) { y =>
      y + (y
        |> conv(C, 3, pad: reflect(1))
        |> style_norm(gamma: code[block: i, half: 0, part: 1], beta: code[block: i, half: 0, part: 0])
        |> relu
        |> conv(C, 3, pad: reflect(1))
        |> style_norm(gamma: code[block: i, half: 1, part: 1], beta: code[block: i, half: 1, part: 0]))
    }
    |> repeat(2 as i) {
      upsample(2)
        |> conv(C / 2^(i + 1), 5, pad: reflect(2))
        |> LN(form: std_plus_eps, gamma_init: uniform(0, 1))
        |> relu
    }
    |> conv(3, 7, pad: reflect(3)) |> tanh
}

network Critic(x: image[_, H, W]) {
  return x |> repeat(4 as i) { conv(ch * 2^i, 4, stride: 2, pad: reflect(1)) |> leaky_relu(0.2) } |> conv(1, 1)
}

/// The same critic at full, half and quarter size: a list of outputs.
network Critics(x: image[_, H, W]) {
  return [for s in 0..scales: Critic(x |> repeat(s) { avg_pool(3, stride: 2, pad: 1, count_pad: false) })]
}

train {
  data A, B: image[3, size, size] = resize_short(size) |> random_crop(size) |> random_flip

  net CA, CB: Content init kaiming_normal
  net SA, SB: Style   init kaiming_normal
  net GA, GB: Decoder init kaiming_normal
  net DA, DB: Critics init normal(0, 0.02)

  let sides = [
    { real: A, content: CA, style: SA, decode: GA, critics: DA, other: CB(B), far: B, far_style: SB(B), back: GB },
    { real: B, content: CB, style: SB, decode: GB, critics: DB, other: CA(A), far: A, far_style: SA(A), back: GA },
  ]

  phase critics trains DA, DB {
    for s in sides {
      sample drawn: vector[style_dim] = normal
      let fake = s.decode(s.other, drawn)
      for (real, made) in zip(s.critics(s.real), s.critics(fake)) {
        loss adversarial += weights.gan * (gan(real, 1) + gan(made, 0))
      }
    }
  }

  phase coders trains CA, CB, SA, SB, GA, GB {
    for s in sides {
      sample drawn: vector[style_dim] = normal  // drawn anew: not the critics' draw
      let fake = s.decode(s.other, drawn)
      loss adversarial += weights.gan * sum(for p in s.critics(fake): gan(p, 1))
      loss image       += weights.image * l1(s.decode(s.content(s.real), s.style(s.real)), s.real)
      loss style       += weights.style * l1(s.style(fake), drawn)
      loss content     += weights.content * l1(s.content(fake), s.other)
      loss cycle       += weights.cycle * l1(s.back(s.content(fake), s.far_style), s.far)
    }
  }

  optimizer critics, coders = adam(rate: 1e-4, betas: (0.5, 0.999), decay: 1e-4)
  schedule rate = times 0.5 every 100_000 steps
  batch 1
  length 1_000_000 steps
}

export A2B(x: image[3, H, W], style: vector[style_dim] = sample normal) = GB(CA(x), style)
export A2B_like(x: image[3, H, W], example: image[3, H, W]) = GB(CA(x), SB(example))
export B2A(x: image[3, H, W], style: vector[style_dim] = sample normal) = GA(CB(x), style)
`;

export const model: TrainingModel = {
  origin: {
    name: "munit",
    hash: "727e06d95aa3dfee26a6028c04da865a4db056788fc401fb647d3aff6d1c8f25",
    settings,
    notes,
    source,
  },
  batch: 1,
  length: { count: 1000000, unit: "steps" },
  schedule: [{ kind: "times", factor: 0.5, every: 100000, unit: "steps" }],
  data: [
    {
      name: "A",
      folder: "A",
      channels: 3,
      height: 64,
      width: 64,
      steps: [
        { op: "resize_short", size: 64, filter: "bilinear" },
        { op: "random_crop", height: 64, width: 64 },
        { op: "random_flip", p: 0.5 },
      ],
      test: [
        { op: "resize_short", size: 64, filter: "bilinear" },
        { op: "center_crop", height: 64, width: 64 },
      ],
    },
    {
      name: "B",
      folder: "B",
      channels: 3,
      height: 64,
      width: 64,
      steps: [
        { op: "resize_short", size: 64, filter: "bilinear" },
        { op: "random_crop", height: 64, width: 64 },
        { op: "random_flip", p: 0.5 },
      ],
      test: [
        { op: "resize_short", size: 64, filter: "bilinear" },
        { op: "center_crop", height: 64, width: 64 },
      ],
    },
  ],
  samples: [
    { name: "critics.drawn", shape: [1, 8], distribution: normal(0, 1) },
    { name: "critics.drawn2", shape: [1, 8], distribution: normal(0, 1) },
    { name: "coders.drawn", shape: [1, 8], distribution: normal(0, 1) },
    { name: "coders.drawn2", shape: [1, 8], distribution: normal(0, 1) },
  ],
  create: training,
};
