import { toBytes } from "../data/pipeline";
import type { FloatPicture, Picture } from "../data/types";
import { writeAtomic } from "../files/atomic";
import { loadSharp } from "./sharp";

/** 8-bit pixels, or what a model gives: channel by channel in [-1, 1]. */
export type AnyPicture = Picture | FloatPicture;

/** 8-bit RGB of any picture: floats are rounded and clipped, one channel becomes three equal ones. */
export function asRgb(picture: AnyPicture): Picture {
  const bytes =
    picture.data instanceof Float32Array
      ? toBytes({ ...picture, data: picture.data })
      : { ...picture, data: picture.data };
  if (bytes.channels === 3) return bytes;
  if (bytes.channels !== 1) throw new RangeError(`a picture of ${bytes.channels} channels cannot be shown`);
  const { width, height } = bytes;
  return {
    width,
    height,
    channels: 3,
    data: Uint8Array.from({ length: width * height * 3 }, (_, i) => bytes.data[Math.floor(i / 3)]!),
  };
}

/** A png file's bytes. The same picture gives the same bytes: nothing of the clock or the machine is in them. */
export async function encodePng(picture: AnyPicture): Promise<Uint8Array> {
  const { width, height, data } = asRgb(picture);
  const sharp = await loadSharp();
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9, adaptiveFiltering: false, palette: false })
    .toBuffer();
}

/** Writes the picture as png, whole or not at all. Throws a UserError for a full disk and the like. */
export async function writePng(path: string, picture: AnyPicture): Promise<void> {
  await writeAtomic(path, await encodePng(picture));
}
