// One safetensors file on the disk, opened for reading.
import { closeSync, fstatSync, readSync } from "node:fs";
import { explainFsError } from "../files/errors.ts";
import { openToRead } from "../files/open.ts";
import { DamagedFile, decodeHeader, type Header, type TensorPlace } from "./safetensors.ts";

const PART = 1 << 26;

export class TensorFile {
  readonly path: string;
  readonly header: Header;
  readonly #fd: number;

  private constructor(path: string, fd: number, header: Header) {
    this.path = path;
    this.#fd = fd;
    this.header = header;
  }

  /** Opens and checks the header; throws a DamagedFile, or a UserError for a file that is not there. */
  static open(path: string): TensorFile {
    const fd = guarded(path, () => openToRead(path));
    try {
      const read = (position: number, length: number): Buffer => {
        const bytes = Buffer.alloc(length);
        readFully(path, fd, bytes, position);
        return bytes;
      };
      return new TensorFile(path, fd, decodeHeader(path, guarded(path, () => fstatSync(fd)).size, read));
    } catch (e) {
      closeSync(fd);
      throw e;
    }
  }

  place(name: string): TensorPlace {
    const place = this.header.tensors.get(name);
    if (!place) throw new DamagedFile(this.path, `it has no tensor ${name}`);
    return place;
  }

  read(name: string): Float32Array {
    const { begin, end } = this.place(name);
    const values = new Float32Array((end - begin) / 4);
    this.readInto(name, values);
    return values;
  }

  /** Straight into the array; `seen` is told the bytes as they come (to check a sum). */
  readInto(name: string, values: Float32Array, seen?: (bytes: Uint8Array) => void): void {
    const { dtype, begin, end } = this.place(name);
    if (dtype !== "F32" || end - begin !== values.byteLength) throw new DamagedFile(this.path, `tensor ${name} is not ${values.length} float32`);
    for (let at = 0; at < values.byteLength; at += PART) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset + at, Math.min(PART, values.byteLength - at));
      readFully(this.path, this.#fd, bytes, begin + at);
      seen?.(bytes);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (e) {
    throw explainFsError(e, path);
  }
}

function readFully(path: string, fd: number, into: Uint8Array, position: number): void {
  let done = 0;
  while (done < into.byteLength) {
    const got = guarded(path, () => readSync(fd, into, done, into.byteLength - done, position + done));
    if (got === 0) throw new DamagedFile(path, "it ended while it was read");
    done += got;
  }
}
