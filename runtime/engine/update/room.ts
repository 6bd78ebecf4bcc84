// The memory that the update's kernel reaches. What lies in it is updated where it lies; one WebAssembly memory ends at 4 GiB, and what
// found no room there passes through it in pieces.

import { wasm, type WasmMemory } from "./assembler.ts";

const PAGE = 65536;
/** Bytes of one memory at most: a page short of WebAssembly's limit, so that an end is an address, too. */
export const MOST = 2 ** 32 - PAGE;
/** Cache lines, and what the vector kernels like best. */
const ALIGNMENT = 64;

export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

export class Room {
  readonly memory: WasmMemory;
  #end = 0;

  /** @param bytes of everything that will be taken, each piece rounded up by `aligned` */
  constructor(bytes: number) {
    this.memory = new wasm.Memory({ initial: Math.ceil(bytes / PAGE) });
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
