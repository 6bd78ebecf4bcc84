// A hundred steps of float32 training on real pictures: each engine beside PyTorch, or TensorFlow, in float32 and in float64, from equal weights
// and the same batches. Kept of it are the losses: test/golden/parity/training.json.gz holds PyTorch's, of five seeds; training-tensorflow.json.gz
// TensorFlow's, of three.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Compiled } from "../../compiler/compile";
import type { Engine } from "../../runtime/engine/types";
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
  /** In float32, by what computed it: PyTorch as published and tuned, the same mathematics rounded in another order. */
  readonly float32: Readonly<Record<string, Losses>>;
}

export interface Training {
  readonly madeBy: string;
  readonly config: unknown;
  readonly runs: readonly Run[];
}

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
  /** The published code's losses from these values and batches. */
  readonly losses: (python: string, from: Reference, batches: readonly Feeds[], dtype: "float64" | "float32", kind: string) => Promise<Losses>;
  /** Of float32; the first one's float64 is what is right. */
  readonly kinds: readonly string[];
}

const set = [...Object.entries(SIZES).map(([k, v]) => `${k}=${v}`), "load_size=36"];
const HELD = 20;
const tensorflow: TfCase = { name: "training", config: { ...TENSORFLOW, rate_held: HELD }, sizes: SIZES, steps: [], total: TOTAL };

export const DIALECTS: readonly Dialect[] = [
  {
    name: "PyTorch", seeds: [1, 2, 3, 4, 5], short: STEPS, compile: () => compileVariant("base", set), golden: "training", config: { ...SIZES, length: TOTAL }, kinds: ["published", "tuned"],
    losses: async (python, from, batches, dtype, kind) => {
      const question = { steps: [batches.length], dtype, kind: kind as "published" | "tuned", batch: (step: number) => batches[step - 1]! };
      const [told] = await askPyTorch(python, [{ config: SIZES, from, question }]);
      return byName(from, batches, (step, name) => told!.get(`step.${step}.loss.${name}`)!.data[0]!);
    },
  },
  {
    name: "TensorFlow", seeds: [1, 2, 3], short: 20, compile: () => compileVariant("tensorflow", [...set, `rate_held=${HELD}`]), golden: "training-tensorflow", config: configOf(tensorflow),
    kinds: ["published"],
    losses: async (python, from, batches, dtype) => {
      const question = { dtype, from, feeds: (step: number) => batches[step - 1]!, losses: batches.length };
      const [told] = await askTensorFlow(python, [{ c: tensorflow, compiled: from.compiled, question }]);
      return byName(from, batches, (step, name) => told![0]!.get(`${step}.loss.${name}`)![0]!);
    },
  },
];

const byName = ({ program }: Reference, batches: readonly Feeds[], of: (step: number, name: string) => number): Losses =>
  Object.fromEntries(program.losses.map(({ name }) => [name, batches.map((_, i) => of(i + 1, name))]));

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

export async function trainEngine(engine: Engine, from: Reference, batches: readonly Feeds[]): Promise<Losses> {
  load(engine, from);
  const losses: Record<string, number[]> = {};
  for (const [i, feeds] of batches.entries())
    for (const [name, value] of Object.entries(await stepEngine(engine, feeds, i + 1, TOTAL))) (losses[name] ??= []).push(value);
  return losses;
}

export async function publishedRun(dialect: Dialect, python: string, compiled: Compiled, seed: number, batches: readonly Feeds[]): Promise<Run> {
  const from = startOf(compiled, seed);
  const rounded = (losses: Losses): Losses => Object.fromEntries(Object.entries(losses).map(([name, list]) => [name, list.map((v) => Number(v.toPrecision(9)))]));
  const of = async (dtype: "float64" | "float32", kind: string): Promise<Losses> => rounded(await dialect.losses(python, from, batches, dtype, kind));
  const [first = ""] = dialect.kinds;
  const float32: Record<string, Losses> = {};
  for (const kind of dialect.kinds) float32[kind] = await of("float32", kind);
  return { seed, inputs: fingerprint(from), batches: digestOfBatches(batches), float64: await of("float64", first), float32 };
}

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
