// Where the values that cross from graph to graph lie. A value needs its place from the graph that writes it to the last one
// that reads it; values whose times do not overlap may share a place. Greedy by size, the largest first, each at the lowest
// offset that is free all its time: simple, and near the lower bound (the most bytes alive at once).
import type { Program, Segment } from "./program";

/** One writing of a value: the same name may be written again later in the step, and is then another tensor. */
export interface Tenant {
  readonly value: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** Indices into program.segments: written by `first`, read by none after `last`. */
  readonly first: number;
  readonly last: number;
  readonly offset: number;
}

export interface Layout {
  readonly tenants: readonly Tenant[];
  /** Bytes of the whole arena. */
  readonly size: number;
}

/** Cache lines, and what the vector kernels like best. */
const ALIGNMENT = 64;

export function planLayout(program: Program, share: boolean): Layout {
  const lives = lifetimes(program).sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  const placed = new Placed(lives.length);
  let size = 0;
  const tenants = lives.map((life): Tenant => {
    const offset = share ? placed.lowestFree(life) : size;
    placed.add(life, offset);
    size = Math.max(size, offset + align(life.bytes));
    return { ...life, offset };
  });
  return { tenants, size };
}

type Life = Omit<Tenant, "offset">;

/** Those that have a place, by offset, ascending. In arrays of numbers: each of some thousand asks for all before it. */
class Placed {
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #offset: Float64Array;
  readonly #end: Float64Array;
  #count = 0;

  constructor(most: number) {
    this.#first = new Int32Array(most);
    this.#last = new Int32Array(most);
    this.#offset = new Float64Array(most);
    this.#end = new Float64Array(most);
  }

  lowestFree({ first, last, bytes }: Life): number {
    let offset = 0;
    for (let i = 0; i < this.#count; i++) {
      if (this.#first[i]! > last || first > this.#last[i]!) continue;
      if (offset + bytes <= this.#offset[i]!) break;
      if (this.#end[i]! > offset) offset = this.#end[i]!;
    }
    return offset;
  }

  add({ first, last, bytes }: Life, offset: number): void {
    let at = this.#count++;
    while (at > 0 && this.#offset[at - 1]! > offset) at--;
    for (const list of [this.#first, this.#last, this.#offset, this.#end]) list.copyWithin(at + 1, at, this.#count - 1);
    this.#first[at] = first;
    this.#last[at] = last;
    this.#offset[at] = offset;
    this.#end[at] = align(offset + bytes);
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Is it one of the values that live within a step only? */
export function isTransient(value: string): boolean {
  return value.startsWith("value:") || value.startsWith("grad:");
}

function lifetimes(program: Program): Life[] {
  const done: Life[] = [];
  const open = new Map<string, Life>();
  program.segments.forEach((segment, index) => {
    for (const { value } of segment.inputs) {
      if (!isTransient(value)) continue;
      const life = open.get(value);
      if (!life) throw new Error(`${segment.name} reads ${value}, which no earlier graph of the step has written`);
      open.set(value, { ...life, last: index });
    }
    refuseOverwriting(segment);
    for (const { value } of segment.outputs) {
      if (!isTransient(value)) continue;
      const earlier = open.get(value);
      if (earlier) done.push(earlier);
      const shape = program.values[value];
      if (!shape) throw new Error(`${segment.name} writes ${value}, whose shape the program does not say`);
      open.set(value, { value, shape, bytes: 4 * count(shape), first: index, last: index });
    }
  });
  return [...done, ...open.values()];
}

/** A graph that wrote where it still reads would be wrong in silence: only `update` graphs are made for it. */
function refuseOverwriting(segment: Segment): void {
  if (segment.kind === "update") return;
  for (const { value } of segment.outputs) {
    if (/^(param|m|v|state):/.test(value)) throw new Error(`${segment.name} is a compute graph and writes ${value}`);
  }
}

export function count(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}
