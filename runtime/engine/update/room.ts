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

export class Room {
  readonly memory: WasmMemory;
  #end = 0;

  /** @param bytes of everything that will be taken, each piece rounded up by `aligned`; or less, if `reserve` is asked for the rest */
  constructor(bytes: number) {
    this.memory = new wasm.Memory({ initial: Math.ceil(bytes / PAGE) });
  }

  /** Makes it this large, if it is smaller. Before anything is taken: whoever holds a piece would hold nothing. */
  reserve(bytes: number): void {
    const missing = Math.ceil(bytes / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.memory.grow(missing);
  }

  /** Has the system give its pages now: it gives each at the first write, and a training's first values waited half a second for them at 128 px. */
  touch(): void {
    const bytes = new Uint8Array(this.memory.buffer);
    for (let at = 0; at < bytes.length; at += SYSTEM_PAGE) bytes[at] = 0;
  }

  /** A zeroed piece, or undefined where no room is left. */
  take(bytes: number): { readonly buffer: ArrayBuffer; readonly offset: number } | undefined {
    const { buffer } = this.memory;
    const offset = this.#end;
    if (offset + aligned(bytes) > buffer.byteLength) return undefined;
    this.#end = offset + aligned(bytes);
    return { buffer, offset };
  }

  holds(data: Float32Array): boolean {
    return data.buffer === this.memory.buffer;
  }
}
