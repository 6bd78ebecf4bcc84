import type { FloatPicture } from "../data/types";

/** Measures between pictures in [-1, 1]. Sums run in double precision. */

function sameSize(a: FloatPicture, b: FloatPicture): void {
  if (a.width !== b.width || a.height !== b.height || a.channels !== b.channels)
    throw new RangeError(
      `pictures of ${a.channels}×${a.height}×${a.width} and ${b.channels}×${b.height}×${b.width} cannot be compared`,
    );
}

/** Mean absolute difference over pixels and channels: 0 (equal) to 2. */
export function l1(a: FloatPicture, b: FloatPicture): number {
  sameSize(a, b);
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += Math.abs(a.data[i]! - b.data[i]!);
  return sum / a.data.length;
}

/** Mean over pixels of the largest minus the smallest channel: 0 (grey) to 2 (pure colours). Always 0 for one channel. */
export function chroma(picture: FloatPicture): number {
  const { channels, data } = picture;
  const area = picture.width * picture.height;
  let sum = 0;
  for (let i = 0; i < area; i++) {
    let low = data[i]!;
    let high = low;
    for (let c = 1; c < channels; c++) {
      const v = data[c * area + i]!;
      if (v < low) low = v;
      if (v > high) high = v;
    }
    sum += high - low;
  }
  return sum / area;
}

/** The window of SSIM: 11 × 11, Gaussian of σ = 1.5, normalised; separable, so one row of it. */
const windowSize = 11;
const gauss = ((): Float64Array => {
  const row = Float64Array.from({ length: windowSize }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)));
  const sum = row.reduce((a, b) => a + b);
  return row.map((v) => v / sum);
})();

/**
 * Structural similarity: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment" (2004), with the paper's constants (11 × 11
 * Gaussian of σ 1.5, K1 = 0.01, K2 = 0.03), over windows that lie wholly inside, no downsampling. The pictures are taken to [0, 1]
 * first (L = 1), for the luminance term is made for values that are not negative. Computed for each channel and averaged: on
 * luminance alone it would not see a wrong colour. 1 is equal; may be below 0.
 * Throws a RangeError for pictures smaller than the window.
 */
export function ssim(a: FloatPicture, b: FloatPicture): number {
  sameSize(a, b);
  const { width, height, channels } = a;
  if (width < windowSize || height < windowSize)
    throw new RangeError(`SSIM needs pictures of ${windowSize}×${windowSize} or more`);
  let sum = 0;
  for (let c = 0; c < channels; c++) {
    const range = [c * width * height, (c + 1) * width * height] as const;
    sum += ssimOfChannel(a.data.subarray(...range), b.data.subarray(...range), height, width);
  }
  return sum / channels;
}

function ssimOfChannel(a: Float32Array, b: Float32Array, height: number, width: number): number {
  const c1 = 0.01 ** 2;
  const c2 = 0.03 ** 2;
  const unit = (p: Float32Array): Float64Array => Float64Array.from(p, (v) => (v + 1) / 2);
  const mean = (p: Float64Array, q?: Float64Array): Float64Array => {
    const values = new Float64Array(p.length);
    for (let i = 0; i < p.length; i++) values[i] = q ? p[i]! * q[i]! : p[i]!;
    return blur(values, height, width);
  };
  const [x, y] = [unit(a), unit(b)];
  const meanA = mean(x);
  const meanB = mean(y);
  const meanAA = mean(x, x);
  const meanBB = mean(y, y);
  const meanAB = mean(x, y);
  let sum = 0;
  for (let i = 0; i < meanA.length; i++) {
    const ma = meanA[i]!;
    const mb = meanB[i]!;
    const covariance = meanAB[i]! - ma * mb;
    const variances = meanAA[i]! - ma * ma + meanBB[i]! - mb * mb;
    sum += ((2 * ma * mb + c1) * (2 * covariance + c2)) / ((ma * ma + mb * mb + c1) * (variances + c2));
  }
  return sum / meanA.length;
}

/** Gaussian means over all windows that lie inside: h × w in, (h - 10) × (w - 10) out. */
function blur(values: Float64Array, height: number, width: number): Float64Array {
  const w = width - windowSize + 1;
  const h = height - windowSize + 1;
  const rows = convolve(values, height, w, width, 1);
  return convolve(rows, h, w, w, w);
}

/** Sums of 11 values that lie `step` apart, weighted, for h × w places in rows `stride` apart. */
function convolve(values: Float64Array, h: number, w: number, stride: number, step: number): Float64Array {
  const result = new Float64Array(h * w);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      let sum = 0;
      for (let k = 0; k < windowSize; k++) sum += gauss[k]! * values[y * stride + x + k * step]!;
      result[y * w + x] = sum;
    }
  return result;
}
