import { createHash } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomic } from "../files/atomic";
import { explainFsError, UserError } from "../files/errors";
import { loadSharp } from "../pictures/sharp";
import { byCodeUnit } from "./folder";
import { commonNames, readIconSet, type Icon, type IconSet } from "./iconsets";

export interface EmojiOptions {
  /** The set of the A folders. */
  readonly from: string;
  /** The set of the B folders. */
  readonly to: string;
  /** Side of the pictures, in pixels. */
  readonly size: number;
  /** Where trainA, trainB, testA, testB come to lie. */
  readonly out: string;
  /** Names held out for testing; 100 unless said, or a tenth of a small set. */
  readonly heldOut?: number;
  /** At most so many pictures a training folder; all unless said. */
  readonly count?: number;
  /** Another seed is another split; "ganc" unless said. */
  readonly seed?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface EmojiSplit {
  readonly trainA: readonly string[];
  readonly trainB: readonly string[];
  /** In both testA and testB: true pairs. */
  readonly test: readonly string[];
}

export interface EmojiResult extends EmojiSplit {
  readonly out: string;
  /** Names both sets draw, without flags and skin tones. */
  readonly common: number;
  /** What the licences ask to be said where the pictures are shown; also in CREDITS.txt. */
  readonly credit: string;
}

const defaultHeldOut = 100;

/**
 * Renders two icon sets as data for unpaired translation: disjoint names for trainA and trainB, held-out names shared by testA and
 * testB. The same options and packages give the same bytes. Rendering again over an interrupted or equal result is fine.
 * Throws a UserError for a set that is not installed, two sets without enough names in common, a size out of range, folders that hold
 * other files already, and what the disk refuses.
 */
export async function renderEmoji(options: EmojiOptions): Promise<EmojiResult> {
  const { size, out } = options;
  if (!Number.isInteger(size) || size < 8 || size > 4096)
    throw new UserError(`a size of ${size}: pictures are 8 to 4096 pixels wide`);
  const from = await readIconSet(options.from);
  const to = await readIconSet(options.to);
  const common = commonNames(from, to);
  const split = splitNames(common, options);
  const folders: readonly (readonly [string, IconSet, readonly string[]])[] = [
    ["trainA", from, split.trainA],
    ["trainB", to, split.trainB],
    ["testA", from, split.test],
    ["testB", to, split.test],
  ];
  for (const [folder, , names] of folders) await prepareFolder(join(out, folder), names);
  const jobs = folders.flatMap(([folder, set, names]) =>
    names.map((name) => ({ icon: set.icons.get(name)!, path: join(out, folder, `${name}.png`) })),
  );
  let done = 0;
  await inParallel(jobs, 4, async ({ icon, path }) => {
    await writeAtomic(path, await renderIcon(icon, size));
    options.onProgress?.(++done, jobs.length);
  });
  await writeAtomic(join(out, "CREDITS.txt"), creditsFile(from, to, size));
  return { ...split, out, common: common.length, credit: [from, to].map(credit).join("; ") };
}

/** Which name goes where: the order of SHA-256 of seed and name, so that a set that grows moves few names. */
export function splitNames(
  names: readonly string[],
  options: Pick<EmojiOptions, "heldOut" | "count" | "seed" | "from" | "to">,
): EmojiSplit {
  const { seed = "ganc", count = Infinity } = options;
  const heldOut = options.heldOut ?? Math.min(defaultHeldOut, Math.ceil(names.length / 10));
  if (!(Number.isInteger(heldOut) && heldOut >= 1)) throw new UserError(`${heldOut} names held out: at least 1`);
  if (!(count >= 1)) throw new UserError(`${count} pictures a folder: at least 1`);
  if (names.length < heldOut + 2)
    throw new UserError(
      `${options.from} and ${options.to} draw ${names.length} names in common: too few to hold out ${heldOut} and train on the rest`,
      "choose two sets of one family, or hold out fewer",
    );
  const key = new Map(names.map((name) => [name, createHash("sha256").update(`${seed}\n${name}`).digest("hex")]));
  const order = [...names].sort((a, b) => byCodeUnit(key.get(a)!, key.get(b)!));
  const rest = order.slice(heldOut);
  const half = Math.ceil(rest.length / 2);
  const part = (list: readonly string[], most = Infinity): string[] =>
    list.slice(0, Math.min(most, list.length)).sort(byCodeUnit);
  return {
    test: part(order.slice(0, heldOut)),
    trainA: part(rest.slice(0, half), count),
    trainB: part(rest.slice(half), count),
  };
}

/** The icon as a square png: drawn as a vector at its final size, whole in the square, currentColor black, on white. */
export async function renderIcon(icon: Icon, size: number): Promise<Uint8Array> {
  const box = `${icon.left} ${icon.top} ${icon.width} ${icon.height}`;
  const body = icon.body.replaceAll("currentColor", "#000000");
  // Some bodies use xlink:href without declaring it: their namespace is the set's reader's business.
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${size}" height="${size}" viewBox="${box}">${body}</svg>`;
  const sharp = await loadSharp();
  return sharp(Buffer.from(svg))
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .removeAlpha()
    .png({ compressionLevel: 9, adaptiveFiltering: false, palette: false })
    .toBuffer();
}

/** The folder, made; it may hold nothing but what will be written there, or old names would mix with new ones. */
async function prepareFolder(folder: string, names: readonly string[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const ours = new Set(names.map((name) => `${name}.png`));
    const other = (await readdir(folder)).filter((file) => !file.startsWith(".")).find((file) => !ours.has(file));
    if (other !== undefined)
      throw new UserError(
        `${folder}: holds other files already (${other})`,
        "choose another folder, or remove this one first",
      );
  } catch (e) {
    throw explainFsError(e, folder);
  }
}

async function inParallel<T>(jobs: readonly T[], width: number, work: (job: T) => Promise<void>): Promise<void> {
  const queue = jobs.values();
  const worker = async (): Promise<void> => {
    for (const job of queue) await work(job);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

function credit(set: IconSet): string {
  return `${set.title}${set.version ? ` ${set.version}` : ""} by ${set.author} (${set.authorUrl}), ${set.license} (${set.licenseUrl})`;
}

function creditsFile(from: IconSet, to: IconSet, size: number): string {
  const about = (set: IconSet, folders: string): string =>
    [
      `${folders}: ${set.title}${set.version ? ` ${set.version}` : ""}`,
      `  by       ${set.author}, ${set.authorUrl}`,
      `  licence  ${set.license} (${set.spdx}), ${set.licenseUrl}`,
      `  source   npm package @iconify-json/${set.name}`,
      `  changes  drawn at ${size} × ${size} pixels on white`,
      "",
    ].join("\n");
  return `The pictures in these folders are drawings of others. Where they are shown, name their authors.\n\n${about(from, "trainA, testA")}\n${about(to, "trainB, testB")}`;
}
