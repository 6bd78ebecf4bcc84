import { addDim, type Dim } from "../../../compiler/graph/dim";
import type { Shape } from "../../../compiler/graph/shape";
import type { NodeOf } from "../../../compiler/graph/types";
import type { Emitter } from "../emitter";
import { type Extent, numberOf, product } from "../extent";
import { int } from "../operator";
import { KERNEL_AXES } from "./conv";
import { type Picture, picture, reordered } from "./layout";
import type { Lowering } from "./lowering";
import { padAxes } from "./pad";

/**
 * What the patches of one matrix product may take. Larger ones are gathered band by band: above 32 MB glibc maps fresh
 * pages for every block, and writing those took longer than the product itself.
 */
const BAND_BYTES = 24e6;

/** One pixel of the kernel: where its picture begins. */
interface Tap {
  readonly y: number;
  readonly x: number;
}

/**
 * dk[o, i, y, x] = Σ over batch and pixels p of g[o, p] · x[i, stride·p + (y, x) − pad]: a matrix product of one operand with
 * shifted copies of the other. Copying x serves every window; at stride 1 the copies may be g's, for a generator's last
 * layer a twentieth of the bytes.
 */
export const convKernelAdjoint: Lowering<"conv_kernel_adjoint"> = (e, node) => kernelAdjoint(e, node);

/** The same, added to `sum`, which is laid out as the node. */
export function kernelAdjoint(e: Emitter, node: NodeOf<"conv_kernel_adjoint">, sum?: string): string {
  const x = picture(e, node.inputs[0]!);
  const g = picture(e, node.inputs[1]!);
  const { kernel, stride, pad } = node.attrs.window;
  const taps = Array.from({ length: kernel[0] * kernel[1] }, (_, t): Tap => ({ y: Math.floor(t / kernel[1]), x: t % kernel[1] }));
  const single = stride[0] === 1 && stride[1] === 1 && pad[0] < kernel[0] && pad[1] < kernel[1];
  const copyG = single && taps.length > 1 && 2 * bytes(g.n, g.c, x.h, x.w) < bytes(x.n, x.c, g.h, g.w);
  const shape: Shape = KERNEL_AXES.map((axis, i) => ({ axis, dim: [g.c, x.c, kernel[0], kernel[1]][i]! }));
  const dims = shape.map((a): Extent => [a.dim]);
  if (!copyG) {
    const flat: Extent[] = [[g.c], product([[x.c], [taps.length]])];
    const start = sum === undefined ? undefined : e.reshape(reordered(e, sum, node.shape, shape), dims, flat);
    const total = summed(e, { moved: zeroPadded(e, x, pad), still: g, taps, stride, movedFirst: false }, start);
    return reordered(e, e.reshape(total, flat, dims), shape, node.shape);
  }
  const around: [number, number] = [kernel[0] - 1 - pad[0], kernel[1] - 1 - pad[1]];
  const total = summed(e, { moved: zeroPadded(e, g, around), still: x, taps: [...taps].reverse(), stride, movedFirst: true });
  const [out, into, kh, kw] = dims as [Extent, Extent, Extent, Extent];
  const swapped = e.reshape(total, [product([[g.c], [taps.length]]), [x.c]], [out, kh, kw, into]);
  const result = reordered(e, e.transpose(swapped, [0, 3, 1, 2]), shape, node.shape);
  return sum === undefined ? result : e.op("Add", [sum, result]);
}

/** Bytes of a tensor; a free dim counts as a usual size. */
const bytes = (n: Extent, ...dims: readonly Dim[]): number =>
  dims.reduce<number>((b, d) => b * (typeof d === "number" ? d : 256), 4 * (numberOf(n) ?? 1));

interface Correlation {
  /** Copied once a tap, cut to the size of `still`. */
  readonly moved: Picture;
  readonly still: Picture;
  readonly taps: readonly Tap[];
  readonly stride: readonly [number, number];
  /** Rows of the product are the moved one's channels and taps, else its columns. */
  readonly movedFirst: boolean;
}

/** Σ over batch and pixels, band by band of the picture's rows. */
function summed(e: Emitter, c: Correlation, start?: string): string {
  const { still } = c;
  const whole = bytes(still.n, c.moved.c, still.h, still.w) * c.taps.length;
  const height = still.h;
  if (typeof height !== "number") return banded(e, c, 0, height, start);
  const rows = Math.ceil(height / Math.ceil(whole / BAND_BYTES));
  let sum = start;
  for (let from = 0; from < height; from += rows) sum = banded(e, c, from, Math.min(rows, height - from), sum);
  return sum!;
}

function banded(e: Emitter, { moved, still, taps, stride, movedFirst }: Correlation, from: number, rows: Dim, sum?: string): string {
  const { n, c, w } = still;
  const pixels = product([[rows], [w]]);
  const band = e.cut(still.value, [{ axis: 2, start: from, size: rows, total: still.h }]);
  const flat = e.reshape(band, [n, [c], [rows], [w]], [n, [c], pixels]);
  // Channels join the batch, so that Concat lays a channel's taps beside each other.
  const single = product([n, [moved.c]]);
  const alone = e.reshape(moved.value, [n, [moved.c], [moved.h], [moved.w]], [single, [1], [moved.h], [moved.w]]);
  const shifted = taps.map(({ y, x }) =>
    e.cut(alone, [
      { axis: 2, start: from * stride[0] + y, size: rows, step: stride[0], total: moved.h },
      { axis: 3, start: x, size: w, step: stride[1], total: moved.w },
    ]),
  );
  const columns = product([[moved.c], [taps.length]]);
  const patches = e.reshape(e.concat(shifted, 1), [single, [taps.length], [rows], [w]], [n, columns, pixels]);
  return movedFirst ? outer(e, [patches, columns], [flat, [c]], n, pixels, sum) : outer(e, [flat, [c]], [patches, columns], n, pixels, sum);
}

/** sum + Σ over n and pixels of a[n, rows, pixels] · b[n, columns, pixels]: [rows, columns]. */
function outer(e: Emitter, [a, rows]: [string, Extent], [b, columns]: [string, Extent], n: Extent, pixels: Extent, sum?: string): string {
  if (numberOf(n) === 1) {
    const flatA = e.reshape(a, [n, rows, pixels], [rows, pixels]);
    const flatB = e.reshape(b, [n, columns, pixels], [columns, pixels]);
    // A Gemm's third operand adds the sum so far at no cost.
    return e.op("Gemm", sum === undefined ? [flatA, flatB] : [flatA, flatB, sum], { transB: int(1) });
  }
  // onnxruntime fuses the Transpose into the product.
  const products = e.op("MatMul", [a, e.transpose(b, [0, 2, 1])]);
  const total = e.op("ReduceSum", [products, e.ints([0])], { keepdims: int(0) });
  return sum === undefined ? total : e.op("Add", [sum, total]);
}

function zeroPadded(e: Emitter, p: Picture, [h, w]: readonly [number, number]): Picture {
  const amounts = [
    { at: 2, before: h, after: h },
    { at: 3, before: w, after: w },
  ];
  return { ...p, value: padAxes(e, p.value, 4, "zero", amounts), h: addDim(p.h, 2 * h), w: addDim(p.w, 2 * w) };
}
