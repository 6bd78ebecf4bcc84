import { addDim, scaleDim } from "../../../compiler/graph/dim";
import type { Window2d } from "../../../compiler/graph/types";
import { CannotLower, type Emitter } from "../emitter";
import { product } from "../extent";
import { int, ints, text } from "../operator";
import { picture, unpicture } from "./layout";
import type { Lowering } from "./lowering";

/** Each pixel factor × factor times. */
export const upsample: Lowering<"upsample"> = (e, node) => {
  const x = picture(e, node.inputs[0]!);
  return unpicture(e, repeated(e, x.value, node.attrs.factor), x, node.shape);
};

function repeated(e: Emitter, value: string, factor: number): string {
  if (factor === 1) return value;
  const scales = e.floats(`scales.${factor}`, [4], new Float32Array([1, 1, factor, factor]));
  const attributes = { mode: text("nearest"), coordinate_transformation_mode: text("asymmetric"), nearest_mode: text("floor") };
  return e.op("Resize", [value, "", scales], attributes);
}

/** Sums of blocks: their means, which the runtime's pooling is quickest at, times how many pixels they have. */
export const upsampleAdjoint: Lowering<"upsample_adjoint"> = (e, node) => {
  const { factor } = node.attrs;
  if (factor === 1) return e.value(node.inputs[0]!);
  const g = picture(e, node.inputs[0]!);
  const means = e.op("AveragePool", [g.value], windowAttributes({ kernel: [factor, factor], stride: [factor, factor], pad: [0, 0] }));
  return unpicture(e, e.op("Mul", [means, e.scalar(factor * factor)]), g, node.shape);
};

const windowAttributes = ({ kernel, stride, pad }: Window2d): Record<string, ReturnType<typeof ints>> => ({
  kernel_shape: ints(kernel),
  strides: ints(stride),
  pads: ints([...pad, ...pad]),
});

export const avgPool: Lowering<"avg_pool"> = (e, node) => {
  const x = picture(e, node.inputs[0]!);
  const attributes = { ...windowAttributes(node.attrs.window), count_include_pad: int(node.attrs.countPad ? 1 : 0) };
  return unpicture(e, e.op("AveragePool", [x.value], attributes), x, node.shape);
};

/** Each gradient, divided by how many pixels its mean was over, spread over its window. */
export const avgPoolAdjoint: Lowering<"avg_pool_adjoint"> = (e, node) => {
  const g = picture(e, node.inputs[0]!);
  const { window, countPad, h, w } = node.attrs;
  const [kh, kw] = window.kernel;
  const padded = window.pad[0] > 0 || window.pad[1] > 0;
  const even = countPad || !padded;
  const divided = even ? g.value : e.op("Div", [g.value, counts(e, window, [g.h, g.w], [h, w])]);
  const share = even ? 1 / (kh * kw) : 1;
  const extra = [h, w].map((size, i) => {
    const reach = addDim(scaleDim(i === 0 ? g.h : g.w, window.stride[i]!), window.kernel[i]! - window.stride[i]! - 2 * window.pad[i]!);
    const more = addDim(size, scaleDim(reach, -1));
    if (typeof more !== "number") throw new CannotLower("a free dim does not follow from the pooled one");
    return more;
  });
  // Every channel on its own: the channels join the batch, so that one kernel of equal shares serves all of them.
  const rows = product([g.n, [g.c]]);
  const alone = e.reshape(divided, [g.n, [g.c], [g.h], [g.w]], [rows, [1], [g.h], [g.w]]);
  const kernel = e.floats(`shares.${share}`, [1, 1, kh, kw], new Float32Array(kh * kw).fill(share));
  const spread = e.op("ConvTranspose", [alone, kernel], { ...windowAttributes(window), output_padding: ints(extra) });
  return unpicture(e, e.reshape(spread, [rows, [1], [h], [w]], [g.n, [g.c], [h], [w]]), g, node.shape);
};

/** How many real pixels each window covers. */
function counts(e: Emitter, { kernel, stride, pad }: Window2d, out: readonly unknown[], size: readonly unknown[]): string {
  const along = (i: 0 | 1): number[] => {
    const [n, total] = [out[i], size[i]];
    if (typeof n !== "number" || typeof total !== "number") throw new CannotLower("windows that leave out the padding need dims that are numbers");
    return Array.from({ length: n }, (_, o) => {
      const start = o * stride[i] - pad[i];
      return Math.min(start + kernel[i], total) - Math.max(start, 0);
    });
  };
  const [rows, columns] = [along(0), along(1)];
  const data = Float32Array.from(rows.flatMap((r) => columns.map((c) => r * c)));
  return e.floats(`counts.${[...kernel, ...stride, ...pad, ...size].join(".")}`, [1, 1, rows.length, columns.length], data);
}
