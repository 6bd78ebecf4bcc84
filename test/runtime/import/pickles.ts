// Pickles put together by hand, as a hostile writer would: opcodes by their pickletools names.
import { crc32ByTable } from "../../../runtime/import/crc32";

const u32 = (n: number): Buffer => {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(n);
  return b;
};
const raw = (...bytes: number[]): Buffer => Buffer.from(bytes);
const text = (s: string): Buffer => Buffer.from(s);

export const op = {
  proto: raw(0x80, 2),
  stop: text("."),
  mark: text("("),
  tuple: text("t"),
  emptyTuple: text(")"),
  emptyDict: text("}"),
  emptyList: text("]"),
  list: text("l"),
  setItems: text("u"),
  setItem: text("s"),
  reduce: text("R"),
  build: text("b"),
  persistent: text("Q"),
  dup: text("2"),
  append: text("a"),
  none: text("N"),
  false: raw(0x89),
  tuple2: raw(0x86),
  global: (module: string, name: string): Buffer => text(`c${module}\n${name}\n`),
  string: (s: string): Buffer => Buffer.concat([text("X"), u32(Buffer.byteLength(s)), text(s)]),
  int: (n: number): Buffer => Buffer.concat([text("J"), u32(n)]),
  long: (n: bigint): Buffer => {
    const b = Buffer.alloc(9);
    b.writeBigInt64LE(n, 1);
    b[0] = 8;
    return Buffer.concat([raw(0x8a), b]);
  },
  put: (n: number): Buffer => raw(0x71, n),
  get: (n: number): Buffer => raw(0x68, n),
};

export const pickle = (...parts: Buffer[]): Buffer => Buffer.concat([op.proto, ...parts, op.stop]);

/** A dictionary of one tensor `w` with this storage, offset, size and strides. */
export function oneTensor(t: { type?: string; key?: string; count?: bigint; offset?: bigint; shape?: readonly bigint[]; strides?: readonly bigint[]; bit?: string } = {}): Buffer {
  const { type = "FloatStorage", key = "0", count = 6n, offset = 0n, shape = [2n, 3n], strides = [3n, 1n], bit } = t;
  const longs = (list: readonly bigint[]): Buffer => Buffer.concat([op.mark, ...list.map(op.long), op.tuple]);
  const id = [op.mark, op.string("storage"), op.global("torch", type), op.string(key), op.string("cpu"), op.long(count), op.tuple, op.persistent];
  const args = [op.mark, ...id, op.long(offset), longs(shape), longs(strides), op.false, op.none, ...(bit === undefined ? [] : [op.emptyDict, op.string(bit), Buffer.from([0x88]), op.setItem]), op.tuple];
  return pickle(op.emptyDict, op.mark, op.string("w"), op.global("torch._utils", "_rebuild_tensor_v2"), ...args, op.reduce, op.setItems);
}

export interface Lie {
  readonly method?: number;
  /** Claimed sizes, instead of the true one. */
  readonly size?: number;
  readonly crc?: number;
  readonly offset?: number;
  readonly flags?: number;
}

/** A stored zip of these records, with lies where they are told. */
export function zip(records: Readonly<Record<string, Buffer>>, lies: Readonly<Record<string, Lie>> = {}, count?: number): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, data] of Object.entries(records)) {
    const { method = 0, size = data.length, crc = crc32ByTable(data), offset = at, flags = 0 } = lies[name] ?? {};
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc, 16);
    entry.writeUInt32LE(size, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    parts.push(local, Buffer.from(name), data);
    directory.push(entry, Buffer.from(name));
    at += 30 + name.length + data.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count ?? Object.keys(records).length, 8);
  end.writeUInt16LE(count ?? Object.keys(records).length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}

export const checkpoint = (data: Buffer, lies: Readonly<Record<string, Lie>> = {}, more: Readonly<Record<string, Buffer>> = {}): Buffer =>
  zip({ "archive/data.pkl": data, "archive/data/0": Buffer.alloc(24), ...more }, lies);

/** The old format: this object, these storages' keys, and what follows. */
export function legacy(object: Buffer, keys: readonly string[] = ["0"], rest: Buffer = Buffer.concat([raw(6, 0, 0, 0, 0, 0, 0, 0), Buffer.alloc(24)])): Buffer {
  const magic = Buffer.from("800 28a0a6cfc9c46f9206aa850192e".replace(" ", ""), "hex");
  return Buffer.concat([magic, pickle(text("M"), raw(0xe9, 0x03)), pickle(op.emptyDict), object, pickle(op.mark, ...keys.map(op.string), op.list), rest]);
}
