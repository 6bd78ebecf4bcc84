// What is compared with PyTorch: small copies of specs/ugatit.gan, each beside the oracle's settings that mean the same.
import { compile, type Compiled } from "../../compiler/compile";
import { Random } from "../../compiler/random";
import { type Feeds, Reference, sizeOf } from "./reference";
import { readSmooth, smoothSource } from "./smooth";
import { replaced, SPEC, UGATIT } from "./spec";

/** Steps of the whole training: the schedule halves the rate at the third of four steps. */
export const TOTAL = 4;
/** After these steps everything is compared, losses after each. */
const SHORT: readonly number[] = [1, 3];
const LONG = { steps: [1, 3, 20], total: 24 } as const;
export const SEED = 20;

export interface Case {
  readonly name: string;
  readonly set: readonly string[];
  readonly variant?: string;
  /** Changes of the spec's text. */
  readonly edit?: (text: string) => string;
  /** Settings of test/oracle/ugatit_nets.py: Config. */
  readonly config: Readonly<Record<string, unknown>>;
  /**
   * Constant first values (rho, gamma, beta) hide formulas: at rho = 0 half of ILN is never looked at. Shaken, they are drawn too;
   * unshaken, rho stands on the edge of its range, where the projection works.
   */
  readonly shaken: boolean;
  /** Where everything is compared; the last one ends the run. 1 and 3 unless given. */
  readonly steps?: readonly number[];
  /** Of the whole training; TOTAL unless given. */
  readonly total?: number;
}

/** `npm test` goes to the last step in these, and as far as the third in the others; GANC_PARITY=all goes to the last in all. */
const WHOLE: ReadonlySet<string> = new Set(["light", "full"]);
export const goesTo = (c: Case): readonly number[] => (process.env["GANC_PARITY"] === "all" || WHOLE.has(c.name) ? stepsOf(c) : stepsOf(c).filter((k) => k <= 3));
export const stepsOf = (c: Pick<Case, "steps">): readonly number[] => c.steps ?? SHORT;

const numbers = (c: Readonly<Record<string, number>>): string[] => Object.entries(c).map(([k, v]) => `${k}=${v}`);
const TINY = { size: 24, ch: 4, blocks: 1, global_depth: 5, local_depth: 4 };
const CH8 = { ...TINY, ch: 8 };
/** The smallest that the pads of a critic allow. */
const SMALLEST = { ...TINY, size: 16, global_depth: 4, local_depth: 3 };
const LARGER = { ...TINY, size: 48 };
const swap = (name: string, variant: string, config: Readonly<Record<string, unknown>>, size = TINY): Case => ({ name, set: numbers(size), variant, config: { ...size, ...config }, shaken: true });

export const tall = (h: number, w: number) => (text: string): string =>
  ["A", "B"].reduce((t, domain) => replaced(t, `image[3, size, size] = if training { prepare_${domain} } else { test_prepare }`, `image[3, ${h}, ${w}] = random_flip |> resize(${h + 8}, width: ${w + 8}) |> random_crop(${h}, width: ${w})`), text);

export const CASES: readonly Case[] = [
  // Two blocks and 32 px, from the values a run begins with.
  { name: "base", set: numbers({ ...TINY, size: 32, blocks: 2 }), config: { ...TINY, size: 32, blocks: 2 }, shaken: false },
  { name: "light", set: numbers(TINY), config: TINY, shaken: true, ...LONG },
  { ...swap("full", "full", { light: false }), ...LONG },
  swap("without_cam", "without_cam", { generator_head: "Plain", discriminator_head: "Plain" }),
  swap("without_g_cam", "without_g_cam", { generator_head: "Plain" }),
  swap("without_d_cam", "without_d_cam", { discriminator_head: "Plain" }),
  swap("norm_in", "norm_in", { decoder_norm: "IN", upsample_norm: "IN" }),
  swap("norm_ln", "norm_ln", { decoder_norm: "LN", upsample_norm: "LN" }),
  swap("norm_adain", "norm_adain", { decoder_norm: "AdaIN", upsample_norm: "IN" }),
  swap("norm_gn", "norm_gn", { decoder_norm: "GN", upsample_norm: "GN" }, CH8),
  { name: "tall", set: numbers(TINY), config: TINY, edit: tall(32, 24), shaken: true, ...LONG },
  { name: "batch3", set: numbers(SMALLEST), config: SMALLEST, edit: (t) => replaced(t, "batch 1\n", "batch 3\n"), shaken: true, ...LONG },
  { name: "larger", set: numbers(LARGER), config: LARGER, shaken: true, steps: [1] },
  { name: "smooth", set: numbers(TINY), config: { ...TINY, smooth: true }, edit: (text) => smoothSource(text).text, shaken: true },
  // Options of the norms: the TensorFlow code's, and UNIT's and MUNIT's layer norm.
  {
    name: "tensorflow_norms", shaken: true,
    set: [...numbers(TINY), "encoder_norm=IN(affine: true)", "decoder_norm=AdaLIN(start: 1.0, smoothing: 0.1, unbiased: false)", "upsample_norm=ILN(unbiased: false)"],
    config: {
      ...TINY, encoder_norm: { name: "IN", affine: true }, decoder_norm: { name: "AdaLIN", start: 1.0, smoothing: 0.1, unbiased: false },
      upsample_norm: { name: "ILN", unbiased: false },
    },
  },
  {
    name: "munit_norms", shaken: true,
    set: [...numbers(TINY), "encoder_norm=LN(form: std_plus_eps)", "decoder_norm=AdaIN(unbiased: true)", "upsample_norm=LN(form: std_plus_eps)"],
    config: {
      ...TINY, encoder_norm: { name: "LN", form: "std_plus_eps" }, decoder_norm: { name: "AdaIN", unbiased: true },
      upsample_norm: { name: "LN", form: "std_plus_eps" },
    },
  },
];

/** Exports of the critics, so that their outputs can be looked at as the generators' are. */
export const JUDGES = ["DA[0]", "DA[1]", "DB[0]", "DB[1]"].map((net) => `\nexport ${judgeOf(net)}(x: image[3, H, W]) = ${net}(x)`).join("");
/** `DA[0]` and `DA.0` → judgeDA0. */
export function judgeOf(net: string): string {
  return `judge${net.replace(/\W/g, "")}`;
}

export function compileCase(c: Pick<Case, "name" | "set" | "variant" | "edit">, without: readonly string[] = []): Compiled {
  const text = (c.edit ? c.edit(UGATIT) : UGATIT) + JUDGES;
  const compiled = compile({ path: SPEC, text }, { set: c.set, variants: c.variant ? [c.variant] : [], read: readSmooth, without });
  if (!compiled.program) throw new Error(`${c.name} does not compile: ${compiled.diagnostics.map((d) => `${d.code} ${d.message}`).join("; ")}`);
  return compiled;
}

/** The case's first values: drawn by our own seeded init, and shaken where the case says so. */
export function begin(c: Pick<Case, "shaken" | "total">, compiled: Compiled, seed = SEED): Reference {
  const reference = new Reference(compiled, c.total ?? TOTAL).initialize(seed);
  if (!c.shaken) return reference;
  for (const { name, init, within } of reference.program.params) {
    if (init.kind !== "constant") continue;
    const random = Random.of(seed, `shake ${name}`);
    const values = reference.get(`param:${name}`);
    for (let i = 0; i < values.length; i++) values[i] = within ? 0.05 + 0.9 * random.unit() : init.value + 0.2 * (2 * random.unit() - 1);
  }
  return reference;
}

/** The batch of a step: uniform in [-1, 1), another one each step. */
export function batchOf(compiled: Compiled, step: number, seed = SEED): Feeds {
  const { batch, data } = compiled.program!;
  const draw = (name: string, count: number): Float64Array => {
    const random = Random.of(seed, `batch ${name} of step ${step}`);
    return Float64Array.from({ length: count }, () => 2 * random.unit() - 1);
  };
  return { data: Object.fromEntries(data.map((d) => [d.name, draw(d.name, sizeOf([batch, d.channels, d.height, d.width]))])) };
}
