// The golden files of the comparison with PyTorch: test/golden/parity/CASE.json.gz. What PyTorch's float64 step gave, in few numbers
// (digest.ts), and how far its third step drifts when every weight is perturbed by 1e-15 of itself.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Digest, digestOf, norm } from "./digest";
import { partsOf, type Quantities } from "./quantities";
import type { Reference } from "./reference";
import type { TheirTensor } from "./names";

export interface Golden {
  readonly case: string;
  readonly madeBy: string;
  /** Of the oracle, as it read them. */
  readonly config: unknown;
  /** Of the first values and the names: another one means that the golden file is of other weights. */
  readonly inputs: string;
  /** Our name → PyTorch's. */
  readonly names: Readonly<Record<string, TheirTensor>>;
  readonly quantities: Readonly<Record<string, Digest>>;
  /** Relative drift after the later steps, by quantity: the largest of the perturbed runs. */
  readonly drift: Readonly<Record<string, number>>;
}

const FOLDER = fileURLToPath(new URL("../../test/golden/parity/", import.meta.url));
export const goldenPath = (name: string): string => `${FOLDER}${name}.json.gz`;

export function readGolden(name: string): Golden {
  const path = goldenPath(name);
  if (!existsSync(path)) throw new Error(`${path} is not there: ORACLE_PYTHON=... GANC_GOLDEN=write npx vitest run test/parity/pytorch.test.ts makes it`);
  return JSON.parse(gunzipSync(readFileSync(path)).toString("utf8")) as Golden;
}

export function writeGolden(golden: Golden): number {
  mkdirSync(FOLDER, { recursive: true });
  const bytes = gzipSync(JSON.stringify(golden), { level: 9 });
  writeFileSync(goldenPath(golden.case), bytes);
  return bytes.length;
}

/** A golden file keeps updates, of which the parameters follow. */
export const isKept = (name: string): boolean => partsOf(name).kind !== "parameter";
export const digestsOf = (q: Quantities): Record<string, Digest> => Object.fromEntries([...q].filter(([name]) => isKept(name)).map(([name, x]) => [name, digestOf(x)]));

/** Of everything a case begins with. */
export function fingerprint(from: Reference): string {
  const hash = createHash("sha256");
  for (const [name, { data }] of [...from.store].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest("hex").slice(0, 16);
}

export function relative(x: Float64Array, y: Float64Array): number {
  if (x.length !== y.length) return Infinity;
  const e = norm(x.map((v, i) => v - y[i]!));
  return e === 0 ? 0 : e / norm(y);
}

/**
 * Each late quantity's drift. An update's is at least half a unit in the parameter's last place: new and old lie on that grid, and a
 * perturbed start shifts both alike, so that the perturbed runs do not show it.
 */
export function driftOf(from: Reference, plain: Quantities, perturbed: readonly Quantities[]): Record<string, number> {
  const late = [...plain].filter(([name]) => partsOf(name).step > 1);
  return Object.fromEntries(late.map(([name, x]) => {
    const seen = perturbed.map((p) => relative(p.get(name)!, x));
    const least = /^(update|parameter)$/.test(partsOf(name).kind) ? leastDrift(from, name, norm(x)) : 0;
    return [name, Number(Math.max(least, ...seen).toExponential(2))];
  }));
}

export const leastDrift = (from: Reference, update: string, size: number): number => (2 ** -53 * norm(from.get(update.replace(/^\d+\.(update|parameter)\./, "param:")))) / size;

/** What may differ: 1e-9 after one step; then ten times the drift, which for the few roundings of a loss or a unit vector may happen to be 0. */
export const ONE_STEP = 1e-9;
export const LEAST_DRIFT = 1e-15;
export const allowed = (golden: Pick<Golden, "drift">, name: string): number =>
  partsOf(name).step === 1 ? ONE_STEP : 10 * Math.max(golden.drift[name] ?? 0, LEAST_DRIFT);
