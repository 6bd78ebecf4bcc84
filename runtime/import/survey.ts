// Every number of an import, read once before anything is written: the file's checksums, the sum a checkpoint carries, and what a
// person should hear of (numbers that are none, values outside their range).
import { createHash } from "node:crypto";
import { drawInit } from "../../compiler/init.ts";
import type { InitSpec, Program } from "../../compiler/program.ts";
import { bytesOf } from "../checkpoint/safetensors.ts";
import type { Fit, Source } from "./fit.ts";
import { countOf, readParts } from "./tensor.ts";

export interface Survey {
  readonly sha256: string;
  readonly numbers: number;
  /** Tensors with numbers that are not finite, and how many. */
  readonly nonFinite: readonly { readonly name: string; readonly count: number }[];
  /** Values outside the range the spec keeps them in, with the least and the most of each tensor. */
  readonly outside: readonly { readonly name: string; readonly low: number; readonly high: number; readonly range: readonly [number, number] }[];
}

/** The numbers of one of our tensors, in parts. Each is valid until the next is asked for. */
export type Numbers = (source: Source) => Iterable<Float32Array>;

/** What the file has, or what a fresh run of this seed begins with. */
export function numbersOf(program: Program, seed: number): Numbers {
  const inits = new Map<string, InitSpec>([...program.params.map((p) => [`param:${p.name}`, p.init] as const), ...program.states.map((s) => [`state:${s.name}`, s.init] as const)]);
  return ({ pair, found }) => {
    if (found) return readParts(found.file.file, found.tensor, found.type);
    return [drawInit(inits.get(pair.value) as InitSpec, countOf(pair.ours.shape), seed, pair.ours.name)];
  };
}

/** Throws a DamagedFile where a checksum does not hold. */
export function survey({ sources }: Fit, numbers: Numbers): Survey {
  const sum = createHash("sha256");
  const nonFinite: Survey["nonFinite"][number][] = [];
  const outside: Survey["outside"][number][] = [];
  let total = 0;
  for (const source of sources) {
    const { pair, found } = source;
    found?.file.check(found.name);
    let [bad, low, high] = [0, Infinity, -Infinity];
    for (const part of numbers(source)) {
      for (const x of part) {
        if (!Number.isFinite(x)) bad++;
        if (x < low) low = x;
        if (x > high) high = x;
      }
      for (const bytes of bytesOf(part)) sum.update(bytes);
      total += part.length;
    }
    const { name } = pair.ours;
    if (bad > 0) nonFinite.push({ name, count: bad });
    if (pair.within && (low < pair.within[0] || high > pair.within[1])) outside.push({ name, low, high, range: pair.within });
  }
  return { sha256: sum.digest("hex"), numbers: total, nonFinite, outside };
}
