import { readFile } from "node:fs/promises";
import { explainFsError, UserError } from "../files/errors";
import { loadSharp } from "../pictures/sharp";
import { decodePlain } from "./plain";
import type { Picture } from "./types";

/** A file that is no readable picture. The loader may skip it; everything else that reads pictures lets it through to the user. */
export class PictureError extends UserError {
  readonly file: string;

  constructor(file: string, why: string, options?: ErrorOptions) {
    super(`${file}: ${why}`, "remove or replace this file", options);
    this.name = "PictureError";
    this.file = file;
  }
}

/**
 * Reads a picture file (png, jpg, webp, gif's first frame, tiff, bmp, ppm, pgm, pbm) to 8 bits: RGB for channels 3, Pillow's luminance for channels 1.
 *
 * Kept as the published codes have it, which read with Pillow and convert to RGB: the EXIF orientation is **not** applied, and an
 * embedded colour profile is ignored. Unlike them: what is transparent becomes white (Pillow shows whatever colour lies beneath), and
 * 16-bit pictures keep their upper 8 bits (Pillow clips grey ones).
 *
 * Throws a PictureError that names the file if it is damaged, truncated or no picture; a UserError if it cannot be read.
 */
export async function decode(file: string, channels: number): Promise<Picture> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (e) {
    throw explainFsError(e, file);
  }
  return decodeBytes(bytes, channels, file);
}

/** The same for bytes in memory; `name` is what messages call them. */
export async function decodeBytes(bytes: Uint8Array, channels: number, name: string): Promise<Picture> {
  if (channels !== 1 && channels !== 3)
    throw new UserError(`pictures have 1 or 3 channels, the spec asks for ${channels}`);
  if (bytes.byteLength === 0) throw new PictureError(name, "is empty");
  try {
    const plain = decodePlain(bytes);
    if (plain) return channels === 3 ? plain : toLuminance(plain);
    const sharp = await loadSharp();
    const { data, info } = await sharp(bytes, { failOn: "truncated", ignoreIcc: true, autoOrient: false })
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const picture = {
      width: info.width,
      height: info.height,
      channels: info.channels,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
    return channels === 3 ? toRgb(picture) : toLuminance(picture);
  } catch (e) {
    throw new PictureError(name, `cannot be read as a picture (${reason(e)})`, { cause: e });
  }
}

/** libvips repeats itself over several lines; the first says enough. */
function reason(e: unknown): string {
  const text = e instanceof Error ? e.message : String(e);
  return (text.split("\n").find((line) => line.trim() !== "") ?? "unknown reason")
    .replace(/^Input buffer/, "the file")
    .trim();
}

/** 1 channel becomes 3 equal ones; a channel beyond the third is dropped. */
function toRgb(picture: Picture): Picture {
  if (picture.channels === 3) return picture;
  const { width, height, channels } = picture;
  const grey = channels < 3;
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++)
    for (let c = 0; c < 3; c++) data[i * 3 + c] = picture.data[i * channels + (grey ? 0 : c)]!;
  return { width, height, channels: 3, data };
}

/** Pillow's convert("L"): ITU-R 601-2 in 16-bit fixed point (libImaging/Convert.c). */
export function toLuminance(picture: Picture): Picture {
  const rgb = toRgb(picture);
  const data = new Uint8Array(rgb.width * rgb.height);
  for (let i = 0; i < data.length; i++)
    data[i] = (rgb.data[i * 3]! * 19595 + rgb.data[i * 3 + 1]! * 38470 + rgb.data[i * 3 + 2]! * 7471 + 0x8000) >> 16;
  return { width: rgb.width, height: rgb.height, channels: 1, data };
}
