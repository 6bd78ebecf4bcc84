import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { errorCode, explainFsError, UserError } from "../files/errors";

/** What `decode` reads, by the name's ending (upper case too). */
export const pictureExtensions: readonly string[] = [".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".ppm", ".pgm", ".pbm"];

export function isPictureName(name: string): boolean {
  return pictureExtensions.includes(extname(name).toLowerCase());
}

/** By UTF-16 code units: the same on every machine, whatever its language. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * All pictures in `folder` and the folders within it, as paths relative to `folder` with "/" between, sorted by code unit. Names that
 * begin with a dot are left out (macOS's "._x.png" are no pictures). Linked folders are followed.
 * Throws a UserError if the folder is missing or cannot be read.
 */
export async function listPictures(folder: string): Promise<string[]> {
  const found: string[] = [];
  await walk(folder, "", found, 0);
  return found.sort(byCodeUnit);
}

async function walk(root: string, below: string, found: string[], depth: number): Promise<void> {
  const here = join(root, below);
  if (depth > 32)
    throw new UserError(`${here}: folders nest more than 32 deep`, "does a link lead back to a folder above it?");
  for (const entry of await read(here)) {
    if (entry.name.startsWith(".")) continue;
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    const kind = entry.isSymbolicLink() ? await stat(join(root, path)).catch(() => undefined) : entry;
    if (kind?.isDirectory()) await walk(root, path, found, depth + 1);
    else if (kind?.isFile() && isPictureName(entry.name)) found.push(path);
  }
}

async function read(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (e) {
    throw explainFsError(e, folder);
  }
}

export type Split = "train" | "test";

/** The folder of one side: trainA, testB, ... */
export function folderName(split: Split, side: string): string {
  return `${split}${side}`;
}

/**
 * The pictures of DIR/<split><side>, with their whole paths, for each of `sides` ("A", "B").
 * Throws one UserError for the first folder that is missing or holds no picture; it says what was expected and what is there.
 */
export async function listData(dir: string, split: Split, sides: readonly string[]): Promise<Record<string, string[]>> {
  const expected = sides.map((side) => folderName(split, side));
  const there = await contents(dir, expected);
  const lists: Record<string, string[]> = {};
  for (const side of sides) {
    const name = folderName(split, side);
    const folder = join(dir, name);
    if (!there.includes(name))
      throw new UserError(`${folder}: no such folder`, `${expectation(dir, expected)}; there is ${enumerate(there)}`);
    const files = await listPictures(folder);
    if (files.length === 0) {
      const inside = (await read(folder)).map((entry) => entry.name).sort(byCodeUnit);
      const readable = pictureExtensions.map((e) => e.slice(1)).join(", ");
      throw new UserError(
        `${folder}: no picture in it`,
        `it should hold ${readable} files; there is ${enumerate(inside)}`,
      );
    }
    lists[side] = files.map((file) => join(folder, file));
  }
  return lists;
}

async function contents(dir: string, expected: readonly string[]): Promise<string[]> {
  try {
    return (await readdir(dir)).sort(byCodeUnit);
  } catch (e) {
    if (errorCode(e) === "ENOENT") throw new UserError(`${dir}: no such folder`, expectation(dir, expected));
    throw explainFsError(e, dir);
  }
}

function expectation(dir: string, expected: readonly string[]): string {
  return `${dir} should hold the folders ${expected.join(" and ")}`;
}

function enumerate(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
