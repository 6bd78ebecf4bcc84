// A hundred steps of float32 training on real pictures: each engine beside PyTorch in float32 and in float64, from equal weights and the
// same batches. Kept of it are the losses: test/golden/parity/training.json.gz holds PyTorch's, of five seeds.
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
import { compileVariant } from "./variants";

export const STEPS = 100;
export const SEEDS: readonly number[] = [1, 2, 3, 4, 5];
/** Small enough for a test; each loss moves by tens of percents in these steps. */
const SIZES = { size: 32, ch: 8, blocks: 2, global_depth: 5, local_depth: 4 };
/** Of the whole training: at its half the rate begins to fall. */
const TOTAL = 2 * STEPS;
const FOLDERS = { from: "emojione", to: "emojione-monotone", size: SIZES.size, heldOut: 1, count: 60 };

export const KINDS = ["published", "tuned"] as const;
export type Kind = (typeof KINDS)[number];

/** By the loss's name, step by step. */
export type Losses = Readonly<Record<string, readonly number[]>>;

export interface Run {
  readonly seed: number;
  /** Of the first values and of the batches: other ones mean that a golden file is of another training. */
  readonly inputs: string;
  readonly batches: string;
  readonly float64: Losses;
  /** In float32, as published and tuned: the same mathematics, rounded in another order. */
  readonly float32: Readonly<Record<Kind, Losses>>;
}

export interface Training {
  readonly madeBy: string;
  readonly config: unknown;
  readonly runs: readonly Run[];
}

export const compileTraining = (): Compiled => compileVariant("base", [...Object.entries(SIZES).map(([k, v]) => `${k}=${v}`), "load_size=36"]);

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

export function trainPyTorch(python: string, from: Reference, batches: readonly Feeds[], dtype: "float64" | "float32", kind: Kind): Losses {
  const told = askPyTorch(python, SIZES, from, { steps: [batches.length], dtype, kind, batch: (step) => batches[step - 1]! });
  const losses: Record<string, number[]> = {};
  for (const { name } of from.program.losses) losses[name] = batches.map((_, i) => told.get(`step.${i + 1}.loss.${name}`)!.data[0]!);
  return losses;
}

export function pyTorchRun(python: string, compiled: Compiled, seed: number, batches: readonly Feeds[]): Run {
  const from = startOf(compiled, seed);
  const rounded = (losses: Losses): Losses => Object.fromEntries(Object.entries(losses).map(([name, list]) => [name, list.map((v) => Number(v.toPrecision(9)))]));
  const of = (dtype: "float64" | "float32", kind: Kind): Losses => rounded(trainPyTorch(python, from, batches, dtype, kind));
  return {
    seed, inputs: fingerprint(from), batches: digestOfBatches(batches), float64: of("float64", "published"),
    float32: { published: of("float32", "published"), tuned: of("float32", "tuned") },
  };
}

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
/** Relative difference of each loss's mean over the steps, with its sign. */
export const meansApart = (found: Losses, wanted: Losses): Record<string, number> =>
  Object.fromEntries(Object.entries(wanted).map(([name, list]) => [name, mean(found[name] ?? []) / mean(list) - 1]));

export const readTraining = (): Training => JSON.parse(gunzipSync(readFileSync(goldenPath("training"))).toString("utf8")) as Training;

export function writeTraining(runs: readonly Run[]): number {
  const training: Training = { madeBy: "test/parity/training.test.ts: test/oracle/step_oracle.py", config: { ...SIZES, length: TOTAL, pictures: FOLDERS }, runs };
  const bytes = gzipSync(JSON.stringify(training), { level: 9 });
  writeFileSync(goldenPath("training"), bytes);
  return bytes.length;
}
