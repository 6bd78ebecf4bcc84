// Pictures that sharp does not read and the published codes do (Pillow's .bmp, .ppm, .pgm, .pbm): RGB, 8 bits.
import { createRequire } from "node:module";
import type { Picture } from "./types";

/** Undefined for what is neither; throws an Error that says why for what is damaged. */
export function decodePlain(bytes: Uint8Array): Picture | undefined {
  const [first, second = 0] = bytes;
  if (first === 0x42 && second === 0x4d) return decodeBmp(bytes);
  if (first === 0x50 && second >= 0x31 && second <= 0x36) return new Netpbm(bytes).read();
  return undefined;
}

interface Nsbmp {
  /** RGBA; throws for what it cannot read. */
  decode(source: Uint8Array): { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray };
}

/** NetSurf's decoder: palettes, run lengths, bit fields, rows from either end. As Pillow's convert("RGB") it shows what lies beneath a transparent pixel. Of 16-bit files (rare) it is up to 7 of 255 levels darker than Pillow. */
function decodeBmp(bytes: Uint8Array): Picture {
  const nsbmp = createRequire(import.meta.url)("@cwasm/nsbmp") as Nsbmp; // loaded where a picture wants it
  const { width, height, data } = nsbmp.decode(bytes);
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) rgb.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
  return { width, height, channels: 3, data: rgb };
}

/** Python's round: a half goes to the even neighbour. */
const toEven = (x: number): number => (x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

const isSpace = (code: number | undefined): boolean => code !== undefined && (code === 32 || (code >= 9 && code <= 13));

/** https://netpbm.sourceforge.net/doc/ppm.html: P1 and P4 are black and white, P2 and P5 grey, P3 and P6 colour; the first of each is text. */
class Netpbm {
  #at = 2;

  constructor(readonly bytes: Uint8Array) {}

  read(): Picture {
    const kind = (this.bytes[1] as number) - 0x30;
    const isText = kind <= 3;
    const isBits = kind === 1 || kind === 4;
    const [width, height] = [this.#number(), this.#number()];
    const most = isBits ? 1 : this.#number();
    if (width === 0 || height === 0 || most === 0 || most > 65_535) throw new Error(`its header says ${width} x ${height} pixels of ${most} levels`);
    const channels = kind === 3 || kind === 6 ? 3 : 1;
    const count = width * height * channels;
    // A header costs nothing: what it promises must be there before it is allocated. A number of the text forms takes a byte at least.
    const row = isBits && !isText ? Math.ceil(width / 8) : width * channels * (isText || most < 256 ? 1 : 2);
    if (!isText) this.#at++;
    if (row * height > this.bytes.length - this.#at) throw new Error("it is cut off");
    const values = isText ? this.#text(count, isBits) : isBits ? this.#packed(width, height, row) : this.#binary(count, most < 256 ? 1 : 2);
    const level = (value: number): number => (isBits ? 255 * (1 - value) : toEven((Math.min(value, most) / most) * 255));
    const data = new Uint8Array(width * height * 3);
    for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) data[3 * i + c] = level(values[channels * i + (channels === 3 ? c : 0)] as number);
    return { width, height, channels: 3, data };
  }

  #text(count: number, isBits: boolean): Uint16Array {
    // Of the bits each digit is one, with or without a space between.
    return Uint16Array.from({ length: count }, () => (isBits ? this.#number(1) : this.#number()));
  }

  #binary(count: number, width: 1 | 2): Uint8Array | Uint16Array {
    const bytes = this.bytes.subarray(this.#at, this.#at + count * width);
    return width === 1 ? bytes : Uint16Array.from({ length: count }, (_, i) => 256 * (bytes[2 * i] as number) + (bytes[2 * i + 1] as number));
  }

  #packed(width: number, height: number, row: number): Uint8Array {
    const bit = (x: number, y: number): number => ((this.bytes[this.#at + y * row + (x >> 3)] as number) >> (7 - (x & 7))) & 1;
    return Uint8Array.from({ length: width * height }, (_, i) => bit(i % width, Math.floor(i / width)));
  }

  /** The next whole number of at most so many digits; comments run from # to the line's end. */
  #number(digits = 9): number {
    for (;; this.#at++) {
      if (this.bytes[this.#at] === 0x23) while (this.#at < this.bytes.length && this.bytes[this.#at] !== 0x0a) this.#at++;
      if (!isSpace(this.bytes[this.#at])) break;
    }
    let text = "";
    for (; text.length < digits; this.#at++) {
      const code = this.bytes[this.#at] ?? 0;
      if (code < 0x30 || code > 0x39) break;
      text += String.fromCharCode(code);
    }
    if (text === "") throw new Error(this.#at >= this.bytes.length ? "it is cut off" : "a number was expected in it");
    return Number(text);
  }
}
