// Pictures: read, resized, cut, and written. 8 bits a channel, rows from the top, channels interleaved.
import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { explained } from "./files.js";
import { UserError } from "./mistake.js";

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** A file that is no readable picture. */
export class PictureError extends UserError {}

/**
 * Reads a png, jpg, webp, tiff, or a gif's first frame, with 3 channels or 1 (luminance as Pillow has it). What is transparent becomes
 * white; an EXIF orientation and a colour profile are ignored, as the published codes do.
 */
export async function readPicture(path: string, channels: number): Promise<Picture> {
  const bytes = await readFile(path).catch((e: unknown) => {
    throw explained(e, path);
  });
  try {
    const image = sharp(bytes, { failOn: "truncated", ignoreIcc: true, autoOrient: false })
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb");
    const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, channels, data: withChannels(data, info.channels, channels) };
  } catch (e) {
    const [why = ""] = String(e instanceof Error ? e.message : e)
      .replace("Input buffer", "the file")
      .split("\n");
    throw new PictureError(`${path}: cannot be read as a picture (${why})`);
  }
}

function withChannels(data: Uint8Array, from: number, to: number): Uint8Array {
  if (from === to) return data;
  const result = new Uint8Array((data.length / from) * to);
  for (let i = 0; i < result.length / to; i++) {
    const [r = 0, g = r, b = r] = from < 3 ? [data[i * from]] : data.subarray(i * from, i * from + 3);
    if (to === 1)
      result[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16; // ITU-R 601-2 in 16-bit fixed point
    else result.set([r, g, b], i * to);
  }
  return result;
}

/** Left and right exchanged. */
export function flipped({ width, height, channels, data }: Picture): Picture {
  const result = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + width - 1 - x) * channels;
      result.set(data.subarray(from, from + channels), (y * width + x) * channels);
    }
  }
  return { width, height, channels, data: result };
}

/** The rectangle whose upper left corner is (top, left). */
export function cropped(picture: Picture, top: number, left: number, height: number, width: number): Picture {
  const { channels } = picture;
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * channels;
    data.set(picture.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}

/** Values in [-1, 1], rounded as torchvision's ToTensor and Normalize round them. */
export function toValues({ data }: Picture): Float32Array {
  const scaled = Float32Array.from({ length: 256 }, (_, v) => Math.fround(Math.fround(v / 255) - 0.5) / 0.5);
  return Float32Array.from(data, (v) => scaled[v] ?? 0);
}

/** The way back, clipped; NaN becomes grey. */
export function toBytes(values: Float32Array): Uint8Array {
  return Uint8Array.from(values, (v) =>
    Number.isNaN(v) ? 128 : Math.min(255, Math.max(0, Math.round((v + 1) * 127.5))),
  );
}

/** Pictures of one size in rows, as a png. */
export async function toPng(rows: readonly (readonly Picture[])[]): Promise<Uint8Array> {
  const [first] = rows[0] ?? [];
  const { width = 1, height = 1 } = first ?? {};
  const columns = Math.max(...rows.map((row) => row.length));
  const parts = rows.flatMap((row, y) =>
    row.map((p, x) => ({
      input: Buffer.from(withChannels(p.data, p.channels, 3)),
      raw: { width: p.width, height: p.height, channels: 3 as const },
      left: x * width,
      top: y * height,
    })),
  );
  return sharp({ create: { width: width * columns, height: height * rows.length, channels: 3, background: "#ffffff" } })
    .composite(parts)
    .png()
    .toBuffer();
}
