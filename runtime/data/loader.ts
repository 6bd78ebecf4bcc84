import { UserError } from "../files/errors";
import { decode, PictureError } from "./decode";
import { prepareTraining } from "./pipeline";
import { fingerprint, readPosition, type Position } from "./position";
import { Random } from "./random";
import { settle } from "./settle";
import type { DataSpec, Json, SettledSpec } from "./types";

export interface Skip {
  /** The damaged file. */
  readonly file: string;
  /** One line: what is wrong with it. */
  readonly message: string;
  /** How many draws this stream has skipped so far, this one included; a resumed run counts on. */
  readonly skipped: number;
}

export interface LoaderOptions {
  readonly seed: number | string;
  /** Pictures a batch. */
  readonly batch: number;
  /** Refuse a damaged picture instead of skipping it. */
  readonly strict?: boolean;
  /** How many batches are prepared ahead of the step; 2 unless said. */
  readonly ahead?: number;
  /** Told of a damaged picture when the step that would have used it is reached; once a file and process. */
  readonly onSkip?: (skip: Skip) => void;
}

interface Batch {
  readonly values: Float32Array;
  /** The draw that follows this batch's last. */
  readonly next: number;
  readonly skips: readonly PictureError[];
}

/**
 * One folder's endless shuffled stream of batches [n, c, h, w] in [-1, 1], prepared ahead of the step.
 *
 * Everything about draw k (which picture, which flip, which crop) is a function of (seed, the data's name, k) alone: epoch e visits the
 * files in the permutation of its own sub-stream, and each draw has a sub-stream for its preprocessing. So the whole position is the
 * number k of the next draw *as consumed*: batches prepared ahead are not in it, and a resumed loader makes them again, bit by bit.
 * A damaged picture uses up its draw. A batch runs on into the next epoch: the compiled step has a fixed batch.
 */
export class Loader {
  readonly #spec: SettledSpec;
  readonly #decided: readonly boolean[];
  readonly #files: readonly string[];
  readonly #options: LoaderOptions;
  readonly #random: Random;
  readonly #orders = new Map<number, Uint32Array>();
  readonly #queue: Promise<Batch>[] = [];
  readonly #damaged = new Set<string>();
  readonly #told = new Set<string>();
  #tail: Promise<number>;
  #consumed: number;
  #skipped: number;
  #closed = false;

  constructor(spec: DataSpec, files: readonly string[], options: LoaderOptions, start = { consumed: 0, skipped: 0 }) {
    if (files.length === 0) throw new UserError(`data ${spec.name}: there are no pictures`);
    if (!Number.isInteger(options.batch) || options.batch < 1) throw new RangeError(`a batch of ${options.batch}`);
    this.#files = files;
    this.#options = options;
    this.#random = Random.seeded(options.seed).fork(`data ${spec.name}`);
    const settled = settle(spec, this.#random);
    this.#spec = settled.spec;
    this.#decided = settled.decided;
    this.#consumed = start.consumed;
    this.#skipped = start.skipped;
    this.#tail = Promise.resolve(start.consumed);
  }

  /**
   * The loader that goes on after `position()`. The seed is the position's own.
   * Throws a UserError if the folder's files are others than when the position was taken, for the run could not be exact.
   */
  static restore(
    spec: DataSpec,
    files: readonly string[],
    options: Omit<LoaderOptions, "seed">,
    position: Json,
  ): Loader {
    const { seed, item, skipped } = readPosition(position, spec.name, files);
    return new Loader(spec, files, { ...options, seed }, { consumed: item, skipped });
  }

  /** Pictures an epoch (damaged ones included). */
  get epochLength(): number {
    return this.#files.length;
  }

  /** Of each all_or_none of the stream that was reached, in the order of the text: whether all pictures go through it. */
  get decided(): readonly boolean[] {
    return this.#decided;
  }

  /** Draws skipped so far because their picture is damaged. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Where the stream stands after the last batch that `next` gave out: what a checkpoint stores. */
  position(): Position {
    const length = this.#files.length;
    return {
      name: this.#spec.name,
      seed: this.#options.seed,
      item: this.#consumed,
      epoch: Math.floor(this.#consumed / length),
      index: this.#consumed % length,
      skipped: this.#skipped,
      count: length,
      files: fingerprint(this.#files),
    };
  }

  /**
   * The next batch, n × c × h × w values. Calls that overlap get batches in the order of the calls.
   * Rejects with a UserError for a picture that does not fit the steps, a damaged one under `strict`, or a folder of nothing else.
   */
  async next(): Promise<Float32Array> {
    if (this.#closed) throw new Error(`the loader of data ${this.#spec.name} is closed`);
    if (this.#queue.length === 0) this.#prepare();
    const first = this.#queue.shift()!;
    while (this.#queue.length < (this.#options.ahead ?? 2)) this.#prepare();
    const { values, next, skips } = await first;
    this.#consumed = next;
    for (const skip of skips) this.#tell(skip);
    return values;
  }

  /** Ends the preparing; what is under way finishes and is dropped. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
  }

  #prepare(): void {
    const batch = this.#tail.then((start) => this.#make(start));
    this.#tail = batch.then(({ next }) => next);
    // A failure is told by the `next` that meets it; until then it must not count as unhandled.
    batch.catch(() => undefined);
    this.#tail.catch(() => undefined);
    this.#queue.push(batch);
  }

  async #make(start: number): Promise<Batch> {
    const { channels, height, width } = this.#spec;
    const size = channels * height * width;
    const { batch, strict } = this.#options;
    const values = new Float32Array(batch * size);
    const skips: PictureError[] = [];
    let filled = 0;
    let next = start;
    while (filled < batch) {
      if (this.#closed) throw new Error("closed while preparing");
      const drawn = await Promise.all(
        Array.from({ length: batch - filled }, (_, i) => this.#draw(start + filled + skips.length + i)),
      );
      for (const result of drawn) {
        next++;
        if (result instanceof PictureError) {
          if (strict) throw result;
          skips.push(result);
          this.#damaged.add(result.file);
        } else values.set(result, size * filled++);
      }
      if (this.#damaged.size === this.#files.length) throw this.#nothingReadable(skips.at(-1));
    }
    return { values, next, skips };
  }

  async #draw(item: number): Promise<Float32Array | PictureError> {
    const file = this.#fileOf(item);
    try {
      const picture = await decode(file, this.#spec.channels);
      return prepareTraining(picture, this.#spec, this.#random.fork(`draw ${item}`), file);
    } catch (e) {
      if (e instanceof PictureError) return e;
      throw e;
    }
  }

  #fileOf(item: number): string {
    const length = this.#files.length;
    const epoch = Math.floor(item / length);
    let order = this.#orders.get(epoch);
    if (!order) {
      order = this.#random.fork(`epoch ${epoch}`).permutation(length);
      this.#orders.set(epoch, order);
      for (const old of this.#orders.keys()) if (old < epoch - 1) this.#orders.delete(old);
    }
    return this.#files[order[item % length]!]!;
  }

  #tell({ file, message }: PictureError): void {
    this.#skipped++;
    if (this.#told.has(file)) return;
    this.#told.add(file);
    this.#options.onSkip?.({ file, message, skipped: this.#skipped });
  }

  #nothingReadable(last: PictureError | undefined): UserError {
    return new UserError(
      `data ${this.#spec.name}: none of the ${this.#files.length} pictures can be read`,
      last ? `the last one: ${last.message}` : undefined,
    );
  }
}
