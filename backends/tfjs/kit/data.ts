// Folders of pictures as endless shuffled streams of batches. Everything about draw k of a stream (which picture, which flip, which crop)
// is a function of the seed, the stream's name and k alone, so that a run goes on after draw k as if it had never stopped.
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Draws } from "./draws";
import { explained } from "./files";
import { UserError } from "./mistake";
import { cropped, flipped, type Picture, PictureError, readPicture, toValues } from "./pictures";
import { type Filter, resized } from "./resize";

/** One step of the preparation, in the words of the spec. Sizes in pixels. */
export type DataStep =
  | PictureStep
  /** With probability p all pictures of a run go through these steps, else none does. */
  | { readonly op: "all_or_none"; readonly p: number; readonly steps: readonly DataStep[] };

/** What is done to each picture by itself. */
export type PictureStep =
  | { readonly op: "random_flip"; readonly p?: number }
  | { readonly op: "resize"; readonly height: number; readonly width: number; readonly filter: Filter }
  | { readonly op: "resize_short"; readonly size: number; readonly filter: Filter }
  | { readonly op: "random_crop" | "center_crop"; readonly height: number; readonly width: number };

export interface DataStream {
  readonly name: string;
  /** `A` reads trainA and testA. */
  readonly folder: string;
  /** Of a second draw (`data A2: A`): the stream whose next pictures it takes. */
  readonly of?: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly steps: readonly DataStep[];
  /** What is done in testing: no chance in it. */
  readonly test: readonly PictureStep[];
}

/** Where a stream stands. */
export interface Position {
  readonly name: string;
  readonly seed: number | string;
  /** Draws so far; `epoch` and `index` say the same to a reader. */
  readonly item: number;
  readonly epoch: number;
  readonly index: number;
  /** Draws whose picture was damaged. */
  readonly skipped: number;
  /** How many files there are, and a hash of their names. */
  readonly count: number;
  readonly files: string;
}

/** All pictures of DIR/trainA and the folders below it, in an order that is the same everywhere. */
export async function listPictures(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true }).catch((e: unknown) => {
    throw explained(e, folder);
  });
  const hidden = (name: string): boolean => name.split(/[\\/]/).some((part) => part.startsWith("."));
  const names = entries.map((name) => name.replaceAll("\\", "/")).filter((name) => /\.(png|jpe?g|webp|tiff?|gif)$/i.test(name) && !hidden(name));
  if (names.length === 0) throw new UserError(`${folder}: no picture in it (png, jpg, webp, tif, gif)`);
  return names.sort((a, b) => (a < b ? -1 : 1)).map((name) => join(folder, name));
}

export class Stream {
  private readonly draws: Draws;
  /** What is left to chance once a run is decided in them. */
  private readonly steps: readonly PictureStep[];
  private readonly orders = new Map<number, Uint32Array>();
  private readonly damaged = new Set<string>();
  private item: number;
  private skipped: number;

  constructor(
    private readonly spec: DataStream,
    private readonly files: readonly string[],
    private readonly seed: number | string,
    from?: Position,
  ) {
    if (from && (from.count !== files.length || from.files !== fingerprint(files)))
      throw new UserError(`data ${spec.name} is not the folder this run began with: it had ${from.count} pictures, or other names`);
    this.draws = Draws.seeded(seed).fork(`data ${spec.name}`);
    this.steps = this.settled(spec.steps, { count: 0 });
    this.item = from?.item ?? 0;
    this.skipped = from?.skipped ?? 0;
  }

  /** Pictures an epoch. */
  get length(): number {
    return this.files.length;
  }

  position(): Position {
    const { item, skipped, seed, length } = this;
    return { name: this.spec.name, seed, item, epoch: Math.floor(item / length), index: item % length, skipped, count: length, files: fingerprint(this.files) };
  }

  /** The next `batch` pictures as [batch, h, w, c]. A damaged picture uses up its draw and is passed over, which is said once. */
  async next(batch: number): Promise<Float32Array> {
    const { height, width, channels } = this.spec;
    const size = height * width * channels;
    const values = new Float32Array(batch * size);
    for (let filled = 0; filled < batch; this.item++) {
      const file = this.fileOf(this.item);
      try {
        values.set(prepared(await readPicture(file, channels), this.spec, this.steps, file, this.draws.fork(`draw ${this.item}`)), size * filled);
        filled++;
      } catch (e) {
        if (!(e instanceof PictureError)) throw e;
        this.pass(file, e);
      }
    }
    return values;
  }

  /** The coins are the seed's and the stream's, in the order of the text, so that a run goes on with the same. */
  private settled(steps: readonly DataStep[], coins: { count: number }): PictureStep[] {
    return steps.flatMap((step) => {
      if (step.op !== "all_or_none") return [step];
      const all = this.draws.fork(`all_or_none ${++coins.count}`).uniform() < step.p;
      process.stdout.write(`data ${this.spec.name}: ${all ? "all" : "none"} of its pictures go through all_or_none\n`);
      return all ? this.settled(step.steps, coins) : [];
    });
  }

  private fileOf(item: number): string {
    const epoch = Math.floor(item / this.length);
    const order = this.orders.get(epoch) ?? this.draws.fork(`epoch ${epoch}`).permutation(this.length);
    this.orders.clear();
    this.orders.set(epoch, order);
    return this.files[order[item % this.length] ?? 0] ?? "";
  }

  private pass(file: string, why: PictureError): void {
    this.skipped++;
    if (!this.damaged.has(file)) process.stderr.write(`${why.message}: passed over\n`);
    if (this.damaged.add(file).size === this.length) throw new UserError(`data ${this.spec.name}: none of the ${this.length} pictures can be read`);
  }
}

/** A hash of the files' names below the folder they share, so that the data may move as a whole. */
function fingerprint(files: readonly string[]): string {
  const parts = files.map((file) => file.split(/[\\/]/));
  const [first = []] = parts;
  let shared = 0;
  while (shared < first.length - 1 && parts.every((p) => p.length > shared + 1 && p[shared] === first[shared])) shared++;
  return createHash("sha256").update(parts.map((p) => p.slice(shared).join("/")).join("\n")).digest("hex").slice(0, 32);
}

/** A picture after these steps: [h, w, c] in [-1, 1]. */
export function prepared(picture: Picture, spec: DataStream, steps: readonly PictureStep[], name: string, draws: Draws): Float32Array {
  const done = steps.reduce((p, step) => apply(step, p, name, draws), picture);
  if (done.width !== spec.width || done.height !== spec.height)
    throw new UserError(`${name}: is ${done.width}×${done.height} after the steps of data ${spec.name}, the model takes ${spec.width}×${spec.height}`);
  return toValues(done);
}

function apply(step: PictureStep, picture: Picture, name: string, draws: Draws): Picture {
  const { width, height } = picture;
  if (step.op === "random_flip") return draws.uniform() < (step.p ?? 0.5) ? flipped(picture) : picture;
  if (step.op === "resize") return resized(picture, step.height, step.width, step.filter);
  if (step.op === "resize_short") {
    const longer = Math.floor((step.size * Math.max(width, height)) / Math.min(width, height));
    return width <= height ? resized(picture, longer, step.size, step.filter) : resized(picture, step.size, longer, step.filter);
  }
  const [down, right] = [height - step.height, width - step.width];
  if (down < 0 || right < 0) throw new UserError(`${name}: ${step.op} of ${step.width}×${step.height} is larger than the picture (${width}×${height})`);
  const [top, left] = step.op === "random_crop" ? [draws.below(down + 1), draws.below(right + 1)] : [middle(down), middle(right)];
  return cropped(picture, top, left, step.height, step.width);
}

/** Half of a margin; halves to the even number, as torchvision has it. */
function middle(margin: number): number {
  const half = Math.floor(margin / 2);
  return margin % 2 === 0 || half % 2 === 0 ? half : half + 1;
}
