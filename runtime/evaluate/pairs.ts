import { join } from "node:path";
import { decode } from "../data/decode";
import { folderName, listData } from "../data/folder";
import { prepareTesting } from "../data/pipeline";
import type { DataSpec, FloatPicture } from "../data/types";
import { UserError } from "../files/errors";

export interface Pair {
  /** The path below testA and testB. */
  readonly name: string;
  readonly a: string;
  readonly b: string;
}

/**
 * The true pairs of DIR: pictures that testA and testB both have under one name, sorted by it.
 * Throws a UserError if a folder is missing or they share no name.
 */
export async function listPairs(dir: string): Promise<Pair[]> {
  const { A = [], B = [] } = await listData(dir, "test", ["A", "B"]);
  const below = (file: string, side: string): string => file.slice(join(dir, folderName("test", side)).length + 1);
  const inB = new Map(B.map((file) => [below(file, "B"), file]));
  const pairs = A.flatMap((a) => {
    const name = below(a, "A");
    const b = inB.get(name);
    return b === undefined ? [] : [{ name, a, b }];
  });
  if (pairs.length === 0)
    throw new UserError(
      `${dir}: testA and testB share no file name, so there are no true pairs`,
      "true pairs have one name in both folders, as those of `ganc data emoji`",
    );
  return pairs;
}

/** A test picture as the model sees it: the spec's test steps, values in [-1, 1]. Throws as `decode` and `prepareTesting` do. */
export async function readTest(file: string, spec: DataSpec): Promise<FloatPicture> {
  const { width, height, channels } = spec;
  return { width, height, channels, data: prepareTesting(await decode(file, channels), spec, file) };
}
