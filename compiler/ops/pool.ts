import type { NdArray } from "../graph/ndarray";
import type { Window2d } from "../graph/types";
import { fromPlanes, planes } from "./arrays";
import { picture } from "./derive";
import type { AxisNumber, OpCase, OpRecord } from "./record";
import { sh } from "./samples";
import { dimAt, wantSame, windowsAlong, withDims } from "./shapes";

const window = (kernel: number, stride: number, pad: number): Window2d => ({ kernel: [kernel, kernel], stride: [stride, stride], pad: [pad, pad] });
const uneven: Window2d = { kernel: [2, 3], stride: [1, 2], pad: [0, 1] };

const cases: OpCase<"avg_pool">[] = [
  { attrs: { window: window(2, 2, 0), countPad: true }, shapes: [sh("batch c h w", 2, 2, 4, 6)] },
  { attrs: { window: window(3, 2, 1), countPad: true }, shapes: [sh("batch c h w", 1, 2, 5, 6)] },
  { attrs: { window: window(3, 2, 1), countPad: false }, shapes: [sh("batch c h w", 1, 2, 5, 6)] },
  { attrs: { window: uneven, countPad: false }, shapes: [sh("c h w", 2, 3, 5)] },
  { attrs: { window: window(3, 1, 0), countPad: false }, shapes: [sh("h w", 3, 4)] },
];

// g → each window's g, shared out evenly
export const avg_pool: OpRecord<"avg_pool"> = {
  op: "avg_pool",
  formula: "y = mean of x over each window (with the padding's zeros, or without)",
  dims({ window }, operands) {
    const n = { h: dimAt("avg_pool", operands, 0, "h"), w: dimAt("avg_pool", operands, 0, "w") };
    const h = windowsAlong("avg_pool", operands, "h", n.h, along(window, 0));
    const w = windowsAlong("avg_pool", operands, "w", n.w, along(window, 1));
    return withDims(operands[0]!, { h, w });
  },
  gradient: (b, node, g) => [
    () => {
      const x = b.shape(node.inputs[0]!);
      const [h, w] = [dimAt("avg_pool", [x], 0, "h"), dimAt("avg_pool", [x], 0, "w")];
      return b.add("avg_pool_adjoint", { ...node.attrs, h, w }, [picture(b, g, node.shape)]);
    },
  ],
  evaluate({ window, countPad }, [x], shape) {
    const { data, lead, count, h, w } = planes(x!);
    const [H, W] = [dim(shape, "h"), dim(shape, "w")];
    const out = new Float64Array(count * H * W);
    eachWindow(window, countPad, count, [h, w], [H, W], (small, large, share) => {
      out[large]! += data[small]! * share;
    });
    return fromPlanes(out, lead, shape);
  },
  cases,
};

// g → the means of g
export const avg_pool_adjoint: OpRecord<"avg_pool_adjoint"> = {
  op: "avg_pool_adjoint",
  formula: "x̄ = Σ over the windows that see a pixel of g / the window's size",
  dims({ window, h, w }, operands) {
    const fitH = windowsAlong("avg_pool_adjoint", operands, "h", h, along(window, 0));
    const fitW = windowsAlong("avg_pool_adjoint", operands, "w", w, along(window, 1));
    wantSame("avg_pool_adjoint", operands, "h", fitH, dimAt("avg_pool_adjoint", operands, 0, "h"));
    wantSame("avg_pool_adjoint", operands, "w", fitW, dimAt("avg_pool_adjoint", operands, 0, "w"));
    return withDims(operands[0]!, { h, w });
  },
  gradient: (b, node, g) => [
    () => {
      const { window, countPad } = node.attrs;
      return b.add("avg_pool", { window, countPad }, [picture(b, g, node.shape)]);
    },
  ],
  evaluate({ window, countPad }, [g], shape): NdArray {
    const { data, lead, count, h: H, w: W } = planes(g!);
    const [h, w] = [dim(shape, "h"), dim(shape, "w")];
    const out = new Float64Array(count * h * w);
    eachWindow(window, countPad, count, [h, w], [H, W], (small, large, share) => {
      out[small]! += data[large]! * share;
    });
    return fromPlanes(out, lead, shape);
  },
  cases: cases.map(({ attrs, shapes }) => {
    const [x] = shapes;
    const [h, w] = [dimAt("avg_pool", [x!], 0, "h"), dimAt("avg_pool", [x!], 0, "w")];
    return { attrs: { ...attrs, h, w }, shapes: [avg_pool.dims(attrs, shapes)] };
  }),
};

const dim = (shape: readonly AxisNumber[], axis: string): number => shape.find((a) => a.axis === axis)!.dim;

function along(window: Window2d, i: 0 | 1): { kernel: number; stride: number; pad: number } {
  return { kernel: window.kernel[i], stride: window.stride[i], pad: window.pad[i] };
}

/** Every pixel of every window: the pixel's place in x, the window's in y, and 1 / the window's count. */
function eachWindow(
  { kernel, stride, pad }: Window2d,
  countPad: boolean,
  count: number,
  [h, w]: readonly [number, number],
  [H, W]: readonly [number, number],
  visit: (pixel: number, window: number, share: number) => void,
): void {
  for (let p = 0; p < count; p++) {
    for (let i = 0; i < H; i++) {
      const top = Math.max(i * stride[0] - pad[0], 0);
      const bottom = Math.min(i * stride[0] - pad[0] + kernel[0], h);
      for (let j = 0; j < W; j++) {
        const left = Math.max(j * stride[1] - pad[1], 0);
        const right = Math.min(j * stride[1] - pad[1] + kernel[1], w);
        const share = 1 / (countPad ? kernel[0] * kernel[1] : (bottom - top) * (right - left));
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) visit((p * h + y) * w + x, (p * H + i) * W + j, share);
        }
      }
    }
  }
}
