// The order of axes: TensorFlow keeps channels last, files keep them as PyTorch does.
/** How a tensor lies in memory, and which of those axes come first, second, ... in a file. */
export interface Order {
  /** Dims of the axes as they follow one another in memory; a tensor may have several of them flattened into one. */
  readonly shape: readonly number[];
  readonly axes: readonly number[];
}

/** A convolution's kernel: [kh, kw, in, out] in memory, [out, in, kh, kw] in a file. */
export function kernelOrder(size: number, channelsIn: number, channelsOut: number): Order {
  return { shape: [size, size, channelsIn, channelsOut], axes: [3, 2, 0, 1] };
}

/** A linear map: [in, out] in memory, [out, in] in a file. */
export function matrixOrder(channelsIn: number, channelsOut: number): Order {
  return { shape: [channelsIn, channelsOut], axes: [1, 0] };
}

/** The same tensor's shape in a file. */
export function shapeInFile(shape: readonly number[], order: Order | undefined): number[] {
  if (!order || order.shape.length !== shape.length) return [...shape];
  return order.axes.map((axis) => shape[axis] ?? 1);
}

export function toFileOrder(data: Float32Array, order: Order | undefined): Float32Array {
  return order ? permuted(data, order.shape, order.axes) : data;
}

export function toMemoryOrder(data: Float32Array, order: Order | undefined): Float32Array {
  if (!order) return data;
  const shape = order.axes.map((axis) => order.shape[axis] ?? 1);
  return permuted(
    data,
    shape,
    order.shape.map((_, axis) => order.axes.indexOf(axis)),
  );
}

/** A row-major tensor with its axes in the order `axes`. */
function permuted(data: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, dim) => product * dim, 1));
  const [dims, steps] = [axes.map((axis) => shape[axis] ?? 1), axes.map((axis) => strides[axis] ?? 0)];
  const result = new Float32Array(data.length);
  const index = dims.map(() => 0);
  for (let to = 0, from = 0; to < result.length; to++) {
    result[to] = data[from] ?? 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const [dim, step] = [dims[axis] ?? 1, steps[axis] ?? 0];
      from += step;
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < dim) break;
      from -= step * dim;
      index[axis] = 0;
    }
  }
  return result;
}
