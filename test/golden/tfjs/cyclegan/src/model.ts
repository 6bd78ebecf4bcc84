import { uniform } from "./lib/inits.js";
import type { TrainingModel } from "./lib/training.js";
import { training } from "./train.js";

// What a run of specs/cyclegan.gan is told beside its step.

/** Every param of the spec, and its value. */
const settings = {
  size: "64",
  ch: "16",
  channels_a: "3",
  channels_b: "3",
  blocks: "6",
  norm: "IN",
  gan: "mse",
  weights: "{ cycle: 10, identity: 0.5 }",
};

/** How the spec was compiled. */
const notes = { path: "specs/cyclegan.gan", set: ["size=64", "ch=16"], variants: [], imports: {} };

/** The spec: checkpoints carry it, so that ganc can compile it again from them. */
const source = `// CycleGAN (Zhu et al., ICCV 2017), in the dialect of its PyTorch code.

import { IN } from "std/norms"
import { mse, l1 } from "std/losses"

param size: int = 256 where size % 4 == 0
param ch: int = 64
param channels_a: int = 3
param channels_b: int = 3
param blocks: int = if size > 128 { 9 } else { 6 }
param norm: Norm = IN
param gan: Loss = mse
param weights = { cycle: 10.0, identity: 0.5 } where weights.identity == 0 or channels_a == channels_b

block Residual(x: image[C, H, W]) {
  return x + (x |> conv(C, 3, pad: reflect(1)) |> norm |> relu |> conv(C, 3, pad: reflect(1)) |> norm)
}

network Generator(x: image[_, H, W], out: int) {
  return x
    |> conv(ch, 7, pad: reflect(3)) |> norm |> relu
    |> repeat(2 as i) { conv(ch * 2^(i + 1), 3, stride: 2, pad: zero(1)) |> norm |> relu }
    |> repeat(blocks) { Residual }
    |> repeat(2 as i) { conv_transpose(ch * 2^(1 - i), 3, stride: 2, pad: 1, output_pad: 1) |> norm |> relu }
    |> conv(out, 7, pad: reflect(3)) |> tanh
}

network Patches(x: image[_, H, W]) {
  let act = leaky_relu(0.2)
  return x
    |> conv(ch, 4, stride: 2, pad: zero(1)) |> act
    |> repeat(2 as i) { conv(ch * 2^(i + 1), 4, stride: 2, pad: zero(1)) |> norm |> act }
    |> conv(ch * 8, 4, pad: zero(1)) |> norm |> act
    |> conv(1, 4, pad: zero(1))
}

train {
  data A: image[channels_a, size, size] = resize(size + 30, bicubic) |> random_crop(size) |> random_flip
  data B: image[channels_b, size, size] = resize(size + 30, bicubic) |> random_crop(size) |> random_flip

  net AB: Generator(out: channels_b) init normal(0, 0.02)
  net BA: Generator(out: channels_a) init normal(0, 0.02)
  net DA, DB: Patches                init normal(0, 0.02)

  // Named outside the phases: computed once, at the step's start. The critics see these fakes although the generators
  // have moved on by then.
  let fake_b = AB(A)
  let fake_a = BA(B)

  phase generators trains AB, BA {
    loss adversarial += gan(DB(fake_b), 1) + gan(DA(fake_a), 1)
    loss cycle       += weights.cycle * (l1(BA(fake_b), A) + l1(AB(fake_a), B))
    loss identity    += weights.cycle * weights.identity * (l1(AB(B), B) + l1(BA(A), A))
  }

  phase discriminators trains DA, DB {
    loss critic_a += 0.5 * (gan(DA(A), 1) + gan(DA(history(fake_a, 50)), 0))
    loss critic_b += 0.5 * (gan(DB(B), 1) + gan(DB(history(fake_b, 50)), 0))
  }

  optimizer generators, discriminators = adam(rate: 2e-4, betas: (0.5, 0.999))
  schedule rate = constant for 99 epochs, then linear to 0 over 101 epochs
  batch 1
  length 200 epochs
}

export A2B(x: image[channels_a, H, W]) = AB(x)
export B2A(x: image[channels_b, H, W]) = BA(x)
`;

export const model: TrainingModel = {
  origin: {
    name: "cyclegan",
    hash: "5980755ff1a6109621d6f01d9c023c7d2202968519159f9a058f93d55f8caaca",
    settings,
    notes,
    source,
  },
  batch: 1,
  length: { count: 200, unit: "epochs" },
  schedule: [
    { kind: "constant", count: 99, unit: "epochs" },
    { kind: "linear", to: 0, count: 101, unit: "epochs" },
  ],
  data: [
    {
      name: "A",
      folder: "A",
      channels: 3,
      height: 64,
      width: 64,
      steps: [
        { op: "resize", height: 94, width: 94, filter: "bicubic" },
        { op: "random_crop", height: 64, width: 64 },
        { op: "random_flip", p: 0.5 },
      ],
      test: [{ op: "resize", height: 64, width: 64, filter: "bicubic" }],
    },
    {
      name: "B",
      folder: "B",
      channels: 3,
      height: 64,
      width: 64,
      steps: [
        { op: "resize", height: 94, width: 94, filter: "bicubic" },
        { op: "random_crop", height: 64, width: 64 },
        { op: "random_flip", p: 0.5 },
      ],
      test: [{ op: "resize", height: 64, width: 64, filter: "bicubic" }],
    },
  ],
  samples: [
    { name: "discriminators.history1.place1", shape: [50], distribution: uniform(0, 1) },
    { name: "discriminators.history1.coin1", shape: [], distribution: uniform(0, 1) },
    { name: "discriminators.history2.place1", shape: [50], distribution: uniform(0, 1) },
    { name: "discriminators.history2.coin1", shape: [], distribution: uniform(0, 1) },
  ],
  create: training,
};
