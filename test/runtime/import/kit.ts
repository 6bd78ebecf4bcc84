// The golden files of test/oracle/torch_files.py, unpacked into a folder of this run.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { openWeightFile, type WeightFile } from "../../../runtime/import/file";
import { isFloat } from "../../../runtime/import/floats";
import { countOf, readParts } from "../../../runtime/import/tensor";

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ganc-import-"));

export const goldenBytes = (name: string): Buffer => gunzipSync(readFileSync(at(`test/golden/import/${name}.gz`)));

export function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

export const golden = (name: string): string => put(name, goldenBytes(name));
export const goldenJson = <T>(name: string): T => JSON.parse(goldenBytes(name).toString()) as T;

/** A tensor as Python lists it: numbers as text, so that nan and inf are there too. */
export interface Listed {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly string[];
}

export const numbersOf = ({ values }: Listed): number[] => values.map((v) => (v === "inf" ? Infinity : v === "-inf" ? -Infinity : v === "nan" ? NaN : Number(v)));

export function valuesOf({ file, tensors }: WeightFile, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (!tensor || !isFloat(tensor.dtype)) throw new Error(`no numbers ${name}`);
  const all = new Float32Array(countOf(tensor.shape));
  let done = 0;
  for (const part of readParts(file, tensor, tensor.dtype)) {
    all.set(part, done);
    done += part.length;
  }
  return all;
}

/** What opening and reading every tensor of a file says: an error, or none. */
export async function readAll(path: string): Promise<unknown> {
  try {
    const opened = await openWeightFile(path);
    try {
      for (const [name, { dtype, shape }] of opened.tensors) {
        opened.check(name);
        if (isFloat(dtype) && countOf(shape) < 1e6) valuesOf(opened, name);
      }
    } finally {
      opened.file.close();
    }
    return undefined;
  } catch (e) {
    return e;
  }
}
