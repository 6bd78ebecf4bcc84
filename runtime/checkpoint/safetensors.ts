// The safetensors format: 8 bytes of header length, a JSON header, then the tensors' bytes one after another. Written part by
// part, so that no buffer holds the whole; the reader trusts nothing that the file says of itself.
// https://github.com/huggingface/safetensors#format
import { UserError } from "../files/errors.ts";

export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a header needs to know of a tensor: its numbers need not be in memory. */
export type HeaderEntry = Omit<TensorEntry, "data"> & { readonly data: { readonly byteLength: number } };

/** Where a tensor lies in a file. */
export interface TensorPlace {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorPlace>;
}

/** A file that is not what it should be: truncated, overwritten, or no safetensors at all. */
export class DamagedFile extends UserError {
  readonly path: string;

  constructor(path: string, what: string) {
    super(`${path} is damaged: ${what}`);
    this.name = "DamagedFile";
    this.path = path;
  }
}

/** What the reference reader accepts, too: a hostile length must not make us allocate. */
const LONGEST_HEADER = 100_000_000;
const LONGEST_PART = 1 << 26;

const WIDTHS: Readonly<Record<string, number>> = {
  BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, I16: 2, U16: 2, F16: 2, BF16: 2, I32: 4, U32: 4, F32: 4, F64: 8, I64: 8, U64: 8,
};

/** The file's bytes in parts; the tensors' own memory, not copies. */
export function* encodeSafetensors(tensors: readonly TensorEntry[], metadata: Readonly<Record<string, string>>): Generator<Uint8Array> {
  yield encodeHeader(tensors, metadata);
  for (const { data } of tensors) yield* bytesOf(data);
}

export function* bytesOf(data: Float32Array): Generator<Uint8Array> {
  for (let at = 0; at < data.byteLength; at += LONGEST_PART)
    yield new Uint8Array(data.buffer, data.byteOffset + at, Math.min(LONGEST_PART, data.byteLength - at));
}

export function encodeHeader(tensors: readonly HeaderEntry[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries: [string, unknown][] = [["__metadata__", metadata]];
  let at = 0;
  for (const { name, shape, data } of tensors) {
    entries.push([name, { dtype: "F32", shape, data_offsets: [at, at + data.byteLength] }]);
    at += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)), "utf8");
  const length = Math.ceil(text.length / 8) * 8; // tensors begin at a multiple of 8; spaces are part of the header
  const bytes = Buffer.alloc(8 + length, " ");
  bytes.writeBigUInt64LE(BigInt(length), 0);
  text.copy(bytes, 8);
  return bytes;
}

/** Reads the header through `read(position, length)`, which gives fewer bytes only at the file's end. */
export function decodeHeader(path: string, size: number, read: (position: number, length: number) => Buffer): Header {
  if (size < 8) throw new DamagedFile(path, `it has ${size} bytes, too few for a header`);
  const length = read(0, 8).readBigUInt64LE(0);
  if (length > BigInt(LONGEST_HEADER)) throw new DamagedFile(path, "it does not begin with a safetensors header");
  const headerEnd = 8 + Number(length);
  if (headerEnd > size) throw new DamagedFile(path, `its header says ${length} bytes, the file ends after ${size}`);
  const root = parse(path, read(8, Number(length)));
  const metadata = readMetadata(path, root["__metadata__"]);
  const tensors = new Map<string, TensorPlace>();
  for (const [name, entry] of Object.entries(root)) {
    if (name !== "__metadata__") tensors.set(name, readPlace(path, name, entry, headerEnd));
  }
  checkCover(path, tensors, headerEnd, size);
  return { metadata, tensors };
}

function parse(path: string, bytes: Buffer): Record<string, unknown> {
  try {
    const root: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isRecord(root)) return root;
  } catch {
    // told below, in our words
  }
  throw new DamagedFile(path, "its header is not readable JSON");
}

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}

function readMetadata(path: string, given: unknown): Record<string, string> {
  const metadata: Record<string, string> = {};
  if (given === undefined) return metadata;
  if (!isRecord(given)) throw new DamagedFile(path, "its metadata are no record");
  for (const [key, value] of Object.entries(given)) {
    if (typeof value !== "string") throw new DamagedFile(path, `its metadata ${key} is no text`);
    metadata[key] = value;
  }
  return metadata;
}

function readPlace(path: string, name: string, entry: unknown, base: number): TensorPlace {
  const wrong = (what: string) => new DamagedFile(path, `tensor ${name} ${what}`);
  if (!isRecord(entry)) throw wrong("is not described");
  const { dtype, shape, data_offsets: offsets } = entry;
  const width = typeof dtype === "string" && Object.hasOwn(WIDTHS, dtype) ? WIDTHS[dtype] : undefined;
  if (typeof dtype !== "string" || width === undefined) throw wrong(`has an unknown type, ${String(dtype)}`);
  if (!wholeNumbers(shape)) throw wrong("has no sound shape");
  if (!wholeNumbers(offsets) || offsets.length !== 2) throw wrong("has no sound offsets");
  const [begin = 0, end = 0] = offsets;
  const bytes = shape.reduce((product, dim) => product * dim, width);
  if (begin > end || bytes !== end - begin) throw wrong(`takes ${bytes} bytes by its shape, ${end - begin} by its offsets`);
  return { dtype, shape, begin: base + begin, end: base + end };
}

function wholeNumbers(x: unknown): x is number[] {
  return Array.isArray(x) && x.every((each) => Number.isSafeInteger(each) && (each as number) >= 0);
}

/** The tensors cover the file from header to end, without a gap and without overlap. */
function checkCover(path: string, tensors: ReadonlyMap<string, TensorPlace>, begin: number, size: number): void {
  let at = begin;
  const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, place] of inOrder) {
    if (place.begin < at) throw new DamagedFile(path, `tensor ${name} overlaps another`);
    if (place.begin > at) throw new DamagedFile(path, `there is a gap before tensor ${name}`);
    at = place.end;
  }
  if (at > size) throw new DamagedFile(path, `it is cut off: ${size} bytes of ${at}`);
  if (at < size) throw new DamagedFile(path, `${size - at} bytes follow its last tensor`);
}
