// Kernels 1, 3, 4, 7; strides 1, 2; several paddings and batches; uneven windows; axes in another order.
import type { Shape } from "../graph/shape";
import type { Window2d } from "../graph/types";
import type { OpCase } from "./record";
import { sh } from "./samples";

interface Picture {
  /** Absent: without the batch axis. */
  readonly batch?: number;
  readonly c: number;
  readonly h: number;
  readonly w: number;
}
const shapeOf = (p: Picture): Shape => (p.batch === undefined ? sh("c h w", p.c, p.h, p.w) : sh("batch c h w", p.batch, p.c, p.h, p.w));
const square = (kernel: number, stride: number, pad: number): Window2d => ({ kernel: [kernel, kernel], stride: [stride, stride], pad: [pad, pad] });

const layers: readonly { readonly window: Window2d; readonly x: Picture; readonly out: number }[] = [
  { window: square(1, 1, 0), x: { batch: 2, c: 3, h: 3, w: 2 }, out: 2 },
  { window: square(3, 1, 0), x: { batch: 1, c: 2, h: 5, w: 4 }, out: 3 },
  { window: square(3, 1, 1), x: { c: 2, h: 4, w: 3 }, out: 2 },
  { window: square(3, 2, 1), x: { batch: 3, c: 2, h: 6, w: 5 }, out: 2 },
  { window: square(3, 2, 0), x: { batch: 2, c: 2, h: 6, w: 6 }, out: 1 },
  { window: square(4, 2, 1), x: { batch: 2, c: 2, h: 6, w: 4 }, out: 3 },
  { window: square(4, 1, 0), x: { c: 1, h: 4, w: 6 }, out: 2 },
  { window: square(4, 1, 1), x: { batch: 1, c: 2, h: 4, w: 4 }, out: 2 },
  { window: square(7, 1, 3), x: { batch: 1, c: 1, h: 4, w: 5 }, out: 2 },
  { window: square(7, 1, 0), x: { batch: 1, c: 2, h: 7, w: 8 }, out: 1 },
  { window: { kernel: [3, 1], stride: [2, 1], pad: [1, 0] }, x: { batch: 2, c: 2, h: 5, w: 3 }, out: 2 },
  { window: { kernel: [1, 4], stride: [1, 3], pad: [0, 2] }, x: { c: 1, h: 2, w: 7 }, out: 1 },
  { window: square(1, 2, 0), x: { batch: 2, c: 2, h: 4, w: 5 }, out: 2 },
];

function parts({ window, x, out }: (typeof layers)[number]): { picture: Shape; kernel: Shape; result: Shape } {
  const along = (n: number, i: 0 | 1): number => Math.floor((n + 2 * window.pad[i] - window.kernel[i]) / window.stride[i]) + 1;
  return {
    picture: shapeOf(x),
    kernel: sh("out in kh kw", out, x.c, ...window.kernel),
    result: shapeOf({ ...x, c: out, h: along(x.h, 0), w: along(x.w, 1) }),
  };
}

export const convCases: readonly OpCase<"conv">[] = [
  ...layers.map((layer) => ({ attrs: { window: layer.window }, shapes: [parts(layer).picture, parts(layer).kernel] })),
  { attrs: { window: square(3, 1, 1) }, shapes: [sh("h w c", 4, 3, 2), sh("kh kw in out", 3, 3, 2, 2)] },
];

export const inputAdjointCases: readonly OpCase<"conv_input_adjoint">[] = [
  ...layers.map((layer) => ({
    attrs: { window: layer.window, h: layer.x.h, w: layer.x.w },
    shapes: [parts(layer).result, parts(layer).kernel],
  })),
  { attrs: { window: square(3, 2, 1), h: 6, w: 6 }, shapes: [sh("w h c batch", 3, 3, 2, 1), sh("in out kw kh", 1, 2, 3, 3)] },
];

export const kernelAdjointCases: readonly OpCase<"conv_kernel_adjoint">[] = [
  ...layers.map((layer) => ({ attrs: { window: layer.window }, shapes: [parts(layer).picture, parts(layer).result] })),
  { attrs: { window: square(3, 1, 1) }, shapes: [sh("h batch w c", 3, 2, 3, 2), sh("c h w batch", 1, 3, 3, 2)] },
];
