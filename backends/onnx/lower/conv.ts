import { addDim, type Dim, scaleDim } from "../../../compiler/graph/dim";
import type { NodeId, Window2d } from "../../../compiler/graph/types";
import { CannotLower, type Emitter } from "../emitter";
import { ints } from "../operator";
import { inOrder, type Picture, picture, unpicture } from "./layout";
import type { Lowering } from "./lowering";

export const KERNEL_AXES = ["out", "in", "kh", "kw"];
const kernelOf = (e: Emitter, id: NodeId): string => inOrder(e, id, KERNEL_AXES);

const attributes = (window: Window2d, pad: readonly [number, number] = window.pad): Record<string, ReturnType<typeof ints>> => ({
  kernel_shape: ints(window.kernel),
  strides: ints(window.stride),
  pads: ints([...pad, ...pad]),
});

export const conv: Lowering<"conv"> = (e, node) => {
  const x = picture(e, node.inputs[0]!);
  const k = kernelOf(e, node.inputs[1]!);
  return unpicture(e, e.op("Conv", [x.value, k], attributes(node.attrs.window)), x, node.shape);
};

export const convInputAdjoint: Lowering<"conv_input_adjoint"> = (e, node) => {
  const g = picture(e, node.inputs[0]!);
  const k = kernelOf(e, node.inputs[1]!);
  const { window, h, w } = node.attrs;
  const { kernel, stride, pad } = window;
  const dense = stride[0] === 1 && stride[1] === 1 && pad[0] < kernel[0] && pad[1] < kernel[1];
  const value = dense ? correlatedBack(e, g, k, window) : scattered(e, g, k, window, [h, w]);
  return unpicture(e, value, g, node.shape);
};

/** Stride 1: a Conv again, with the kernel turned around and its channels swapped. */
function correlatedBack(e: Emitter, g: Picture, k: string, window: Window2d): string {
  const { kernel, pad } = window;
  const swapped = e.transpose(k, [1, 0, 2, 3]);
  const turned = [2, 3].filter((axis) => kernel[axis - 2]! > 1);
  const flipped = turned.length === 0 ? swapped : e.flip(swapped, turned);
  return e.op("Conv", [g.value, flipped], attributes(window, [kernel[0] - 1 - pad[0], kernel[1] - 1 - pad[1]]));
}

/** Any stride: ConvTranspose, with as much behind as the forward windows did not reach. */
function scattered(e: Emitter, g: Picture, k: string, window: Window2d, size: readonly [Dim, Dim]): string {
  const { kernel, stride, pad } = window;
  const extra = ([0, 1] as const).map((i) => {
    const reach = addDim(scaleDim(i === 0 ? g.h : g.w, stride[i]), kernel[i] - stride[i] - 2 * pad[i]);
    const more = addDim(size[i], scaleDim(reach, -1));
    if (typeof more !== "number") throw new CannotLower("the size before a strided convolution does not follow from the one behind");
    return more;
  });
  return e.op("ConvTranspose", [g.value, k], { ...attributes(window), output_padding: ints(extra) });
}

