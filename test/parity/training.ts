// A hundred steps of float32 training on real pictures: each engine beside PyTorch, or TensorFlow, in float32 and in float64, from equal weights
// and the same batches. Kept of it are the losses of five seeds: test/golden/parity/training.json.gz holds PyTorch's, training-tensorflow.json.gz
// TensorFlow's, and how far the means move if TensorFlow begins with weights that are rounded otherwise.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Compiled } from "../../compiler/compile";
import type { Engine } from "../../runtime/engine/types";
import { Random } from "../../compiler/random";
import { renderEmoji } from "../../runtime/data/emoji";
import { openData } from "../../runtime/train/data";
import { begin } from "./cases";
import { load, stepEngine } from "./engines";
import { fingerprint, goldenPath } from "./golden";
import { askPyTorch } from "./oracle";
import type { Feeds, Reference } from "./reference";
import { configOf, TENSORFLOW, type TfCase } from "./tf-cases";
import { askTensorFlow } from "./tf-oracle";
import { compileVariant } from "./variants";

export const STEPS = 100;
/** Small enough for a test; each loss moves by tens of percents in these steps. */
const SIZES = { size: 32, ch: 8, blocks: 2, global_depth: 5, local_depth: 4 };
/** Of the whole training: at its half the rate begins to fall. */
const TOTAL = 2 * STEPS;
const FOLDERS = { from: "emojione", to: "emojione-monotone", size: SIZES.size, heldOut: 1, count: 60 };

/** By the loss's name, step by step. */
export type Losses = Readonly<Record<string, readonly number[]>>;

export interface Run {
  readonly seed: number;
  /** Of the first values and of the batches: other ones mean that a golden file is of another training. */
  readonly inputs: string;
  readonly batches: string;
  readonly float64: Losses;
  /** In float32, by what computed it: as published, and the same mathematics rounded in another order (PyTorch's tuned, TensorFlow's patches). */
  readonly float32: Readonly<Record<string, Losses>>;
  /** By precision: each loss's mean less float64's, as a part of it, one number for each draw of `shaken` first values. */
  readonly spread?: Readonly<Record<Precision, Means>>;
}

export type Precision = "float64" | "float32";
export type Means = Readonly<Record<string, readonly number[]>>;

export interface Training {
  readonly madeBy: string;
  readonly config: unknown;
  readonly runs: readonly Run[];
}

/** What a seed's run is given. */
export interface Start {
  readonly seed: number;
  readonly from: Reference;
  readonly batches: readonly Feeds[];
}

export interface How {
  readonly dtype: Precision;
  readonly kind: string;
  /** So many runs more, from first values that are multiplied by 1 + ROUNDING · normal. */
  readonly draws: number;
}

/** float32's unit roundoff: what such a number may be off by, as a part of itself. */
export const ROUNDING = 2 ** -24;

/** Whose training it is. */
export interface Dialect {
  readonly name: string;
  readonly seeds: readonly number[];
  /** Steps that `npm test` looks at; GANC_PARITY=all at all of them. */
  readonly short: number;
  readonly compile: () => Compiled;
  /** The golden file's name, and what the oracle was told. */
  readonly golden: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** The published code's losses from each start, its own and those of the draws. */
  readonly losses: (python: string, starts: readonly Start[], how: How) => Promise<readonly (readonly Losses[])[]>;
  /** Of float32; the first one's float64 is what is right. */
  readonly kinds: readonly string[];
  /** Draws of `spread`. */
  readonly draws: number;
}

const set = [...Object.entries(SIZES).map(([k, v]) => `${k}=${v}`), "load_size=36"];
const HELD = 20;
const tensorflow: TfCase = { name: "training", config: { ...TENSORFLOW, rate_held: HELD }, sizes: SIZES, steps: [], total: TOTAL };

export const DIALECTS: readonly Dialect[] = [
  {
    name: "PyTorch", seeds: [1, 2, 3, 4, 5], short: STEPS, compile: () => compileVariant("base", set), golden: "training", config: { ...SIZES, length: TOTAL }, kinds: ["published", "tuned"], draws: 0,
    losses: async (python, starts, { dtype, kind }) => {
      const how = { dtype, kind: kind as "published" | "tuned" };
      const told = await askPyTorch(python, starts.map(({ from, batches }) => ({ config: SIZES, from, question: { ...how, steps: [batches.length], batch: (step: number) => batches[step - 1]! } })));
      return starts.map((start, i) => [byName(start, (step, name) => told[i]!.get(`step.${step}.loss.${name}`)!.data[0]!)]);
    },
  },
  {
    name: "TensorFlow", seeds: [1, 2, 3, 4, 5], short: 20, compile: () => compileVariant("tensorflow", [...set, `rate_held=${HELD}`]), golden: "training-tensorflow", config: configOf(tensorflow),
    kinds: ["published", "patches"], draws: 8,
    losses: async (python, starts, { dtype, kind, draws }) => {
      const perturbed = Array.from({ length: draws }, (_, i) => i + 1);
      const how = { dtype, kind: kind as "published" | "patches", perturbed, by: ROUNDING };
      const told = await askTensorFlow(python, starts.map(({ from, batches }) => ({
        c: tensorflow, compiled: from.compiled, question: { ...how, from, feeds: (step: number) => batches[step - 1]!, losses: batches.length },
      })));
      return starts.map((start, i) => told[i]!.map((each) => byName(start, (step, name) => each.get(`${step}.loss.${name}`)![0]!)));
    },
  },
];

const byName = ({ from, batches }: Start, of: (step: number, name: string) => number): Losses =>
  Object.fromEntries(from.program.losses.map(({ name }) => [name, batches.map((_, i) => of(i + 1, name))]));

/** Pictures of two sets of emoji, under `out`. */
export const drawPictures = async (out: string): Promise<void> => void (await renderEmoji({ ...FOLDERS, out }));

/** The batches of a seed as a run would read them: flipped, resized, cropped. */
export async function batchesOf(compiled: Compiled, folder: string, seed: number): Promise<readonly Feeds[]> {
  const source = await openData(compiled.program!, { folder, seed });
  const batches: Feeds[] = [];
  for (let step = 1; step <= STEPS; step++) batches.push({ data: Object.fromEntries(Object.entries(await source.next()).map(([name, x]) => [name, Float64Array.from(x)])) });
  source.close();
  return batches;
}

export function digestOfBatches(batches: readonly Feeds[]): string {
  const hash = createHash("sha256");
  for (const { data } of batches) for (const [name, x] of Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(name).update(Float32Array.from(x));
  return hash.digest("hex").slice(0, 16);
}

/** What a run under the seed begins with. */
export const startOf = (compiled: Compiled, seed: number): Reference => begin({ shaken: false, total: TOTAL }, compiled, seed);

/** The same, every weight and spectral vector multiplied by 1 + ROUNDING · normal; draw 0 is as it was. */
export function shaken(compiled: Compiled, seed: number, draw: number): Reference {
  const from = startOf(compiled, seed);
  if (draw === 0) return from;
  for (const [name, { data }] of from.store) {
    const random = Random.of(draw, name);
    for (const [i, v] of data.entries()) data[i] = v * (1 + ROUNDING * random.normals()[0]);
  }
  return from;
}

export async function trainEngine(engine: Engine, from: Reference, batches: readonly Feeds[]): Promise<Losses> {
  load(engine, from);
  const losses: Record<string, number[]> = {};
  for (const [i, feeds] of batches.entries())
    for (const [name, value] of Object.entries(await stepEngine(engine, feeds, i + 1, TOTAL))) (losses[name] ??= []).push(value);
  return losses;
}

/** The golden file's runs: each kind of all seeds by one process, whose graphs take longer to make than a run. */
export async function publishedRuns(dialect: Dialect, python: string, starts: readonly Start[]): Promise<Run[]> {
  const rounded = (losses: Losses): Losses => Object.fromEntries(Object.entries(losses).map(([name, list]) => [name, list.map((v) => Number(v.toPrecision(9)))]));
  const [first = "", ...others] = dialect.kinds;
  const { draws } = dialect;
  const float64 = await dialect.losses(python, starts, { dtype: "float64", kind: first, draws });
  const float32 = await dialect.losses(python, starts, { dtype: "float32", kind: first, draws });
  const more = new Map<string, readonly (readonly Losses[])[]>();
  for (const kind of others) more.set(kind, await dialect.losses(python, starts, { dtype: "float32", kind, draws: 0 }));
  return starts.map(({ seed, from, batches }, i) => {
    const right = rounded(float64[i]![0]!);
    const spread = { float64: spreadOf(float64[i]!.slice(1), right), float32: spreadOf(float32[i]!.slice(1), right) };
    const kinds = { [first]: rounded(float32[i]![0]!), ...Object.fromEntries([...more].map(([kind, told]) => [kind, rounded(told[i]![0]!)])) };
    return { seed, inputs: fingerprint(from), batches: digestOfBatches(batches), float64: right, float32: kinds, ...(draws > 0 ? { spread } : {}) };
  });
}

const spreadOf = (draws: readonly Losses[], right: Losses): Means =>
  Object.fromEntries(Object.keys(right).map((name) => [name, draws.map((losses) => Number(meansApart(losses, right)[name]!.toExponential(3)))]));

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
/** Relative difference of each loss's mean over the steps that were taken, with its sign. */
export const meansApart = (found: Losses, wanted: Losses): Record<string, number> =>
  Object.fromEntries(Object.entries(wanted).map(([name, list]) => [name, mean(found[name] ?? []) / mean(list.slice(0, found[name]?.length)) - 1]));

export const readTraining = ({ golden }: Dialect): Training => JSON.parse(gunzipSync(readFileSync(goldenPath(golden))).toString("utf8")) as Training;

export function writeTraining({ golden, config }: Dialect, runs: readonly Run[]): number {
  const training: Training = { madeBy: "test/parity/training.test.ts: test/oracle/step_oracle.py and tf_step.py", config: { ...config, pictures: FOLDERS }, runs };
  const bytes = gzipSync(JSON.stringify(training), { level: 9 });
  writeFileSync(goldenPath(golden), bytes);
  return bytes.length;
}
