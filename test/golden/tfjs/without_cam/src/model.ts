import type { TrainingModel } from "./lib/training.js";
import { training } from "./train.js";

// What a run of specs/ugatit.gan is told beside its step.

/** Every param of the spec, and its value. */
const settings = {
  size: "64",
  load_size: "94",
  ch: "16",
  blocks: "2",
  global_depth: "6",
  local_depth: "5",
  light: "true",
  rate: "0.0001",
  weights: "{ adversarial: 1, cycle: 10, identity: 10, cam: 1000, penalty: 0 }",
  biases: "false",
  affine: "false",
  unbiased: "true",
  rho: "0.9",
  smoothing: "0",
  down_pad: "reflect(1)",
  style_width: "64",
  channels_last: "false",
  shared_classifier: "false",
  classifier_bias: "false",
  spectral_scale: "false",
  critic_weight: "spectral",
  critic_pad: "reflect(1)",
  patch_bias: "false",
  critic_loss: "mse",
  generator_loss: "mse",
  probe: "Between",
  penalty: "two_sided",
  penalty_on_cam: "true",
  initial: "none",
  critic_steps: "1",
  fresh_batch: "false",
  decay: "0.0001",
  decay_on: "all",
  eps_form: "corrected",
  rate_held: "0",
  prepare: "random_flip |> resize(94) |> random_crop(64)",
  prepare_A: "random_flip |> resize(94) |> random_crop(64)",
  prepare_B: "random_flip |> resize(94) |> random_crop(64)",
  test_prepare: "resize(64)",
  encoder_norm: "IN(affine: false)",
  decoder_norm: "AdaLIN(start: 0.9, smoothing: 0, unbiased: true)",
  upsample_norm: "ILN(unbiased: true)",
  cam: "CAM(bias: false)",
  generator_head: "Plain",
  discriminator_head: "Plain",
};

/** How the spec was compiled. */
const notes = {
  path: "specs/ugatit.gan",
  set: ["size=64", "ch=16", "blocks=2", "global_depth=6"],
  variants: ["without_cam"],
  imports: {},
};

/** The spec: checkpoints carry it, so that ganc can compile it again from them. */
const source = `// U-GAT-IT (Kim et al., ICLR 2020): unpaired image translation with CAM attention and AdaLIN.
// In the dialect of its PyTorch code (znxlwm/UGATIT-pytorch). \`--variant tensorflow\` is the TensorFlow code (taki0112/UGATIT), from
// which the paper's own numbers came, with the full model: \`--variant tensorflow --variant full\`.

import { IN, ILN, AdaLIN, LN, GN, AdaIN } from "std/norms"
import { CAM, SharedCAM, Plain } from "std/heads"
import { spectral } from "std/reparams"
import { mse, bce, l1, hinge, critic_score } from "std/losses"
import { Between, Near, two_sided, one_sided } from "std/penalties"

param size: int = 256 where size % 4 == 0  "height and width of the images, in pixels"
param load_size: int = size + 30           "pictures are enlarged to this before the random crop"
param ch: int = 64                         "channels of the first layer"
param blocks: int = 4                      "residual blocks on each side of the bottleneck"
param global_depth: int = 7                "layers of the critic that sees the whole picture (6 at 64 px)"
param local_depth: int = 5                 "layers of the critic that sees 70-pixel patches"
param light: bool = true                   "pool before the style MLP: 10.6 M parameters instead of 279 M"
param rate: float = 1e-4                   "Adam's learning rate before the schedule"
param weights = { adversarial: 1.0, cycle: 10.0, identity: 10.0, cam: 1000.0, penalty: 0.0 }

// Where the published codes differ, each choice by itself; what stands here is the PyTorch code's.
// The generators:
param biases: bool = false         "a bias on every convolution and linear map"
param affine: bool = false         "instance norm learns a gain and a shift"
param unbiased: bool = true        "variances of AdaLIN and LIN divide by n - 1, not by n"
param rho: float = 0.9             "where AdaLIN's rho begins"
param smoothing: float = 0.0       "taken off AdaLIN's rho before it counts"
param down_pad = reflect(1)        "around what a convolution of stride 2 sees"
param style_width: int = 4 * ch    "units of the style MLP's hidden layers"
param channels_last: bool = false  "full: the style MLP reads the features in the order h, w, c"
// The attention of both:
param shared_classifier: bool = false  "one classifier for both pools, not one each"
param classifier_bias: bool = false    "classifiers have a bias, which is part of the features' scale, too"
param spectral_scale: bool = false     "critics scale features by the normalised classifier, not the raw one"
// The critics:
param critic_weight: Reparam = spectral  "what stands for a weight; plain: no spectral norm"
param critic_pad = reflect(1)            "around what a convolution of stride 1 sees"
param patch_bias: bool = biases          "a bias on the last convolution"
// The losses:
param critic_loss: Loss = mse      "mse, bce, hinge or critic_score"
param generator_loss: Loss = mse   "mse, bce or critic_score"
param probe: Block = Between       "where weights.penalty looks at a critic's slope: Between or Near"
param penalty: Loss = two_sided    "what it asks of the slope: two_sided or one_sided"
param penalty_on_cam: bool = true  "it looks at the slope of the CAM logits, too"
// The training:
param initial: Init = none        "how weights begin; none: as PyTorch's layers do"
param critic_steps: int = 1       "updates of the critics for each of the generators"
param fresh_batch: bool = false   "generators learn from pictures of their own, not from the critics'"
param decay: float = 1e-4         "weight decay"
param decay_on: word = all        "all: of biases, norms and rho, too; weights: of kernels alone"
param eps_form: word = corrected  "Adam adds eps to the root of the corrected second moment, or (hat) of the other"
param rate_held: int = 0          "steps of one rate, an epoch of the TensorFlow code; 0: each step has its own"
// The pictures:
param prepare = random_flip |> resize(load_size) |> random_crop(size)  "what is done to a picture"
param prepare_A = prepare          "what is done to one of A's"
param prepare_B = prepare          "what is done to one of B's"
param test_prepare = resize(size)  "what is done to one that is to be translated"

param encoder_norm: Norm = IN(affine: affine)
param decoder_norm: Norm(gamma, beta) = AdaLIN(start: rho, smoothing: smoothing, unbiased: unbiased)  // offers style inputs
param upsample_norm: Norm = ILN(unbiased: unbiased)
param cam: Head = if shared_classifier { SharedCAM(bias: classifier_bias) } else { CAM(bias: classifier_bias) }
param generator_head: Head = cam
param discriminator_head: Head = if spectral_scale { cam(scale_by: critic_weight) } else { cam }

block Residual(x: image[C, H, W], norm: Norm) {
  return x + (x
    |> conv(C, 3, pad: reflect(1), bias: biases) |> norm |> relu
    |> conv(C, 3, pad: reflect(1), bias: biases) |> norm)
}

network Generator(x: image[3, H, W]) {
  let content = x
    |> conv(ch, 7, pad: reflect(3), bias: biases) |> encoder_norm |> relu
    |> repeat(2 as i) { conv(ch * 2^(i + 1), 3, stride: 2, pad: down_pad, bias: biases) |> encoder_norm |> relu }
    |> repeat(blocks) { Residual(norm: encoder_norm) }

  let attention = generator_head(content, activation: relu)

  let seen = if light {
    mean(attention.features, over: (h, w))
  } else if channels_last {
    flatten(attention.features, order: (h, w, c))
  } else {
    flatten(attention.features)
  }
  let style = seen |> repeat(2) { linear(style_width, bias: biases) |> relu }
  let gamma = style |> linear(4 * ch, bias: biases)
  let beta = style |> linear(4 * ch, bias: biases)

  let image = attention.features
    |> repeat(blocks) { Residual(norm: decoder_norm(gamma: gamma, beta: beta)) }
    |> repeat(2 as i) { upsample(2) |> conv(ch * 2^(1 - i), 3, pad: reflect(1), bias: biases) |> upsample_norm |> relu }
    |> conv(3, 7, pad: reflect(3), bias: biases) |> tanh

  return { image, logits: attention.logits, heatmap: attention.heatmap }
}

network Discriminator(x: image[3, H, W], depth: int) {
  let act = leaky_relu(0.2)
  let features = x
    |> repeat(depth - 2 as i) { conv(ch * 2^i, 4, stride: 2, pad: reflect(1), weight: critic_weight) |> act }
    |> conv(ch * 2^(depth - 2), 4, pad: critic_pad, weight: critic_weight) |> act
  let attention = discriminator_head(features, activation: act, weight: critic_weight)
  let patches = attention.features |> conv(1, 4, pad: critic_pad, bias: patch_bias, weight: critic_weight)
  return { patches, logits: attention.logits, heatmap: attention.heatmap }
}

train {
  // Two unpaired folders, and their next pictures, drawn only where \`fresh_batch\` asks for them.
  data A: image[3, size, size] = if training { prepare_A } else { test_prepare }
  data B: image[3, size, size] = if training { prepare_B } else { test_prepare }
  data A2: A
  data B2: B

  net AB, BA: Generator init initial
  net DA, DB: [Discriminator(depth: global_depth), Discriminator(depth: local_depth)] init initial

  let a = if fresh_batch { A2 } else { A }
  let b = if fresh_batch { B2 } else { B }
  let directions = [
    { from: A, to: B, later_from: a, later_to: b, go: AB, back: BA, critics: DB },
    { from: B, to: A, later_from: b, later_to: a, go: BA, back: AB, critics: DA },
  ]

  phase discriminators trains DA, DB {
    for d in directions {
      let made = d.go(d.from).image
      for D in d.critics {
        let real = D(d.to)
        let fake = D(made)
        loss adversarial += weights.adversarial * (critic_loss(real.patches, 1) + critic_loss(fake.patches, 0))
        loss cam         += weights.adversarial * (critic_loss(real.logits, 1) + critic_loss(fake.logits, 0))
      }
      let points = if weights.penalty > 0 { [probe(d.to, made)] } else { [] }
      for at in points, D in d.critics {
        let probed = D(at)
        let judged = if penalty_on_cam { [probed.patches, probed.logits] } else { [probed.patches] }
        for scores in judged {
          loss penalty += weights.penalty * penalty(gradient(of: sum(scores), by: at))
        }
      }
    }
  }

  phase generators trains AB, BA when (step - 1) % critic_steps == 0 {
    for d in directions {
      let fake = d.go(d.later_from)
      let same = d.go(d.later_to)
      for D in d.critics {
        let seen = D(fake.image)
        loss adversarial += weights.adversarial * (generator_loss(seen.patches, 1) + generator_loss(seen.logits, 1))
      }
      loss cycle    += weights.cycle * l1(d.back(fake.image).image, d.later_from)
      loss identity += weights.identity * l1(same.image, d.later_to)
      loss cam      += weights.cam * (bce(fake.logits, 1) + bce(same.logits, 0))
    }
  }

  optimizer discriminators, generators = adam(
    rate: rate,
    betas: (0.5, 0.999),
    eps: 1e-8,
    eps_form: eps_form,
    decay: decay,
    decay_on: decay_on,
  )
  schedule rate = constant for 50%, then linear to 0, held for rate_held steps
  batch 1
  length 1_000_000 steps
}

// What \`translate\` and the inference graphs offer.
export A2B(x: image[3, H, W]) = AB(x)
export B2A(x: image[3, H, W]) = BA(x)

variant full          { light = false }
variant without_cam   { generator_head = Plain, discriminator_head = Plain }
variant without_g_cam { generator_head = Plain }
variant without_d_cam { discriminator_head = Plain }
variant norm_in       { decoder_norm = IN, upsample_norm = IN }
variant norm_ln       { decoder_norm = LN, upsample_norm = LN }
variant norm_adain    { decoder_norm = AdaIN, upsample_norm = IN }
variant norm_gn       { decoder_norm = GN, upsample_norm = GN }

// Everything that the TensorFlow code does otherwise.
variant tensorflow {
  biases = true,
  affine = true,
  unbiased = false,
  rho = 1.0,
  smoothing = 0.1,
  down_pad = reflect(1, 0, 1, 0),
  channels_last = true,
  shared_classifier = true,
  classifier_bias = true,
  spectral_scale = true,
  critic_pad = reflect(1, 2, 1, 2),
  initial = normal(0, 0.02),
  fresh_batch = true,
  decay_on = weights,
  eps_form = hat,
  rate_held = 10_000,
  load_size = if size == 256 { size + 30 } else { size + 15 },
  prepare = resize(size, bilinear_corner)
    |> all_or_none(random_flip |> resize(load_size, bilinear_corner) |> random_crop(size)),
  test_prepare = resize(size, bilinear_cv2),
}

// Its other adversarial losses; least squares is the default of both.
variant gan     { critic_loss = bce, generator_loss = bce }
variant hinge   { critic_loss = hinge, generator_loss = critic_score }
variant wgan_gp { critic_loss = critic_score, generator_loss = critic_score, weights.penalty = 10.0 }
variant wgan_lp {
  critic_loss = critic_score,
  generator_loss = critic_score,
  weights.penalty = 10.0,
  penalty = one_sided,
}
variant dragan { critic_loss = bce, generator_loss = bce, weights.penalty = 10.0, probe = Near }
`;

export const model: TrainingModel = {
  origin: {
    name: "ugatit",
    hash: "2cabd5f8c2c38fd693c49a280a4f20407bd999dac672bff4eeac4173c55aa286",
    settings,
    notes,
    source,
  },
  batch: 1,
  length: { count: 1000000, unit: "steps" },
  schedule: [
    { kind: "constant", count: 50, unit: "percent" },
    { kind: "linear", to: 0 },
  ],
  data: [
    {
      name: "A",
      folder: "A",
      channels: 3,
      height: 64,
      width: 64,
      steps: [
        { op: "random_flip", p: 0.5 },
        { op: "resize", height: 94, width: 94, filter: "bilinear" },
        { op: "random_crop", height: 64, width: 64 },
      ],
      test: [{ op: "resize", height: 64, width: 64, filter: "bilinear" }],
    },
    {
      name: "B",
      folder: "B",
      channels: 3,
      height: 64,
      width: 64,
      steps: [
        { op: "random_flip", p: 0.5 },
        { op: "resize", height: 94, width: 94, filter: "bilinear" },
        { op: "random_crop", height: 64, width: 64 },
      ],
      test: [{ op: "resize", height: 64, width: 64, filter: "bilinear" }],
    },
  ],
  samples: [],
  create: training,
};
