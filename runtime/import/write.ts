// An import's result: a run's folder with one checkpoint, as if training had just reached that step.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Program } from "../../compiler/program.ts";
import { describeWeights } from "../checkpoint/contents.ts";
import { bytesOf, encodeHeader, type HeaderEntry } from "../checkpoint/safetensors.ts";
import { checkpointFolder, listCheckpoints, makeFolder } from "../checkpoint/store.ts";
import type { Json } from "../data/types.ts";
import { writeAtomic } from "../files/atomic.ts";
import { UserError } from "../files/errors.ts";
import type { Fit } from "./fit.ts";
import type { Numbers } from "./survey.ts";
import { countOf } from "./tensor.ts";

export interface ImportedRun {
  readonly program: Program;
  readonly source: string;
  readonly notes: Json;
  readonly step: number;
  readonly sha256: string;
}

export function refuseUsed(run: string): void {
  if (listCheckpoints(run).length > 0 || existsSync(join(run, "run.json"))) throw new UserError(`${run} holds a run already`, "choose another folder with --out");
}

/** Writes the checkpoint and returns its path; a folder made for it is removed again if that fails. */
export async function writeImported(run: string, { program, source, notes, step, sha256 }: ImportedRun, { sources }: Fit, numbers: Numbers): Promise<string> {
  const folder = checkpointFolder(run);
  const made = [folder, dirname(folder)].filter((f) => !existsSync(f));
  makeFolder(folder);
  const entries = sources.map(({ pair }): HeaderEntry => ({ name: pair.value.replace(":", "/"), shape: pair.ours.shape, data: { byteLength: 4 * countOf(pair.ours.shape) } }));
  const path = join(folder, `step-${String(step).padStart(8, "0")}.safetensors`);
  function* bytes(): Generator<Uint8Array> {
    yield encodeHeader(entries, describeWeights(program, source, notes, step, sha256));
    for (const each of sources) for (const part of numbers(each)) yield* bytesOf(part);
  }
  try {
    await writeAtomic(path, bytes());
  } catch (e) {
    for (const f of made) if (readdirSync(f).length === 0) rmSync(f, { recursive: true });
    throw e;
  }
  return path;
}
