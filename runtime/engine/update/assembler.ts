// The few parts of WebAssembly's binary format that a kernel without branches needs (WebAssembly Core Specification 2.0, chapter 5):
// numbers in LEB128, sections, and the instructions by name.

export type Code = readonly number[];

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128: what a constant is written in. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 0x7f;
    const last = (rest >> 7 === 0 && (low & 0x40) === 0) || (rest >> 7 === -1 && (low & 0x40) !== 0);
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
}

export const types = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;

const vector = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
/** Aligned to 16 bytes, without an offset. */
const ALIGN_16 = [4, 0];

/** Instructions. Those of one `f32x4` work on four floats at once. */
export const asm = {
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number): Code => [0x21, ...unsigned(local)],
  tee: (local: number): Code => [0x22, ...unsigned(local)],
  i32: (value: number): Code => [0x41, ...signed(value)],
  i32Add: [0x6a] as Code,
  i32LessUnsigned: [0x49] as Code,
  load: [...vector(0), ...ALIGN_16] as Code,
  store: [...vector(11), ...ALIGN_16] as Code,
  splat: vector(19) as Code,
  sqrt: vector(227) as Code,
  add: vector(228) as Code,
  sub: vector(229) as Code,
  mul: vector(230) as Code,
  div: vector(231) as Code,
  min: vector(232) as Code,
  max: vector(233) as Code,
  /** The body, again as long as the number it leaves is not 0. */
  loop: (body: Code): Code => [0x03, 0x40, ...body, 0x0d, 0, 0x0b],
};

export interface Func {
  readonly name: string;
  readonly params: readonly number[];
  /** Locals beside the params, all of this type. */
  readonly locals: { readonly count: number; readonly type: number };
  readonly body: Code;
}

const text = (s: string): number[] => [...unsigned(s.length), ...new TextEncoder().encode(s)];
const section = (id: number, body: readonly number[]): number[] => [id, ...unsigned(body.length), ...body];

/** A module of one exported function without results, over a memory that it imports as `env.memory`. */
export function moduleOf({ name, params, locals, body }: Func): Uint8Array<ArrayBuffer> {
  const code = [1, ...unsigned(locals.count), locals.type, ...body, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, ...unsigned(params.length), ...params, 0]),
    ...section(2, [1, ...text("env"), ...text("memory"), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text(name), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

/** The part of JavaScript's interface that we use: it is in every engine, and in none of Node's type declarations. */
interface WebAssemblyApi {
  readonly Memory: new (limits: { readonly initial: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: { readonly env: { readonly memory: WasmMemory } }) => { readonly exports: Readonly<Record<string, unknown>> };
}
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** By so many pages of 64 KiB. */
  grow(pages: number): number;
}
export const wasm = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
