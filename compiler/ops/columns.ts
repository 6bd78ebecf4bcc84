// Convolution as a matrix product: every window of a picture is a column.
import type { Window2d } from "../graph/types";

export interface Geometry {
  readonly window: Window2d;
  readonly c: number;
  /** The picture's size, and how many windows fit. */
  readonly h: number;
  readonly w: number;
  readonly H: number;
  readonly W: number;
}

/** Calls `run` for each stretch of windows that lie side by side: where they read x, in steps of the stride. */
function eachStretch(geometry: Geometry, run: (column: number, pixel: number, length: number) => void): void {
  const { window, c, h, w, H, W } = geometry;
  const [kh, kw] = window.kernel;
  const [sh, sw] = window.stride;
  const [ph, pw] = window.pad;
  for (let row = 0; row < c * kh * kw; row++) {
    const dx = row % kw;
    const dy = Math.floor(row / kw) % kh;
    const channel = Math.floor(row / (kw * kh));
    // The windows whose pixel dx lies inside the picture.
    const from = Math.max(0, Math.ceil((pw - dx) / sw));
    const to = Math.min(W - 1, Math.floor((w - 1 + pw - dx) / sw));
    if (to < from) continue;
    for (let i = 0; i < H; i++) {
      const y = i * sh + dy - ph;
      if (y < 0 || y >= h) continue;
      run((row * H + i) * W + from, (channel * h + y) * w + from * sw + dx - pw, to - from + 1);
    }
  }
}

/** x[c, h, w] → columns[c·kh·kw, H·W]; padding stays 0. */
export function columnsOf(x: Float64Array, geometry: Geometry): Float64Array {
  const { window, c, H, W } = geometry;
  const columns = new Float64Array(c * window.kernel[0] * window.kernel[1] * H * W);
  const step = window.stride[1];
  eachStretch(geometry, (column, pixel, length) => {
    for (let i = 0; i < length; i++) columns[column + i] = x[pixel + i * step]!;
  });
  return columns;
}

/** The adjoint: adds every column's values back to the pixels they came from. */
export function addColumns(x: Float64Array, columns: Float64Array, geometry: Geometry): void {
  const step = geometry.window.stride[1];
  eachStretch(geometry, (column, pixel, length) => {
    for (let i = 0; i < length; i++) x[pixel + i * step]! += columns[column + i]!;
  });
}
