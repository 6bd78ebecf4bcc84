import { addDim, type Dim, scaleDim } from "../../../compiler/graph/dim";
import { dimOf } from "../../../compiler/graph/shape";
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

/**
 * Turning a kernel around costs some nanoseconds an element, whatever the picture; ConvTranspose needs no turning but takes up
 * to twice as long a pixel. They meet near this many pixels.
 */
const TURNING_PAYS = 1000;

export const convInputAdjoint: Lowering<"conv_input_adjoint"> = (e, node) => {
  const g = picture(e, node.inputs[0]!);
  const k = kernelOf(e, node.inputs[1]!);
  const { window, h, w } = node.attrs;
  const { kernel, stride, pad } = window;
  const dense = stride[0] === 1 && stride[1] === 1 && pad[0] < kernel[0] && pad[1] < kernel[1];
  const pixels = typeof h === "number" && typeof w === "number" ? h * w : Infinity;
  const value = dense && pixels >= TURNING_PAYS ? correlatedBack(e, g, k, window, channelsOf(e, node.inputs[1]!)) : scattered(e, g, k, window, [h, w]);
  return unpicture(e, value, g, node.shape);
};

const channelsOf = (e: Emitter, kernel: NodeId): [Dim, Dim] =>
  ["out", "in"].map((axis) => dimOf(e.shape(kernel), axis)!) as [Dim, Dim];

/** Stride 1: a Conv again, with the kernel turned around and its channels swapped. */
function correlatedBack(e: Emitter, g: Picture, k: string, window: Window2d, [out, into]: [Dim, Dim]): string {
  const { kernel: [kh, kw], pad } = window;
  // As one axis of taps, turning both axes around is one reversal.
  const taps = e.reshape(k, [[out], [into], [kh], [kw]], [[out], [into], [kh * kw]]);
  const swapped = e.transpose(taps, [1, 0, 2]);
  const turned = kh * kw === 1 ? swapped : e.flip(swapped, [2]);
  const kernel = e.reshape(turned, [[into], [out], [kh * kw]], [[into], [out], [kh], [kw]]);
  return e.op("Conv", [g.value, kernel], attributes(window, [kh - 1 - pad[0], kw - 1 - pad[1]]));
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

