// Resizing as Pillow does it (libImaging/Resample.c): the published models were trained on its pixels, and other libraries' "bilinear"
// differs by up to 23 of 255. When shrinking, the filter is widened, so that every pixel counts; weights are 22-bit fixed-point; rows
// first, rounded to 8 bits, then columns.
import { resizedAsCv2 } from "./opencv.js";
import type { Picture } from "./pictures.js";

/** `bilinear_corner` is TensorFlow 1's resize_images: the four nearest pixels of x · scale, without antialiasing. `bilinear_cv2` is OpenCV's. */
export type Filter = "bilinear" | "bicubic" | "bilinear_corner" | "bilinear_cv2";

interface Kernel {
  /** Half its width at scale 1, in pixels. */
  readonly support: number;
  readonly at: (x: number) => number;
}

const kernels: Readonly<Record<"bilinear" | "bicubic", Kernel>> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: cubic },
};

/** Keys, 1981, with a = -0.5. */
function cubic(signed: number): number {
  const [a, x] = [-0.5, Math.abs(signed)];
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** For one pixel of the result: the first that it is made of, and their weights. */
interface Mix {
  readonly first: number;
  readonly weights: Int32Array;
}

function mixesFor(from: number, to: number, kernel: Kernel): Mix[] {
  const scale = from / to;
  const widened = Math.max(1, scale);
  const support = kernel.support * widened;
  return Array.from({ length: to }, (_, x) => {
    const center = (x + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - first;
    const weights = Float64Array.from({ length: count }, (__, i) =>
      kernel.at((i + first - center + 0.5) * (1 / widened)),
    );
    const sum = weights.reduce((s, w) => s + w, 0) || 1;
    return { first, weights: Int32Array.from(weights, (w) => Math.trunc((w / sum) * 2 ** 22 + (w < 0 ? -0.5 : 0.5))) };
  });
}

/** One pass along one axis: `blocks` of `from` elements, each element `step` neighbouring bytes. */
function pass(source: Uint8Array, blocks: number, from: number, to: number, step: number, kernel: Kernel): Uint8Array {
  const mixes = mixesFor(from, to, kernel);
  const result = new Uint8ClampedArray(blocks * to * step);
  let at = 0;
  for (let block = 0; block < blocks; block++) {
    for (const { first, weights } of mixes) {
      const start = (block * from + first) * step;
      for (let c = 0; c < step; c++, at++) {
        let sum = 1 << 21;
        for (let i = 0; i < weights.length; i++) sum += (source[start + i * step + c] ?? 0) * (weights[i] ?? 0);
        result[at] = sum >> 22;
      }
    }
  }
  return new Uint8Array(result.buffer);
}

/** The picture at height × width; its aspect is not kept. */
export function resized(picture: Picture, height: number, width: number, filter: Filter): Picture {
  if (filter === "bilinear_corner") return resizedByCorner(picture, height, width);
  if (filter === "bilinear_cv2") return resizedAsCv2(picture, height, width);
  const { channels } = picture;
  const kernel = kernels[filter];
  let { data } = picture;
  if (width !== picture.width) data = pass(data, picture.height, picture.width, width, channels, kernel);
  if (height !== picture.height) data = pass(data, 1, picture.height, height, width * channels, kernel);
  return { width, height, channels, data };
}

function resizedByCorner(picture: Picture, height: number, width: number): Picture {
  const { channels, data } = picture;
  if (height === picture.height && width === picture.width) return picture;
  const result = new Uint8Array(height * width * channels);
  const columns = neighbours(picture.width, width);
  const between = (row: number, left: number, right: number, c: number, share: number): number => {
    const [a = 0, b = 0] = [
      data[(row * picture.width + left) * channels + c],
      data[(row * picture.width + right) * channels + c],
    ];
    return a + (b - a) * share;
  };
  let at = 0;
  for (const [top, bottom, down] of neighbours(picture.height, height)) {
    for (const [left, right, along] of columns) {
      for (let c = 0; c < channels; c++) {
        const upper = between(top, left, right, c, along);
        result[at++] = Math.round(upper + (between(bottom, left, right, c, along) - upper) * down);
      }
    }
  }
  return { width, height, channels, data: result };
}

/** Of each pixel of the result: the source's pixel before it, the one after it, and how far it lies from the first. */
function neighbours(from: number, to: number): (readonly [number, number, number])[] {
  return Array.from({ length: to }, (_, x) => {
    const place = (x * from) / to;
    const low = Math.floor(place);
    return [low, Math.min(low + 1, from - 1), place - low] as const;
  });
}
