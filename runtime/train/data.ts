// The program's data streams, opened over a folder: one loader each, all positions together.
import type { Program } from "../../compiler/program.ts";
import { listData } from "../data/folder.ts";
import { Loader, type LoaderOptions } from "../data/loader.ts";
import type { DataSpec, Json } from "../data/types.ts";
import { UserError } from "../files/errors.ts";
import type { DataSource } from "./types.ts";

export interface OpenData {
  readonly folder: string;
  readonly seed: number;
  readonly strict?: boolean;
  /** Where a checkpoint left the streams. */
  readonly position?: Json;
  readonly onSkip?: LoaderOptions["onSkip"];
}

export async function openData(program: Program, { folder, seed, strict, position, onSkip }: OpenData): Promise<DataSource> {
  const sides = [...new Set(program.data.map((stream) => stream.folder))];
  const files = await listData(folder, "train", sides);
  const options = { seed, batch: program.batch, strict, onSkip };
  const loaders = program.data.filter(({ of }) => of === undefined).map((stream): readonly [string, Loader] => {
    const spec = stream as DataSpec; // the compiler's mirror of it, read-only
    const own = files[stream.folder] ?? [];
    if (position === undefined) return [stream.name, new Loader(spec, own, options)];
    return [stream.name, Loader.restore(spec, own, options, positionOf(position, stream.name))];
  });
  const draws = (name: string): readonly string[] => program.data.filter((stream) => (stream.of ?? stream.name) === name).map((stream) => stream.name);
  const longest = Math.max(1, ...loaders.map(([name, loader]) => loader.epochLength / draws(name).length));
  return {
    // Calls of one loader give its batches in the order of the calls: `data A2: A` is what follows A's.
    next: async (streams) => {
      const wanted = loaders.flatMap(([name, loader]) => draws(name).filter((draw) => streams?.includes(draw) ?? true).map((draw) => ({ draw, batch: loader.next() })));
      return Object.fromEntries(await Promise.all(wanted.map(async ({ draw, batch }) => [draw, await batch] as const)));
    },
    position: () => Object.fromEntries(loaders.map(([name, loader]) => [name, loader.position()])),
    epoch: Math.ceil(longest / program.batch),
    decided: loaders.flatMap(([name, loader]) => loader.decided.map((all) => `data ${name}: ${all ? "all" : "none"} of its pictures go through all_or_none`)),
    get skipped() {
      return loaders.reduce((sum, [, loader]) => sum + loader.skipped, 0);
    },
    close: () => loaders.forEach(([, loader]) => loader.close()),
  };
}

function positionOf(all: Json, name: string): Json {
  const record = typeof all === "object" && all !== null && !Array.isArray(all) ? (all as { readonly [key: string]: Json }) : {};
  const position = record[name];
  if (position === undefined) throw new UserError(`the checkpoint has no position in data ${name}`);
  return position;
}
