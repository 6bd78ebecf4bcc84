// Weights and Adam's moments begun while the spec is compiled: their memory, asked of the system page by page, and what a fresh run's weights
// begin with. Both wait for nobody then, and at 128 px take half a second.
import { fillInit } from "../../../compiler/init.ts";
import { count } from "../../../compiler/layout.ts";
import type { ParamSpec } from "../../../compiler/program.ts";
import { aligned, MOST, type Piece, Room } from "./room.ts";

export type Weights = Pick<ParamSpec, "name" | "shape" | "init">;

/** Bytes of weights and both their moments, each tensor from a place of its own. */
export const bytesOfTrained = (weights: readonly Weights[]): number => weights.reduce((sum, { shape }) => sum + 3 * aligned(4 * count(shape)), 0);

export class Begun {
  /** What lies in it may be taken after them. */
  readonly room: Room;
  readonly #seed: number | undefined;
  readonly #places = new Map<string, Piece>();
  readonly #taken = new Set<string>();

  /**
   * Throws a RangeError where there is no such memory.
   *
   * @param seed of a run that begins; undefined: its weights come from elsewhere
   */
  constructor(weights: readonly Weights[], seed?: number) {
    const bytes = bytesOfTrained(weights);
    this.room = new Room(Math.min(MOST, bytes));
    // Beyond that other tensors may need the room more.
    const whole = bytes <= MOST / 2;
    for (const kind of whole ? ["param", "m", "v"] : []) {
      for (const { name, shape } of weights) this.#places.set(`${kind}:${name}`, this.room.take(4 * count(shape))!);
    }
    this.#seed = whole ? seed : undefined;
    if (this.#seed === undefined) this.room.touch();
    else {
      for (const { name, init } of weights) fillInit(this.room.array(this.#places.get(`param:${name}`)!), init, this.#seed, name);
      this.room.touch(this.#places.get(`m:${weights[0]?.name}`)?.offset);
    }
  }

  /** The piece of this tensor, or undefined if it was not foreseen like this. */
  take(name: string, bytes: number): Piece | undefined {
    const place = this.#places.get(name);
    if (place?.bytes !== bytes) return undefined;
    this.#taken.add(name);
    return place;
  }

  /** Whether what lies in the piece that was taken for it is what a run of this seed begins with. */
  holds(name: string, seed: number): boolean {
    return this.#seed === seed && this.#taken.has(name);
  }
}
