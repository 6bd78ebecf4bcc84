// CRC-32 (ISO 3309, polynomial 0xedb88320), the checksum of zip records. Node has it from 20.15 on; before, a table does.
import * as zlib from "node:zlib";

const native: ((bytes: Uint8Array, before?: number) => number) | undefined = "crc32" in zlib ? zlib.crc32 : undefined;

export class Crc32 {
  value = 0;

  update(bytes: Uint8Array): void {
    this.value = (native ?? crc32ByTable)(bytes, this.value);
  }
}

const TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

export function crc32ByTable(bytes: Uint8Array, before = 0): number {
  let c = ~before;
  for (let i = 0; i < bytes.length; i++) c = (TABLE[(c ^ (bytes[i] as number)) & 255] as number) ^ (c >>> 8);
  return ~c >>> 0;
}
