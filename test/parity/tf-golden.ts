// The golden files of the comparison with TensorFlow: test/golden/tensorflow/CASE.json.gz, what its float64 step gave in few numbers (digest.ts), and
// how far its later steps drift when every weight is perturbed by 1e-15 of itself.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Compiled } from "../../compiler/compile";
import { type Digest, digestOf, distance, norm, sizeOfDigest } from "./digest";
import { fingerprint, leastDrift, LEAST_DRIFT, ONE_STEP } from "./golden";
import { partsOf, type Quantities } from "./quantities";
import type { Reference } from "./reference";
import { beginTf, type TfCase } from "./tf-cases";
import { leastSize } from "./tf-oracle";

export interface TfGolden {
  readonly case: string;
  readonly madeBy: string;
  /** Of the oracle, as it read them. */
  readonly config: unknown;
  /** Of the first values: another one means that the golden file is of other weights. */
  readonly inputs: string;
  readonly quantities: Readonly<Record<string, Digest>>;
  /** Relative drift after the later steps, by quantity: the largest of the perturbed runs. */
  readonly drift: Readonly<Record<string, number>>;
}

const FOLDER = fileURLToPath(new URL("../../test/golden/tensorflow/", import.meta.url));

export function readTfGolden(name: string): TfGolden {
  const path = `${FOLDER}${name}.json.gz`;
  if (!existsSync(path)) throw new Error(`${path} is not there: ORACLE_PYTHON=... GANC_GOLDEN=write npx vitest run test/parity/tf.test.ts makes it`);
  return JSON.parse(gunzipSync(readFileSync(path)).toString("utf8")) as TfGolden;
}

export function writeTfGolden(golden: TfGolden): number {
  mkdirSync(FOLDER, { recursive: true });
  const bytes = gzipSync(JSON.stringify(golden), { level: 9 });
  writeFileSync(`${FOLDER}${golden.case}.json.gz`, bytes);
  return bytes.length;
}

const isLate = (name: string): boolean => partsOf(name).step > 1;
/** Of the first step 12 digits are a thousand times finer than the bound, and take two thirds of the room. */
const shortened = (name: string, d: Digest): Digest => (isLate(name) ? d : { count: d.count, numbers: d.numbers.map((v) => Number(v.toPrecision(12))) });

/**
 * Of an update the parameter follows. Of a single step Adam's moments are its gradients, and in the update; and two of the generators' calls
 * stand for all: the others, and the critics', are in the runs of several steps.
 */
function isKept(c: TfCase, name: string): boolean {
  const { kind } = partsOf(name);
  if (kind === "parameter") return false;
  return c.steps.length > 1 || !(kind.startsWith("moment") || (kind === "output" && !/\.output\.(AB|BA)\.fake\./.test(name)));
}

export const digestsOf = (c: TfCase, q: Quantities): Record<string, Digest> =>
  Object.fromEntries([...q].filter(([name]) => isKept(c, name)).map(([name, x]) => [name, shortened(name, digestOf(x))]));

export const fingerprintOf = (c: TfCase, compiled: Compiled): string => fingerprint(beginTf(c, compiled));

type SizeOf = (name: string) => number;

/** A difference's size as a part of what is right, or of the least that this counts as. */
const part = (name: string, error: number, size: number, sizeOf: SizeOf): number => (error === 0 ? 0 : error / Math.max(size, leastSize(name, sizeOf)));

/** As golden.ts has it for PyTorch: an update's drift is at least half a unit in its parameter's last place. */
export function tfDriftOf(from: Reference, plain: Quantities, perturbed: readonly Quantities[]): Record<string, number> {
  const sizeOf: SizeOf = (name) => norm(plain.get(name) ?? [NaN]);
  return Object.fromEntries([...plain].filter(([name]) => isLate(name)).map(([name, x]) => {
    const seen = perturbed.map((p) => part(name, norm(x.map((v, i) => v - p.get(name)![i]!)), norm(x), sizeOf));
    const least = /^(update|parameter)$/.test(partsOf(name).kind) ? leastDrift(from, name, norm(x)) : 0;
    return [name, Number(Math.max(least, ...seen).toExponential(2))];
  }));
}

/**
 * 1e-9 after one step; then ten times TensorFlow's drift. What is nothing but rounding on both sides (a bias without effect: its size is
 * less than it counts as) has the first step's bound throughout.
 */
export function tfAllowed({ drift }: Pick<TfGolden, "drift">, name: string, size: number, sizeOf: SizeOf): number {
  if (!isLate(name) || (partsOf(name).kind !== "loss" && size < leastSize(name, sizeOf))) return ONE_STEP;
  return 10 * Math.max(drift[name] ?? 0, LEAST_DRIFT);
}

export interface Told {
  readonly name: string;
  readonly difference: number;
  readonly bound: number;
}

const broken = ({ name, difference, bound }: Told): string[] => (difference <= bound ? [] : [`${name}: ${difference.toExponential(2)}, at most ${bound.toExponential(1)}`]);

/** Whole tensors. What differs by more than its bound, with how much; `tell` hears of every quantity. */
export function compareTensors(golden: Pick<TfGolden, "drift">, found: Quantities, wanted: Quantities, tell: (told: Told) => void): string[] {
  const sizeOf: SizeOf = (name) => norm(wanted.get(name) ?? [NaN]);
  return [...wanted].flatMap(([name, value]) => {
    const difference = part(name, norm(value.map((v, i) => v - found.get(name)![i]!)), norm(value), sizeOf);
    const told = { name, difference, bound: tfAllowed(golden, name, norm(value), sizeOf) };
    tell(told);
    return broken(told);
  });
}

/** The same with a golden file's digests, as far as `found` goes. */
export function compareDigests(c: TfCase, found: Quantities, golden: TfGolden, tell?: (told: Told) => void): string[] {
  const wanted = golden.quantities;
  const sizeOf: SizeOf = (name) => (wanted[name] ? sizeOfDigest(wanted[name]) : NaN);
  const last = Math.max(...[...found.keys()].map((name) => partsOf(name).step));
  const kept = [...found].filter(([name]) => isKept(c, name));
  const missing = Object.keys(wanted).filter((name) => partsOf(name).step <= last && !found.has(name)).map((name) => `${name}: we have none`);
  return [...missing, ...kept.flatMap(([name, value]) => {
    const right = wanted[name];
    if (!right) return [`${name}: TensorFlow has none`];
    const size = sizeOfDigest(right);
    const told = { name, difference: part(name, distance(digestOf(value), right), size, sizeOf), bound: tfAllowed(golden, name, size, sizeOf) };
    tell?.(told);
    return broken(told);
  })];
}
