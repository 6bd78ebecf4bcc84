import { resizeAsCv2 } from "./resize-cv2";
import type { Filter, Picture } from "./types";

/**
 * Resampling as Pillow does it (libImaging/Resample.c, 8 bits a channel), because the published GANs were trained on Pillow's pixels and
 * other libraries' "bilinear" differs by up to 23/255. When shrinking, the filter is widened by the scale, so every source pixel counts
 * (antialiasing); weights are fixed-point with 22 bits; rows first, rounded to 8 bits, then columns.
 */

/** Pillow's 32 - 8 - 2: 8 bits of pixel, 2 for weights that overshoot [0, 1], the rest is the weight's fraction. */
const precisionBits = 22;

interface Kernel {
  /** Half the width of the filter at scale 1, in pixels. */
  readonly support: number;
  readonly at: (x: number) => number;
}

const kernels: Readonly<Record<"bilinear" | "bicubic", Kernel>> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys (1981) with a = -0.5, which is Pillow's (OpenCV's and PyTorch's is -0.75).
  bicubic: {
    support: 2,
    at: (signed) => {
      const a = -0.5;
      const x = Math.abs(signed);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
      return 0;
    },
  },
};

/** For each output pixel: the first source pixel, how many, and their weights (22-bit fixed point). */
interface Weights {
  readonly stride: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weight: Int32Array;
}

function weightsFor(from: number, to: number, kernel: Kernel): Weights {
  const scale = from / to;
  const widened = Math.max(1, scale);
  const support = kernel.support * widened;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weight = new Int32Array(to * stride);
  const row = new Float64Array(stride);
  for (let x = 0; x < to; x++) {
    const center = (x + 0.5) * scale;
    // Truncation as C's (int) does it: towards zero.
    const low = Math.max(0, Math.trunc(center - support + 0.5));
    const n = Math.min(from, Math.trunc(center + support + 0.5)) - low;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      row[i] = kernel.at((i + low - center + 0.5) * (1 / widened));
      sum += row[i]!;
    }
    for (let i = 0; i < n; i++) {
      const w = (sum === 0 ? row[i]! : row[i]! / sum) * 2 ** precisionBits;
      weight[x * stride + i] = Math.trunc(w < 0 ? w - 0.5 : w + 0.5);
    }
    first[x] = low;
    count[x] = n;
  }
  return { stride, first, count, weight };
}

/**
 * One pass along one axis. The picture is seen as `outer` blocks of `from` elements that lie `step` apart, each element `step`
 * neighbouring bytes: rows of pixels (step = channels) or columns of rows (step = bytes of a row).
 */
function pass(source: Uint8Array, outer: number, from: number, to: number, step: number, kernel: Kernel): Uint8Array {
  const { stride, first, count, weight } = weightsFor(from, to, kernel);
  const result = new Uint8Array(outer * to * step);
  const half = 1 << (precisionBits - 1);
  for (let block = 0; block < outer; block++) {
    for (let x = 0; x < to; x++) {
      const n = count[x]!;
      const start = (block * from + first[x]!) * step;
      const target = (block * to + x) * step;
      for (let c = 0; c < step; c++) {
        let sum = half;
        for (let i = 0; i < n; i++) sum += source[start + i * step + c]! * weight[x * stride + i]!;
        const value = sum >> precisionBits; // the sum stays below 2^31: exact in a double, and in the shift
        result[target + c] = value < 0 ? 0 : value > 255 ? 255 : value;
      }
    }
  }
  return result;
}

/** The picture at `height` × `width`, aspect not kept. Returns the picture itself where nothing changes. Throws a RangeError for an empty size. */
export function resize(picture: Picture, height: number, width: number, filter: Filter = "bilinear"): Picture {
  if (!(Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0))
    throw new RangeError(`resize to ${width}×${height}: whole numbers above 0 are needed`);
  if (filter === "bilinear_corner") return resizeByCorner(picture, height, width);
  if (filter === "bilinear_cv2") return resizeAsCv2(picture, height, width);
  const { channels } = picture;
  const kernel = kernels[filter];
  let data = picture.data;
  if (width !== picture.width) data = pass(data, picture.height, picture.width, width, channels, kernel);
  if (height !== picture.height) data = pass(data, 1, picture.height, height, width * channels, kernel);
  return data === picture.data ? picture : { width, height, channels, data };
}

/**
 * TensorFlow 1's `resize_images`, which the TensorFlow U-GAT-IT uses: output pixel x lies at x · from / to (corners meet, not centres), between
 * its four neighbours, without antialiasing. There the result stays a float; here it is rounded to 8 bits, as every step is.
 */
function resizeByCorner(picture: Picture, height: number, width: number): Picture {
  const { channels, data } = picture;
  if (height === picture.height && width === picture.width) return picture;
  const [rows, columns] = [neighbours(picture.height, height), neighbours(picture.width, width)];
  const result = new Uint8Array(height * width * channels);
  const at = (y: number, x: number, c: number): number => data[(y * picture.width + x) * channels + c]!;
  rows.forEach(([top, bottom, down], y) =>
    columns.forEach(([left, right, along], x) => {
      for (let c = 0; c < channels; c++) {
        const upper = at(top, left, c) + (at(top, right, c) - at(top, left, c)) * along;
        const lower = at(bottom, left, c) + (at(bottom, right, c) - at(bottom, left, c)) * along;
        result[(y * width + x) * channels + c] = Math.round(upper + (lower - upper) * down);
      }
    }),
  );
  return { width, height, channels, data: result };
}

/** Of each output pixel: the source pixel before it, the one after it, and how far it lies from the first. */
function neighbours(from: number, to: number): (readonly [number, number, number])[] {
  return Array.from({ length: to }, (_, x) => {
    const place = (x * from) / to;
    const low = Math.floor(place);
    return [low, Math.min(low + 1, from - 1), place - low] as const;
  });
}
