// One tensor of a file: where its numbers lie, and how they are read in whatever order is wanted, a part at a time.
import type { FileBytes } from "./bytes.ts";
import { decode, type DType, type FloatType, WIDTH } from "./floats.ts";

/** Numbers a part of a tensor has at most: what is held of a tensor that lies in order. */
export const PART = 1 << 22;
/** A tensor out of order is read through windows of so many numbers at most. */
const WINDOW = 1 << 22;

export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** In elements, one an axis. */
  readonly strides: readonly number[];
  /** Of the first element, in bytes from the file's beginning. */
  readonly begin: number;
}

export const countOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

export function rowMajor(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides.unshift(stride);
    stride *= shape[i] as number;
  }
  return strides;
}

/** The numbers in row-major order, as float32. Each part is valid until the next is asked for. */
export function* readParts(file: FileBytes, tensor: StoredTensor, type: FloatType): Generator<Float32Array> {
  const { shape, strides, begin } = tensor;
  const count = countOf(shape);
  const width = WIDTH[type];
  const inOrder = rowMajor(shape).every((s, i) => shape[i] === 1 || s === strides[i]);
  if (count === 0) return;
  if (!inOrder) {
    const all = new Float32Array(count);
    new Gather(file, type, all).run(shape, strides, rowMajor(shape), begin, 0);
    for (let at = 0; at < count; at += PART) yield all.subarray(at, Math.min(count, at + PART));
    return;
  }
  const part = new Float32Array(Math.min(PART, count));
  const bytes = Buffer.allocUnsafe(part.length * width);
  for (let at = 0; at < count; at += PART) {
    const n = Math.min(PART, count - at);
    const own = bytes.subarray(0, n * width);
    file.readInto(begin + at * width, own);
    const values = part.subarray(0, n);
    decode(type, own, values);
    yield values;
  }
}

/** Reads a strided tensor: split along its longest stride until what is left lies close together, then picked from there. */
class Gather {
  #bytes = Buffer.alloc(0);
  #values = new Float32Array(0);

  constructor(
    readonly file: FileBytes,
    readonly type: FloatType,
    readonly into: Float32Array,
  ) {}

  run(shape: readonly number[], strides: readonly number[], to: readonly number[], begin: number, at: number): void {
    const span = 1 + shape.reduce((n, d, i) => n + (d - 1) * (strides[i] as number), 0);
    if (span <= WINDOW || shape.length === 0) return this.#pick(shape, strides, to, begin, at, span);
    const axis = strides.indexOf(Math.max(...strides.map((s, i) => ((shape[i] as number) > 1 ? s : -1))));
    const without = (list: readonly number[]) => list.filter((_, i) => i !== axis);
    const [dim, stride, step] = [shape[axis] as number, strides[axis] as number, to[axis] as number];
    // As many of this axis at once as a window holds.
    const inner = 1 + without(shape).reduce((n, d, i) => n + (d - 1) * (without(strides)[i] as number), 0);
    const several = Math.max(1, Math.floor((WINDOW - inner) / Math.max(1, stride)));
    for (let i = 0; i < dim; i += several) {
      const n = Math.min(several, dim - i);
      const from = begin + i * stride * WIDTH[this.type];
      if (n === 1) this.run(without(shape), without(strides), without(to), from, at + i * step);
      else this.run(shape.map((d, a) => (a === axis ? n : d)), strides, to, from, at + i * step);
    }
  }

  #pick(shape: readonly number[], strides: readonly number[], to: readonly number[], begin: number, at: number, span: number): void {
    if (this.#values.length < span) {
      this.#bytes = Buffer.allocUnsafe(span * WIDTH[this.type]);
      this.#values = new Float32Array(span);
    }
    const bytes = this.#bytes.subarray(0, span * WIDTH[this.type]);
    this.file.readInto(begin, bytes);
    decode(this.type, bytes, this.#values.subarray(0, span));
    this.#copy(shape, strides, to, 0, 0, at);
  }

  #copy(shape: readonly number[], strides: readonly number[], to: readonly number[], axis: number, from: number, at: number): void {
    if (axis === shape.length) {
      this.into[at] = this.#values[from] as number;
      return;
    }
    const [dim, stride, step] = [shape[axis] as number, strides[axis] as number, to[axis] as number];
    if (axis === shape.length - 1) {
      for (let i = 0; i < dim; i++) this.into[at + i * step] = this.#values[from + i * stride] as number;
      return;
    }
    for (let i = 0; i < dim; i++) this.#copy(shape, strides, to, axis + 1, from + i * stride, at + i * step);
  }
}
