// A reader of Python pickles that executes nothing. A pickle is a program for a small stack machine; the opcodes that build
// plain data are done here, and the few names that a checkpoint needs are looked up in a table of ours. Every other opcode or name
// is an error that says which and where.
// https://docs.python.org/3/library/pickletools.html (what each opcode means)
import type { ByteStream } from "./bytes.ts";
import { DamagedFile } from "../checkpoint/safetensors.ts";
import { UserError } from "../files/errors.ts";
import { printable } from "./printable.ts";

/** A function or class that the pickle names: `torch._utils._rebuild_tensor_v2`. */
export class Named {
  constructor(readonly name: string) {}
}

export class Tuple {
  constructor(readonly items: readonly Value[]) {}
}

export class List {
  readonly items: Value[] = [];
}

export class Dict {
  readonly entries = new Map<Value, Value>();
}

/** What a table's function made: opaque to the machine. */
export interface Made {
  readonly made: string;
}

export type Value = null | boolean | number | string | Named | Tuple | List | Dict | Made;

/** What the pickle may name, and what comes of it. */
export interface World {
  /** Functions by their full name; undefined for a plain name that is only passed on. A name that is absent is refused. */
  readonly names: ReadonlyMap<string, ((args: readonly Value[], fail: Fail) => Value) | undefined>;
  /** What stands for a thing outside the pickle (a storage). */
  readonly persistent: (id: Value, fail: Fail) => Value;
}

export type Fail = (what: string) => Error;

/** A real checkpoint of 1000 tensors takes 30 000 steps. */
const MOST_STEPS = 2_000_000;
const LONGEST_TEXT = 1 << 20;
const MARK = Symbol("mark");
type Slot = Value | typeof MARK;

/** Runs one pickle, from its first opcode to STOP. The stream then stands behind it. */
export function readPickle(input: ByteStream, world: World, where = "its pickle"): Value {
  return new Machine(input, world, where).run();
}

class Machine {
  readonly stack: Slot[] = [];
  readonly memo = new Map<number, Value>();
  /** Where the opcode under way stands. */
  #at = 0;
  /** Opcodes so far, and what calls have copied: a list of many pairs may be made a dictionary many times. */
  #steps = 0;
  readonly #begin: number;

  constructor(
    readonly input: ByteStream,
    readonly world: World,
    readonly where: string,
  ) {
    this.#begin = input.at;
  }

  run(): Value {
    for (;;) {
      if (++this.#steps > MOST_STEPS) throw this.fail(`takes more than ${MOST_STEPS.toLocaleString("en")} steps`);
      this.#at = this.input.at;
      const code = this.input.byte();
      if (code === STOP) return this.pop();
      const opcode = OPCODES.get(code);
      if (!opcode) throw this.refuse(`has an unknown opcode, 0x${code.toString(16).padStart(2, "0")}`);
      opcode(this);
    }
  }

  readonly fail: Fail = (what) => new DamagedFile(this.input.file.path, `${this.where}, at byte ${this.#at - this.#begin}, ${what}`);

  refuse(what: string): UserError {
    return new UserError(`${this.input.file.path} is refused: ${this.where}, at byte ${this.#at - this.#begin}, ${what}`, "only dictionaries of tensors are read, and nothing in the file is run; save a state_dict");
  }

  push(value: Slot): void {
    this.stack.push(value);
  }

  pop(): Value {
    const value = this.stack.pop();
    if (value === undefined || value === MARK) throw this.fail("takes a value that is not there");
    return value;
  }

  top(): Value {
    const value = this.stack.at(-1);
    if (value === undefined || value === MARK) throw this.fail("takes a value that is not there");
    return value;
  }

  /** What lies above the topmost mark; both are removed. */
  sinceMark(): Value[] {
    const at = this.stack.lastIndexOf(MARK);
    if (at < 0) throw this.fail("closes what was never opened");
    const values = this.stack.splice(at).slice(1);
    return values as Value[]; // above the last mark there is none
  }

  several(count: number): Value[] {
    const values: Value[] = [];
    for (let i = 0; i < count; i++) values.unshift(this.pop());
    return values;
  }

  unsigned(bytes: number): number {
    return this.input.take(bytes).readUIntLE(0, bytes);
  }

  long(length: number): void {
    if (length > 16) throw this.fail(`has a whole number of ${length} bytes`);
    const bytes = this.input.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    this.push(Number(length === 0 ? 0n : BigInt.asIntN(8 * length, value)));
  }

  text(length: number): string {
    if (length > LONGEST_TEXT) throw this.fail(`has a text of ${length} bytes`);
    return this.input.take(length).toString("utf8");
  }

  line(): string {
    let text = "";
    for (;;) {
      const code = this.input.byte();
      if (code === 0x0a) return text;
      if (text.length >= 256) throw this.fail("has a name without an end");
      text += String.fromCharCode(code);
    }
  }

  name(module: string, name: string): void {
    const full = `${module}.${name}`;
    if (!this.world.names.has(full)) throw this.refuse(`names ${printable(full)}, which is no part of a checkpoint`);
    this.push(new Named(full));
  }

  call(): void {
    const args = this.pop();
    const what = this.pop();
    if (!(args instanceof Tuple) || !(what instanceof Named)) throw this.fail("calls what is no function");
    const made = this.world.names.get(what.name);
    if (!made) throw this.refuse(`calls ${what.name}, which is no function`);
    const value = made(args.items, this.fail);
    if (value instanceof Dict) this.#steps += value.entries.size;
    this.push(value);
  }

  append(values: readonly Value[]): void {
    const list = this.top();
    if (!(list instanceof List)) throw this.fail("appends to what is no list");
    for (const v of values) list.items.push(v);
  }

  set(values: readonly Value[]): void {
    const dict = this.top();
    if (!(dict instanceof Dict) || values.length % 2 !== 0) throw this.fail("sets an item of what is no dictionary");
    for (let i = 0; i < values.length; i += 2) dict.entries.set(values[i] as Value, values[i + 1] as Value);
  }

  remember(index: number): void {
    this.memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.fail(`recalls value ${index}, which was never kept`);
    this.push(value);
  }

  /** Attributes (a state dict's _metadata) are passed over. */
  build(): void {
    this.pop();
    if (!(this.top() instanceof Dict)) throw this.refuse("sets the state of what is no dictionary");
  }
}

const STOP = 0x2e;

function code(character: string): number {
  return character.charCodeAt(0);
}

function dictOf(m: Machine, values: readonly Value[]): void {
  m.push(new Dict());
  m.set(values);
}

function listOf(m: Machine, values: readonly Value[]): void {
  m.push(new List());
  m.append(values);
}

/** Protocols 2 to 5, as far as plain data need them. INST, OBJ, EXT and the like are not among them, and so refused. */
const OPCODES: ReadonlyMap<number, (m: Machine) => void> = new Map<number, (m: Machine) => void>([
  [0x80, (m) => { const version = m.unsigned(1); if (version > 5) throw m.fail(`is of protocol ${version}`); }],
  [0x95, (m) => void m.input.take(8)], // FRAME
  [code("("), (m) => m.push(MARK)],
  [code("0"), (m) => { if (m.stack.pop() === undefined) throw m.fail("takes a value that is not there"); }], // POP
  [code("1"), (m) => void m.sinceMark()], // POP_MARK
  [code("2"), (m) => m.push(m.top())], // DUP
  [code("N"), (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [code("J"), (m) => m.push(m.input.take(4).readInt32LE(0))],
  [code("K"), (m) => m.push(m.unsigned(1))],
  [code("M"), (m) => m.push(m.unsigned(2))],
  [code("G"), (m) => m.push(m.input.take(8).readDoubleBE(0))],
  [0x8a, (m) => m.long(m.unsigned(1))],
  [0x8b, (m) => m.long(m.unsigned(4))],
  [code("X"), (m) => m.push(m.text(m.unsigned(4)))],
  [0x8c, (m) => m.push(m.text(m.unsigned(1)))],
  [code("U"), (m) => m.push(m.text(m.unsigned(1)))],
  [code("T"), (m) => m.push(m.text(m.unsigned(4)))],
  [code(")"), (m) => m.push(new Tuple([]))],
  [0x85, (m) => m.push(new Tuple(m.several(1)))],
  [0x86, (m) => m.push(new Tuple(m.several(2)))],
  [0x87, (m) => m.push(new Tuple(m.several(3)))],
  [code("t"), (m) => m.push(new Tuple(m.sinceMark()))],
  [code("]"), (m) => m.push(new List())],
  [code("l"), (m) => listOf(m, m.sinceMark())],
  [code("a"), (m) => m.append([m.pop()])],
  [code("e"), (m) => m.append(m.sinceMark())],
  [code("}"), (m) => m.push(new Dict())],
  [code("d"), (m) => dictOf(m, m.sinceMark())],
  [code("s"), (m) => m.set(m.several(2))],
  [code("u"), (m) => m.set(m.sinceMark())],
  [code("q"), (m) => m.remember(m.unsigned(1))],
  [code("r"), (m) => m.remember(m.unsigned(4))],
  [0x94, (m) => m.remember(m.memo.size)],
  [code("h"), (m) => m.recall(m.unsigned(1))],
  [code("j"), (m) => m.recall(m.unsigned(4))],
  [code("c"), (m) => m.name(m.line(), m.line())],
  [0x93, (m) => { const [module, name] = m.several(2); if (typeof module !== "string" || typeof name !== "string") throw m.fail("names what is no text"); m.name(module, name); }],
  [code("R"), (m) => m.call()],
  [0x81, (m) => m.call()], // NEWOBJ: cls.__new__(*args)
  [code("Q"), (m) => m.push(m.world.persistent(m.pop(), m.fail))],
  [code("b"), (m) => m.build()],
]);
