import type { AxisNumber } from "../ops/record";

/** A dense tensor in double precision, row-major in the order of its axes: what the reference evaluation works on. */
export interface NdArray {
  readonly shape: readonly AxisNumber[];
  readonly data: Float64Array;
}

export const countAxes = (shape: readonly AxisNumber[]): number => shape.reduce((n, a) => n * a.dim, 1);

/** Row-major strides by axis name. */
export function strides(shape: readonly AxisNumber[]): Map<string, number> {
  const result = new Map<string, number>();
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    result.set(shape[i]!.axis, step);
    step *= shape[i]!.dim;
  }
  return result;
}
