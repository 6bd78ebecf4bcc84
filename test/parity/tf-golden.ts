// The golden files of the comparison with TensorFlow: test/golden/tensorflow/CASE.json.gz, what its float64 step gave in few numbers (digest.ts).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Compiled } from "../../compiler/compile";
import { type Digest, digestOf, distance, sizeOfDigest } from "./digest";
import { fingerprint } from "./golden";
import { partsOf, type Quantities } from "./quantities";
import { beginTf, type TfCase } from "./tf-cases";
import { boundOf, leastSize } from "./tf-oracle";

export interface TfGolden {
  readonly case: string;
  readonly madeBy: string;
  /** Of the oracle, as it read them. */
  readonly config: unknown;
  /** Of the first values: another one means that the golden file is of other weights. */
  readonly inputs: string;
  readonly quantities: Readonly<Record<string, Digest>>;
}

const FOLDER = fileURLToPath(new URL("../../test/golden/tensorflow/", import.meta.url));

export function readTfGolden(name: string): TfGolden {
  const path = `${FOLDER}${name}.json.gz`;
  if (!existsSync(path)) throw new Error(`${path} is not there: ORACLE_PYTHON=... GANC_GOLDEN=write npx vitest run test/parity/tf-live.test.ts makes it`);
  return JSON.parse(gunzipSync(readFileSync(path)).toString("utf8")) as TfGolden;
}

export function writeTfGolden(golden: TfGolden): number {
  mkdirSync(FOLDER, { recursive: true });
  const bytes = gzipSync(JSON.stringify(golden), { level: 9 });
  writeFileSync(`${FOLDER}${golden.case}.json.gz`, bytes);
  return bytes.length;
}

/** 12 digits are a thousand times finer than the bound, and take two thirds of the room. */
const shortened = (d: Digest): Digest => ({ count: d.count, numbers: d.numbers.map((v) => Number(v.toPrecision(12))) });
/** Adam's moments after one step are its gradients, and in the update: only runs of several steps keep them. */
const isKept = (c: TfCase, name: string): boolean => c.steps.length > 1 || !partsOf(name).kind.startsWith("moment");
export const digestsOf = (c: TfCase, q: Quantities): Record<string, Digest> =>
  Object.fromEntries([...q].filter(([name]) => isKept(c, name)).map(([name, x]) => [name, shortened(digestOf(x))]));

export const fingerprintOf = (c: TfCase, compiled: Compiled): string => fingerprint(beginTf(c, compiled));

/** What differs by more than its bound, with how much; `tell` hears of every quantity. */
export function compareDigests(c: TfCase, found: Quantities, wanted: TfGolden["quantities"], tell?: (name: string, difference: number) => void): string[] {
  const wrong = Object.keys(wanted).filter((name) => !found.has(name)).map((name) => `${name}: we have none`);
  for (const [name, value] of [...found].filter(([name]) => isKept(c, name))) {
    const golden = wanted[name];
    if (!golden) {
      wrong.push(`${name}: TensorFlow has none`);
      continue;
    }
    const size = Math.max(sizeOfDigest(golden), leastSize(name, (other) => (wanted[other] ? sizeOfDigest(wanted[other]) : NaN)));
    const error = distance(digestOf(value), golden);
    const difference = error === 0 ? 0 : error / size;
    tell?.(name, difference);
    if (!(difference <= boundOf(name))) wrong.push(`${name}: ${difference.toExponential(2)}`);
  }
  return wrong;
}
