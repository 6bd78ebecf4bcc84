import type { Picture } from "./types";

/**
 * OpenCV's `cv2.resize` (INTER_LINEAR, 8 bits a channel; modules/imgproc/src/resize.cpp), bit by bit: output pixel x lies at
 * (x + 1/2) · from / to - 1/2, between its four neighbours, without antialiasing; weights are fixed-point with 11 bits. Columns come first and stay
 * whole numbers of 19 bits; rows are then joined in 16 bits, each product cut off, and their sum rounded.
 */
export function resizeAsCv2(picture: Picture, height: number, width: number): Picture {
  const { channels, data } = picture;
  if (height === picture.height && width === picture.width) return picture;
  const columns = placesOf(picture.width, width, true);
  const mixed = new Map<number, Int32Array>();
  const rowOf = (y: number): Int32Array => {
    const known = mixed.get(y);
    if (known) return known;
    const row = new Int32Array(width * channels);
    const start = y * picture.width;
    columns.forEach(({ first, second, weights: [a, b] }, x) => {
      for (let c = 0; c < channels; c++)
        row[x * channels + c] = data[(start + first) * channels + c]! * a + data[(start + second) * channels + c]! * b;
    });
    mixed.set(y, row);
    return row;
  };
  const result = new Uint8Array(height * width * channels);
  placesOf(picture.height, height, false).forEach(({ first, second, weights: [a, b] }, y) => {
    const [upper, lower] = [rowOf(first), rowOf(second)];
    for (const above of mixed.keys()) if (above < first) mixed.delete(above);
    for (let i = 0; i < upper.length; i++)
      result[y * upper.length + i] = (((a * (upper[i]! >> 4)) >> 16) + ((b * (lower[i]! >> 4)) >> 16) + 2) >> 2;
  });
  return { width, height, channels, data: result };
}

interface Place {
  readonly first: number;
  readonly second: number;
  readonly weights: readonly [number, number];
}

/**
 * Between which two source pixels each output pixel lies.
 * @param rests beyond the outermost centres the first weight is whole (so for columns); else both neighbours are the edge (so for rows)
 */
function placesOf(from: number, to: number, rests: boolean): Place[] {
  const scale = 1 / (to / from);
  const within = (i: number): number => Math.min(Math.max(i, 0), from - 1);
  return Array.from({ length: to }, (_, x) => {
    const place = Math.fround((x + 0.5) * scale - 0.5);
    const low = Math.floor(place);
    const share = rests && (low < 0 || low >= from - 1) ? 0 : Math.fround(place - low);
    return { first: within(low), second: within(low + 1), weights: [fixed(Math.fround(1 - share)), fixed(share)] };
  });
}

/** 11 bits, halves to the even number (cvRound). */
function fixed(share: number): number {
  const scaled = share * 2048;
  const down = Math.floor(scaled);
  if (scaled - down !== 0.5) return Math.round(scaled);
  return down % 2 === 0 ? down : down + 1;
}
