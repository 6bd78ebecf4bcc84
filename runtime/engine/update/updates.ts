// The updates of a phase, each parameter in one pass (kernel.ts) instead of a graph of a dozen operators, each of which reads and
// writes everything. A tensor that does not lie in the kernel's memory goes through it in pieces that fit a core's cache.
import type { AdamUpdate } from "../../../compiler/program.ts";
import { adamKernel, type AdamKernel, type AdamNumbers } from "./kernel.ts";
import { type Room, aligned } from "./room.ts";

/** Floats of each tensor in a piece: four pieces and what comes after them stay within 512 KiB of cache. */
const PIECE = 8192;
/** Bytes to be left in the room for the pieces. */
export const SCRATCH = 4 * aligned(4 * PIECE);

export interface AdamTensors {
  readonly param: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  readonly gradient: Float32Array;
}

export class Updater {
  readonly #room: Room;
  readonly #kernel: AdamKernel;
  readonly #scratch: readonly Float32Array[];

  /** Takes SCRATCH bytes of the room. */
  constructor(room: Room) {
    this.#room = room;
    this.#kernel = adamKernel(room.memory);
    this.#scratch = Array.from({ length: 4 }, () => {
      const piece = room.take(4 * PIECE);
      if (!piece) throw new Error("no room is left for the pieces of an update");
      return room.array(piece);
    });
  }

  /** Whether a tensor is updated where it lies. */
  holds(data: Float32Array): boolean {
    return this.#room.holds(data);
  }

  /** In place, all but the gradient. `scalar` gives the step's numbers by name. */
  run(update: AdamUpdate, { param, m, v, gradient }: AdamTensors, scalar: (name: string) => number): void {
    const { eps, decay, betas, within = [-Infinity, Infinity] } = update;
    const numbers: AdamNumbers = { step: scalar(update.step), root: scalar(update.root), eps, decay, betas, within };
    const all = [param, m, v, gradient];
    if (all.every((data) => this.holds(data))) this.#kernel(param.byteOffset, m.byteOffset, v.byteOffset, gradient.byteOffset, param.length, numbers);
    else this.#inPieces(all, numbers);
  }

  #inPieces(all: readonly Float32Array[], numbers: AdamNumbers): void {
    const length = all[0]!.length;
    const [p, m, v, g] = this.#scratch.map(({ byteOffset }) => byteOffset) as [number, number, number, number];
    for (let from = 0; from < length; from += PIECE) {
      const count = Math.min(PIECE, length - from);
      all.forEach((data, i) => this.#scratch[i]!.set(data.subarray(from, from + count)));
      this.#kernel(p, m, v, g, count, numbers);
      for (let i = 0; i < 3; i++) all[i]!.set(this.#scratch[i]!.subarray(0, count), from);
    }
  }
}
