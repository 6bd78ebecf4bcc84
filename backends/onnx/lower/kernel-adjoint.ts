import { addDim, type Dim } from "../../../compiler/graph/dim";
import type { Shape } from "../../../compiler/graph/shape";
import type { Window2d } from "../../../compiler/graph/types";
import type { Emitter } from "../emitter";
import { type Extent, numberOf, product } from "../extent";
import { int } from "../operator";
import { KERNEL_AXES } from "./conv";
import { type Picture, picture, reordered } from "./layout";
import type { Lowering } from "./lowering";
import { padAxes } from "./pad";

/** What the gathered patches of one convolution may take; beyond, taps are multiplied one by one. */
const PATCH_BYTES = 256 * 2 ** 20;

/** One pixel of the kernel: where its picture begins. */
interface Tap {
  readonly y: number;
  readonly x: number;
}

/**
 * dk[o, i, y, x] = Σ over batch and pixels p of g[o, p] · x[i, stride·p + (y, x) − pad]. Written as a matrix product of one
 * operand with shifted copies of the other; which one is copied is decided by the bytes.
 */
export const convKernelAdjoint: Lowering<"conv_kernel_adjoint"> = (e, node) => {
  const x = picture(e, node.inputs[0]!);
  const g = picture(e, node.inputs[1]!);
  const { window } = node.attrs;
  const { kernel, stride, pad } = window;
  const taps = kernel[0] * kernel[1];
  const bytesX = bytes(x.n, x.c, g.h, g.w) * taps;
  const bytesG = bytes(g.n, g.c, x.h, x.w) * taps;
  const swappable = stride[0] === 1 && stride[1] === 1 && pad[0] < kernel[0] && pad[1] < kernel[1];
  const swapped = swappable && taps > 1 && 2 * bytesG < bytesX;
  const value = swapped ? byShiftedGradient(e, x, g, window, bytesG) : byShiftedInput(e, x, g, window, bytesX);
  const shape: Shape = KERNEL_AXES.map((axis, i) => ({ axis, dim: [g.c, x.c, kernel[0], kernel[1]][i]! }));
  return reordered(e, value, shape, node.shape);
};

/** Bytes of a tensor; free dims count as a usual size. */
function bytes(n: Extent, ...dims: readonly Dim[]): number {
  return dims.reduce<number>((b, d) => b * (typeof d === "number" ? d : 256), 4 * (numberOf(n) ?? 1));
}

/** Patches of x, im2col: [in·taps, pixels]; one product gives the kernel in its own layout. */
function byShiftedInput(e: Emitter, x: Picture, g: Picture, window: Window2d, size: number): string {
  const { kernel, stride, pad } = window;
  const padded = zeroPadded(e, x, pad);
  const tap = ({ y, x: left }: Tap): string =>
    e.cut(padded.value, [
      { axis: 2, start: y, size: g.h, step: stride[0], total: padded.h },
      { axis: 3, start: left, size: g.w, step: stride[1], total: padded.w },
    ]);
  const pixels = product([[g.h], [g.w]]);
  const flatG = e.reshape(g.value, dimsOf(g), [g.n, [g.c], pixels]);
  const shifted = allTaps(kernel, false).map((t) => e.reshape(tap(t), [x.n, [x.c], [g.h], [g.w]], [x.n, [x.c], [1], pixels]));
  const taps = kernel[0] * kernel[1];
  const to: Extent[] = [[g.c], [x.c], [kernel[0]], [kernel[1]]];
  if (size <= PATCH_BYTES) {
    const patches = e.reshape(e.concat(shifted, 2), [x.n, [x.c], [taps], pixels], [x.n, product([[x.c], [taps]]), pixels]);
    return e.reshape(outer(e, flatG, patches, g.n, [g.c], product([[x.c], [taps]]), pixels), [[g.c], product([[x.c], [taps]])], to);
  }
  const each = shifted.map((s) => {
    const flat = e.reshape(s, [x.n, [x.c], [1], pixels], [x.n, [x.c], pixels]);
    return e.reshape(outer(e, flatG, flat, g.n, [g.c], [x.c], pixels), [[g.c], [x.c]], [[g.c], [x.c], [1]]);
  });
  return e.reshape(e.concat(each, 2), [[g.c], [x.c], [taps]], to);
}

/** Stride 1, few output channels (a generator's last layer): the gradient is the one that is copied. */
function byShiftedGradient(e: Emitter, x: Picture, g: Picture, window: Window2d, size: number): string {
  const { kernel, pad } = window;
  const padded = zeroPadded(e, g, [kernel[0] - 1 - pad[0], kernel[1] - 1 - pad[1]]);
  const tap = ({ y, x: left }: Tap): string =>
    e.cut(padded.value, [
      { axis: 2, start: y, size: x.h, total: padded.h },
      { axis: 3, start: left, size: x.w, total: padded.w },
    ]);
  const pixels = product([[x.h], [x.w]]);
  const taps = kernel[0] * kernel[1];
  const flatX = e.reshape(x.value, dimsOf(x), [x.n, [x.c], pixels]);
  const shifted = allTaps(kernel, true).map((t) => e.reshape(tap(t), [g.n, [g.c], [x.h], [x.w]], [g.n, [g.c], [1], pixels]));
  const to: Extent[] = [[g.c], [kernel[0]], [kernel[1]], [x.c]];
  if (size <= PATCH_BYTES) {
    const rows = product([[g.c], [taps]]);
    const patches = e.reshape(e.concat(shifted, 2), [g.n, [g.c], [taps], pixels], [g.n, rows, pixels]);
    const result = e.reshape(outer(e, patches, flatX, x.n, rows, [x.c], pixels), [rows, [x.c]], to);
    return e.transpose(result, [0, 3, 1, 2]);
  }
  const each = shifted.map((s) => {
    const flat = e.reshape(s, [g.n, [g.c], [1], pixels], [g.n, [g.c], pixels]);
    return e.reshape(outer(e, flat, flatX, g.n, [g.c], [x.c], pixels), [[g.c], [x.c]], [[g.c], [x.c], [1]]);
  });
  return e.reshape(e.concat(each, 2), [[g.c], [x.c], [taps]], [[g.c], [x.c], [kernel[0]], [kernel[1]]]);
}

/** Σ over n and pixels of a[n, rows, pixels] · b[n, columns, pixels]: [rows, columns]. */
function outer(e: Emitter, a: string, b: string, n: Extent, rows: Extent, columns: Extent, pixels: Extent): string {
  if (numberOf(n) === 1) {
    const flatA = e.reshape(a, [n, rows, pixels], [rows, pixels]);
    const flatB = e.reshape(b, [n, columns, pixels], [columns, pixels]);
    return e.op("Gemm", [flatA, flatB], { transB: int(1) });
  }
  // onnxruntime fuses the Transpose into the product.
  const products = e.op("MatMul", [a, e.transpose(b, [0, 2, 1])]);
  return e.op("ReduceSum", [products, e.ints([0])], { keepdims: int(0) });
}

const dimsOf = (p: Picture): Extent[] => [p.n, [p.c], [p.h], [p.w]];

function allTaps([kh, kw]: readonly [number, number], backwards: boolean): Tap[] {
  const taps = Array.from({ length: kh * kw }, (_, t): Tap => ({ y: Math.floor(t / kw), x: t % kw }));
  return backwards ? taps.reverse() : taps;
}

function zeroPadded(e: Emitter, p: Picture, [h, w]: readonly [number, number]): { value: string; h: Dim; w: Dim } {
  const amounts = [
    { at: 2, before: h, after: h },
    { at: 3, before: w, after: w },
  ];
  return { value: padAxes(e, p.value, 4, "zero", amounts), h: addDim(p.h, 2 * h), w: addDim(p.w, 2 * w) };
}

