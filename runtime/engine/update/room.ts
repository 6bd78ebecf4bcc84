// The memory that the update's kernel reaches. What lies in it is updated where it lies; one WebAssembly memory ends at 4 GiB, and what
// found no room there passes through it in pieces.

import { wasm, type WasmMemory } from "./assembler.ts";

const PAGE = 65536;
/** The system's pages. */
const SYSTEM_PAGE = 4096;
/** Bytes of one memory at most: a page short of WebAssembly's limit, so that an end is an address, too. */
export const MOST = 2 ** 32 - PAGE;
/** Cache lines, and what the vector kernels like best. */
const ALIGNMENT = 64;

export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Bytes of a room, from an address on. The memory's buffer is another one once it has grown. */
export interface Piece {
  readonly offset: number;
  readonly bytes: number;
}

export class Room {
  readonly memory: WasmMemory;
  #end = 0;

  /** @param bytes of everything that will be taken, each piece rounded up by `aligned`; or less, if `reserve` is asked for the rest */
  constructor(bytes: number) {
    this.memory = new wasm.Memory({ initial: Math.ceil(bytes / PAGE) });
  }

  /** Makes it this large, if it is smaller. Arrays that were made of its pieces are empty then. */
  reserve(bytes: number): void {
    const missing = Math.ceil(bytes / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.memory.grow(missing);
  }

  /** Has the system give its pages now, of what is still empty: it gives each at the first write, and a training's first values waited half a second for them at 128 px. */
  touch(from = 0): void {
    const bytes = new Uint8Array(this.memory.buffer);
    for (let at = from; at < bytes.length; at += SYSTEM_PAGE) bytes[at] = 0;
  }

  /** A zeroed piece, or undefined where no room is left. */
  take(bytes: number): Piece | undefined {
    const offset = this.#end;
    if (offset + aligned(bytes) > this.memory.buffer.byteLength) return undefined;
    this.#end = offset + aligned(bytes);
    return { offset, bytes };
  }

  array({ offset, bytes }: Piece): Float32Array {
    return new Float32Array(this.memory.buffer, offset, bytes / 4);
  }

  holds(data: Float32Array): boolean {
    return data.buffer === this.memory.buffer;
  }
}
