// Resizing as OpenCV does it (cv2.resize, INTER_LINEAR, 8 bits a channel): centres at half a pixel, four neighbours, no antialiasing,
// weights of 11 bits. Along a row first, to whole numbers of 19 bits; then two rows together, each product cut off, their sum rounded.
import type { Picture } from "./pictures.js";

/** A pixel of the result lies between two of the source, which count with these weights. */
interface Between {
  readonly low: number;
  readonly high: number;
  readonly weights: readonly [number, number];
}

/** @param stops beyond the outermost centre the edge counts whole, as OpenCV has it along a row; else it counts with both weights */
function betweens(from: number, to: number, stops: boolean): Between[] {
  const inside = (i: number): number => Math.max(0, Math.min(i, from - 1));
  return Array.from({ length: to }, (_, i) => {
    const at = Math.fround((i + 0.5) * (1 / (to / from)) - 0.5);
    const low = Math.floor(at);
    const share = stops && (low < 0 || low > from - 2) ? 0 : Math.fround(at - low);
    return {
      low: inside(low),
      high: inside(low + 1),
      weights: [toEven(2048 * Math.fround(1 - share)), toEven(2048 * share)],
    };
  });
}

/** The nearest whole number; of two the even one. */
function toEven(x: number): number {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 === 1 ? near - 1 : near;
}

export function resizedAsCv2(picture: Picture, height: number, width: number): Picture {
  if (height === picture.height && width === picture.width) return picture;
  const { channels, data } = picture;
  const size = width * channels;
  const along = betweens(picture.width, width, true);
  const rows = new Int32Array(picture.height * size);
  for (let y = 0, at = 0; y < picture.height; y++) {
    const start = y * picture.width;
    for (const {
      low,
      high,
      weights: [a, b],
    } of along)
      for (let c = 0; c < channels; c++)
        rows[at++] = (data[(start + low) * channels + c] ?? 0) * a + (data[(start + high) * channels + c] ?? 0) * b;
  }
  const result = new Uint8Array(height * size);
  let at = 0;
  for (const {
    low,
    high,
    weights: [a, b],
  } of betweens(picture.height, height, false)) {
    for (let i = 0; i < size; i++) {
      const [upper, lower] = [(rows[low * size + i] ?? 0) >> 4, (rows[high * size + i] ?? 0) >> 4];
      result[at++] = (((a * upper) >> 16) + ((b * lower) >> 16) + 2) >> 2;
    }
  }
  return { width, height, channels, data: result };
}
