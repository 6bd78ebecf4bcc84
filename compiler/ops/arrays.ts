// What the reference evaluations share: double precision, row-major, operands combined by axis name.
import { countAxes, strides, type NdArray } from "../graph/ndarray";
import type { AxisNumber } from "./record";

export type Numbers = readonly AxisNumber[];

export const zeros = (shape: Numbers): NdArray => ({ shape, data: new Float64Array(countAxes(shape)) });

const sameLayout = (a: Numbers, b: Numbers): boolean =>
  a.length === b.length && a.every((x, i) => x.axis === b[i]!.axis && x.dim === b[i]!.dim);

/** Strides of the operand along the axes of a shape: 0 along those it lacks. */
function stridesIn(operand: Numbers, shape: Numbers): number[] {
  const own = strides(operand);
  return shape.map((a) => own.get(a.axis) ?? 0);
}

/**
 * Calls `row` for each run along the shape's last axis, with the offsets of both operands where it begins.
 * A shape without axes is one run of one element.
 */
function eachRow(shape: Numbers, a: number[], b: number[], row: (to: number, a: number, b: number) => void): void {
  const outer = shape.length - 1;
  const index = new Array<number>(Math.max(outer, 0)).fill(0);
  const length = outer < 0 ? 1 : shape[outer]!.dim;
  const total = countAxes(shape);
  let atA = 0;
  let atB = 0;
  for (let to = 0; to < total; to += length) {
    row(to, atA, atB);
    for (let i = outer - 1; i >= 0; i--) {
      index[i]!++;
      atA += a[i]!;
      atB += b[i]!;
      if (index[i]! < shape[i]!.dim) break;
      atA -= a[i]! * index[i]!;
      atB -= b[i]! * index[i]!;
      index[i] = 0;
    }
  }
}

/** Repeats along what the operand lacks, and brings its axes into the order of the shape. */
export function spread(x: NdArray, shape: Numbers): NdArray {
  if (sameLayout(x.shape, shape)) return x;
  const result = zeros(shape);
  const step = stridesIn(x.shape, shape);
  const last = shape.length - 1;
  const length = last < 0 ? 1 : shape[last]!.dim;
  const by = last < 0 ? 0 : step[last]!;
  eachRow(shape, step, step, (to, from) => {
    for (let i = 0; i < length; i++) result.data[to + i] = x.data[from + i * by]!;
  });
  return result;
}

/** The same values with the axes in this order. */
export function ordered(x: NdArray, axes: readonly string[]): NdArray {
  return spread(
    x,
    axes.map((axis) => x.shape.find((a) => a.axis === axis)!),
  );
}

export function mapEach(x: NdArray, f: (v: number) => number): NdArray {
  const data = new Float64Array(x.data.length);
  for (let i = 0; i < data.length; i++) data[i] = f(x.data[i]!);
  return { shape: x.shape, data };
}

/** f of both operands, element by element of the shape. */
export function combine(a: NdArray, b: NdArray, shape: Numbers, f: (x: number, y: number) => number): NdArray {
  const result = zeros(shape);
  const out = result.data;
  const stepA = stridesIn(a.shape, shape);
  const stepB = stridesIn(b.shape, shape);
  const last = shape.length - 1;
  const length = last < 0 ? 1 : shape[last]!.dim;
  const byA = last < 0 ? 0 : stepA[last]!;
  const byB = last < 0 ? 0 : stepB[last]!;
  eachRow(shape, stepA, stepB, (to, fromA, fromB) => {
    for (let i = 0; i < length; i++) out[to + i] = f(a.data[fromA + i * byA]!, b.data[fromB + i * byB]!);
  });
  return result;
}

/** The values with the axes of `over` last, each row of `length` being reduced to one value, in the operand's own order. */
export function rowsOver(x: NdArray, over: readonly string[]): { data: Float64Array; length: number; kept: Numbers; laid: Numbers } {
  const kept = x.shape.filter((a) => !over.includes(a.axis));
  const gone = x.shape.filter((a) => over.includes(a.axis));
  const laid = [...kept, ...gone];
  return { data: spread(x, laid).data, length: countAxes(gone), kept, laid };
}

/** Pictures with h and w last: planes of h × w, one after another. */
export function planes(x: NdArray): { data: Float64Array; lead: Numbers; count: number; h: number; w: number } {
  const lead = x.shape.filter((a) => a.axis !== "h" && a.axis !== "w");
  const dim = (axis: string): number => x.shape.find((a) => a.axis === axis)!.dim;
  const data = ordered(x, [...lead.map((a) => a.axis), "h", "w"]).data;
  return { data, lead, count: countAxes(lead), h: dim("h"), w: dim("w") };
}

/** Planes of the result's h and w, in the result's order of axes. */
export function fromPlanes(data: Float64Array, lead: Numbers, shape: Numbers): NdArray {
  const dim = (axis: string): AxisNumber => shape.find((a) => a.axis === axis)!;
  return spread({ shape: [...lead, dim("h"), dim("w")], data }, shape);
}
