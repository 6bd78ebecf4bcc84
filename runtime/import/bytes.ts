// A file on the disk, read at any place: nothing is ever read that was not asked for, and nothing beyond its end.
import { closeSync, fstatSync, readSync } from "node:fs";
import { DamagedFile } from "../checkpoint/safetensors.ts";
import { explainFsError, UserError } from "../files/errors.ts";
import { openToRead } from "../files/open.ts";

export class FileBytes {
  readonly #fd: number;

  private constructor(
    readonly path: string,
    fd: number,
    readonly size: number,
  ) {
    this.#fd = fd;
  }

  /** Throws a UserError for a file that is not there or is a folder. */
  static open(path: string): FileBytes {
    let fd: number | undefined;
    try {
      fd = openToRead(path);
      const about = fstatSync(fd);
      if (about.isFile()) return new FileBytes(path, fd, about.size);
    } catch (e) {
      if (fd !== undefined) closeSync(fd);
      throw explainFsError(e, path);
    }
    closeSync(fd);
    throw new UserError(`${path} is not a file`);
  }

  /** A fresh buffer with these bytes; `length` must have been checked to be sensible. */
  read(at: number, length: number): Buffer {
    if (at < 0 || length < 0 || at + length > this.size) throw this.cut(at, length);
    const bytes = Buffer.allocUnsafe(length);
    this.readInto(at, bytes);
    return bytes;
  }

  readInto(at: number, into: Uint8Array): void {
    for (let done = 0; done < into.byteLength;) {
      const got = this.some(at + done, into.subarray(done));
      if (got === 0) throw this.cut(at, into.byteLength);
      done += got;
    }
  }

  /** As many bytes as there are, up to the array's length. */
  some(at: number, into: Uint8Array): number {
    try {
      return readSync(this.#fd, into, 0, into.byteLength, at);
    } catch (e) {
      throw explainFsError(e, this.path);
    }
  }

  cut(at: number, length: number): DamagedFile {
    return new DamagedFile(this.path, `it is cut off: bytes ${at} to ${at + length} are wanted, it has ${this.size}`);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Reads on and on from a place, through a small window, and never past `end`. */
export class ByteStream {
  #window: Buffer = Buffer.alloc(0);
  /** Where the window begins in the file. */
  #from = 0;

  constructor(
    readonly file: FileBytes,
    public at: number,
    readonly end: number,
  ) {}

  byte(): number {
    return this.take(1)[0] as number;
  }

  /** The next bytes; valid until the next call. */
  take(length: number): Buffer {
    const { at } = this;
    if (at + length > Math.min(this.end, this.file.size)) throw this.file.cut(at, length);
    if (at < this.#from || at + length > this.#from + this.#window.length) {
      this.#window = this.file.read(at, Math.min(Math.max(length, WINDOW), Math.min(this.end, this.file.size) - at));
      this.#from = at;
    }
    this.at = at + length;
    return this.#window.subarray(at - this.#from, this.at - this.#from);
  }
}

const WINDOW = 1 << 16;
