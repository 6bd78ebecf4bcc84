// What is compared with TensorFlow: the `tensorflow` variant, and each of its differences by itself, set apart from the PyTorch code's
// defaults; beside each the oracle's settings (test/oracle/tf_nets.py: Config) that mean the same.
import { compile, type Compiled } from "../../compiler/compile";
import { Random } from "../../compiler/random";
import { batchOf, JUDGES, SEED, tall } from "./cases";
import { type Feeds, Reference, sizeOf } from "./reference";
import { replaced, SPEC, UGATIT } from "./spec";

export interface TfCase {
  readonly name: string;
  readonly set?: readonly string[];
  readonly variants?: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  /** Other sizes than TINY. */
  readonly sizes?: Readonly<Record<string, number>>;
  readonly batch?: number;
  /** Changes of the spec's text. */
  readonly edit?: (text: string) => string;
  /** From the values a run begins with: rho stands on the edge of its range. */
  readonly unshaken?: boolean;
  /** Where everything is compared; the last one ends the run. */
  readonly steps: readonly number[];
  /** Of the whole training. */
  readonly total: number;
}

const TINY = { size: 24, ch: 4, blocks: 1, global_depth: 5, local_depth: 4 };
/** The smallest that the pads of a critic allow. */
const SMALLEST = { ...TINY, size: 16, global_depth: 4, local_depth: 3 };
/** Six epochs of four steps. */
const LONG = { steps: [1, 3, 20], total: 24 } as const;

/** `npm test` goes to the last step in this one, and as far as the third in the others; GANC_PARITY=all goes to the last in all. */
const WHOLE: ReadonlySet<string> = new Set(["tensorflow"]);
export const tfGoesTo = (c: TfCase): readonly number[] => (whole || WHOLE.has(c.name) ? c.steps : c.steps.filter((k) => k <= 3));

/**
 * What `npm test` asks a live TensorFlow, which takes seconds a step: cases in which each setting is on, together with others, and the first step of them; three
 * where steps differ by more than their weights. Settings one by one, and later steps, are held by the golden files; GANC_PARITY=all asks for everything.
 */
const LIVE = /^(tensorflow.*|mixed.*|pytorch|patches_penalty)$/;
const LIVE_LATER: ReadonlySet<string> = new Set(["tensorflow", "tensorflow_critics2"]);
const whole = process.env["GANC_PARITY"] === "all";
export const isLive = (c: TfCase): boolean => whole || LIVE.test(c.name);
export const tfLiveTo = (c: TfCase): readonly number[] => (whole ? c.steps : c.steps.filter((k) => k <= (LIVE_LATER.has(c.name) ? 3 : 1)));

/** One setting by itself: one step, in which everything of it shows. */
const flip = (name: string, set: readonly string[], config: Readonly<Record<string, unknown>>, more: Partial<TfCase> = {}): TfCase =>
  ({ name, set, config, steps: [1], total: 4, ...more });

/** All of `variant tensorflow`; a rate is held for one step unless said, so that three show its schedule. */
export const TENSORFLOW = {
  biases: true, affine: true, unbiased: false, smoothing: 0.1, down_pad: [1, 0, 1, 0], channels_last: true, shared_classifier: true,
  classifier_bias: true, spectral_scale: true, critic_pad: [1, 2, 1, 2], fresh_batch: true, decay_on: "weights", eps_form: "hat", rate_held: 1,
};
const tensorflow = (name: string, config: Readonly<Record<string, unknown>> = {}, more: Partial<TfCase> = {}): TfCase =>
  ({ name, config: { ...TENSORFLOW, ...config }, steps: [1, 3], total: 3, ...more, set: ["rate_held=1", ...(more.set ?? [])], variants: ["tensorflow", ...(more.variants ?? [])] });

const long = (name: string, config: Readonly<Record<string, unknown>> = {}, more: Partial<TfCase> = {}): TfCase =>
  tensorflow(name, { rate_held: 4, ...config }, { ...LONG, ...more, set: ["rate_held=4"] });

const LOSSES = [["gan", "gan"], ["hinge", "hinge"], ["wgan_gp", "wgan-gp"], ["wgan_lp", "wgan-lp"], ["dragan", "dragan"]] as const;

export const TF_CASES: readonly TfCase[] = [
  long("tensorflow"),
  long("tensorflow_full", { light: false }, { variants: ["full"] }),
  long("tensorflow_tall", {}, { edit: tall(32, 24) }),
  long("tensorflow_batch3", {}, { sizes: SMALLEST, batch: 3 }),
  tensorflow("tensorflow_full_batch3", { light: false }, { variants: ["full"], sizes: SMALLEST, batch: 3, steps: [1] }),
  tensorflow("tensorflow_base", {}, { sizes: { ...TINY, size: 32, blocks: 2 }, unshaken: true }),
  tensorflow("tensorflow_larger", {}, { sizes: { ...TINY, size: 48 }, steps: [1] }),
  tensorflow("tensorflow_critics2", { critic_steps: 2 }, { set: ["critic_steps=2"] }),
  tensorflow("tensorflow_plain", { critic_weight: "plain" }, { set: ["critic_weight=plain"], steps: [1] }),
  ...LOSSES.map(([variant, gan]) => tensorflow(`tensorflow_${variant}`, { gan }, { variants: [variant], steps: [1] })),
  // Halves of the settings, against each other: each is a choice of its own only if it goes with the others' other values, too.
  flip("mixed", ["biases=true", "shared_classifier=true", "smoothing=0.1", "down_pad=reflect(1, 0, 1, 0)", "fresh_batch=true", "decay_on=weights", "light=false"], {
    biases: true, shared_classifier: true, smoothing: 0.1, down_pad: [1, 0, 1, 0], fresh_batch: true, decay_on: "weights", light: false, gan: "hinge",
  }, { variants: ["hinge"] }),
  flip("mixed_others", ["affine=true", "unbiased=false", "classifier_bias=true", "spectral_scale=true", "critic_pad=reflect(1, 2, 1, 2)", "patch_bias=true", "eps_form=hat", "light=false", "channels_last=true", "style_width=6"], {
    affine: true, unbiased: false, classifier_bias: true, spectral_scale: true, critic_pad: [1, 2, 1, 2], patch_bias: true, eps_form: "hat", light: false, channels_last: true,
    style_width: 6, gan: "wgan-lp",
  }, { variants: ["wgan_lp"], batch: 2 }),
  // From here on one setting each, beside the PyTorch code's defaults.
  { ...flip("pytorch", [], {}), steps: [1, 3] },
  flip("biases", ["biases=true", "patch_bias=false"], { biases: true, patch_bias: false }),
  flip("patch_bias", ["patch_bias=true"], { patch_bias: true }),
  flip("affine", ["affine=true"], { affine: true }),
  flip("biased_variance", ["unbiased=false"], { unbiased: false }),
  flip("smoothing", ["smoothing=0.1"], { smoothing: 0.1 }),
  flip("down_pad", ["down_pad=reflect(1, 0, 1, 0)"], { down_pad: [1, 0, 1, 0] }),
  flip("critic_pad", ["critic_pad=reflect(1, 2, 1, 2)"], { critic_pad: [1, 2, 1, 2] }),
  flip("style_width", ["style_width=6"], { style_width: 6 }),
  flip("channels_last", ["light=false", "channels_last=true"], { light: false, channels_last: true }),
  flip("shared_classifier", ["shared_classifier=true"], { shared_classifier: true }),
  flip("classifier_bias", ["classifier_bias=true"], { classifier_bias: true }),
  flip("spectral_scale", ["spectral_scale=true"], { spectral_scale: true }),
  flip("no_spectral_norm", ["critic_weight=plain"], { critic_weight: "plain" }),
  ...LOSSES.map(([variant, gan]) => flip(variant, [], { gan }, { variants: [variant] })),
  flip("patches_penalty", ["penalty_on_cam=false"], { gan: "wgan-gp", penalty_on_cam: false }, { variants: ["wgan_gp"] }),
  flip("critic_steps", ["critic_steps=2"], { critic_steps: 2 }, { steps: [1, 3] }),
  flip("fresh_batch", ["fresh_batch=true"], { fresh_batch: true }),
  flip("decay_on", ["decay_on=weights"], { decay_on: "weights" }),
  flip("eps_form", ["eps_form=hat"], { eps_form: "hat" }, { steps: [1, 3] }),
  flip("rate_held", ["rate_held=1"], { rate_held: 1 }, { steps: [1, 3], total: 3 }),
];

export const configOf = (c: TfCase): Record<string, unknown> => ({ ...TINY, ...c.sizes, ...c.config, length: c.total });

export function compileTf(c: Pick<TfCase, "name" | "set" | "variants" | "batch" | "sizes" | "edit">): Compiled {
  const batched = c.batch === undefined ? UGATIT : replaced(UGATIT, "batch 1\n", `batch ${c.batch}\n`);
  const text = (c.edit ? c.edit(batched) : batched) + JUDGES;
  const set = [...Object.entries({ ...TINY, ...c.sizes }).map(([k, v]) => `${k}=${v}`), ...(c.set ?? [])];
  const compiled = compile({ path: SPEC, text }, { set, variants: [...(c.variants ?? [])] });
  if (!compiled.program) throw new Error(`${c.name} does not compile: ${compiled.diagnostics.map((d) => `${d.code} ${d.message}`).join("; ")}`);
  return compiled;
}

/** First values as a run draws them, and what begins as a constant (rho, gains, biases) drawn as well: constants hide formulas. */
export function beginTf(c: Pick<TfCase, "total" | "unshaken">, compiled: Compiled, seed = SEED): Reference {
  const reference = new Reference(compiled, c.total).initialize(seed);
  if (c.unshaken) return reference;
  for (const { name, init, within } of reference.program.params) {
    if (init.kind !== "constant") continue;
    const random = Random.of(seed, `shake ${name}`);
    const values = reference.get(`param:${name}`);
    for (let i = 0; i < values.length; i++) values[i] = within ? 0.02 + 0.98 * random.unit() : init.value + 0.2 * (2 * random.unit() - 1);
  }
  return reference;
}

/** The pictures and draws of a step. */
export function feedsTf(compiled: Compiled, step: number, seed = SEED): Feeds {
  const samples = compiled.program!.samples.map(({ name, shape }) => {
    const random = Random.of(seed, `sample ${name} of step ${step}`);
    return [name, Float64Array.from({ length: sizeOf(shape) }, () => random.unit())] as const;
  });
  return { ...batchOf(compiled, step, seed), samples: Object.fromEntries(samples) };
}
