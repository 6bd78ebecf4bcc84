// The memory of a training: one Float32Array for each tensor that stays, one arena for those that live within a step. Allocated
// once; onnxruntime reads and writes these very bytes (field notes: feeds are used in place, results go into the fetches). What an
// update touches lies in the room of its kernel as far as that reaches: what was begun there, then the arena (where the gradients are) before all else.
import type { Program } from "../../compiler/program.ts";
import { count, isTransient, planLayout, type Layout } from "../../compiler/layout.ts";
import type { StateName } from "./types.ts";
import { type Begun, bytesOfTrained } from "./update/begun.ts";
import { aligned, MOST, Room } from "./update/room.ts";
import { SCRATCH, Updater } from "./update/updates.ts";

export interface Place {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export class Storage {
  readonly #kept = new Map<string, Place>();
  /** By value, then by the segment that wrote it, ascending. */
  readonly #transient = new Map<string, { readonly first: number; readonly place: Place }[]>();
  readonly stateNames: readonly StateName[];
  /** Bytes of the arena and of what stays: `ganc plan` and tests ask. */
  readonly arenaBytes: number;
  readonly keptBytes: number;

  /** Undefined where graphs do the updates. */
  readonly updater: Updater | undefined;

  /**
   * @param kernel whether a kernel is to do the updates, in its own memory
   * @param most bytes of that memory; what finds no room there lies beside it
   * @param begun that memory, where it has been begun
   */
  constructor(program: Program, share: boolean, kernel: boolean, most = MOST, begun?: Begun) {
    const layout = planLayout(program, share);
    const room = kernel ? (begun?.room ?? new Room(0)) : undefined;
    room?.reserve(Math.min(most, bytesOfUpdates(program, layout)));
    this.updater = room && new Updater(room);
    const inside = room?.take(layout.size);
    const arena = room && inside ? room.array(inside) : new Float32Array(layout.size / 4);
    const names: StateName[] = [];
    const keep = (name: string, shape: readonly number[], into?: Room): void => {
      const bytes = 4 * count(shape);
      const piece = into && (begun?.take(name, bytes) ?? into.take(bytes));
      this.#kept.set(name, { shape, data: into && piece ? into.array(piece) : new Float32Array(count(shape)) });
    };
    for (const param of program.params) {
      const own: StateName[] = param.optimizer === undefined ? ["param:"] : ["param:", "m:", "v:"];
      for (const kind of own) names.push(`${kind}${param.name}` as StateName);
      for (const kind of own) keep(`${kind}${param.name}`, param.shape, own.length > 1 ? room : undefined);
    }
    for (const state of program.states) {
      names.push(`state:${state.name}`);
      keep(`state:${state.name}`, state.shape);
      keep(`next:${state.name}`, state.shape);
    }
    this.stateNames = names;
    for (const stream of program.data) keep(`data:${stream.name}`, [program.batch, stream.channels, stream.height, stream.width]);
    for (const sample of program.samples) keep(`sample:${sample.name}`, sample.shape);
    for (const scalar of program.scalars) keep(`scalar:${scalar.name}`, []);
    for (const loss of program.losses) keep(`loss:${loss.name}`, []);
    this.keptBytes = [...this.#kept.values()].reduce((sum, { data }) => sum + data.byteLength, 0);

    this.arenaBytes = layout.size;
    for (const { value, shape, offset, first } of layout.tenants) {
      const place = { shape, data: arena.subarray(offset / 4, offset / 4 + count(shape)) };
      const list = this.#transient.get(value) ?? [];
      this.#transient.set(value, [...list, { first, place }].sort((a, b) => a.first - b.first));
    }
  }

  /** Where segment number `index` finds a value it reads: as the last graph before it left it. */
  input(value: string, index: number): Place {
    if (!isTransient(value)) return this.kept(value);
    return this.#written(value, (first) => first < index);
  }

  /** Where segment number `index` puts a value it writes. */
  output(value: string, index: number): Place {
    if (!isTransient(value)) return this.kept(value);
    return this.#written(value, (first) => first === index);
  }

  kept(value: string): Place {
    const place = this.#kept.get(value);
    if (!place) throw new Error(`the program has no ${value}`);
    return place;
  }

  /** The last writing of a value, for tests: with sharing on, later values may lie over it. */
  transient(value: string): Place {
    return this.#written(value, () => true);
  }

  #written(value: string, by: (first: number) => boolean): Place {
    const found = this.#transient.get(value)?.filter(({ first }) => by(first)).at(-1);
    if (!found) throw new Error(`nothing has written ${value}`);
    return found.place;
  }
}

/** All that an update touches. */
function bytesOfUpdates(program: Program, layout: Layout): number {
  return SCRATCH + aligned(layout.size) + bytesOfTrained(program.params.filter(({ optimizer }) => optimizer !== undefined));
}
