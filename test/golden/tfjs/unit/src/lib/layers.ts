// Layers that learn. Each makes a place of its own: `conv1`, `conv2`, ... with `weight` and `bias`.
import { kernelOrder, type Order } from "./order.js";
import { pad as padded, type Padding, zero } from "./pads.js";
import type { Scope } from "./scope.js";
import { type Tensor, type Tensor4D, tf, type Variable } from "./tf.js";

/** What a layer uses in place of the weight it learns: both are matrices [rest, out]. */
export type Reparam = (at: Scope, matrix: Tensor) => Tensor;

export interface LayerOptions {
  readonly bias?: boolean;
  readonly weight?: Reparam;
}

export interface ConvOptions extends LayerOptions {
  readonly stride?: number;
  /** A number of zeros on each side, or another padding. */
  readonly pad?: number | Padding;
}

export interface ConvTransposeOptions extends LayerOptions {
  readonly stride?: number;
  /** Pixels taken off each side of the result. */
  readonly pad?: number;
  /** Pixels added to the result's lower and right side. */
  readonly outputPad?: number;
}

/** 2-D convolution (cross-correlation). x: [batch, h, w, c] → [batch, h', w', out]. */
export function conv(
  w: Scope,
  x: Tensor,
  out: number,
  kernel: number,
  { stride = 1, pad = 0, bias = true, weight }: ConvOptions = {},
): Tensor {
  const here = w.place("conv");
  const channels = x.shape[3] ?? 1;
  const fans = { in: channels * kernel * kernel, out: out * kernel * kernel };
  const learned = here.learnFor(
    "conv",
    "weight",
    [kernel, kernel, channels, out],
    fans,
    kernelOrder(kernel, channels, out),
  );
  const filter = reparametrized(here, weight, learned, { shape: [kernel, kernel, channels], axes: [2, 0, 1] });
  const padding = typeof pad === "number" ? zero(pad) : pad;
  const same = isSame(x, kernel, stride, padding);
  const y = tf.conv2d((same ? x : padded(x, padding)) as Tensor4D, filter as Tensor4D, stride, same ? "same" : "valid");
  return bias ? y.add(here.learnFor("conv", "bias", [out], { in: fans.in, out })) : y;
}

/** Whether TensorFlow's "same" padding is just this one: one pass over the picture less. */
function isSame(x: Tensor, kernel: number, stride: number, { mode, top, bottom, left, right }: Padding): boolean {
  const fits = (n: number, before: number, after: number): boolean => {
    const total = Math.max((Math.ceil(n / stride) - 1) * stride + kernel - n, 0);
    return before === Math.floor(total / 2) && after === total - before;
  };
  return mode === "zero" && fits(x.shape[1] ?? 0, top, bottom) && fits(x.shape[2] ?? 0, left, right);
}

/** Transposed 2-D convolution, with PyTorch's sizes: h' = (h - 1) · stride + kernel - 2 · pad + outputPad. */
export function convTranspose(
  w: Scope,
  x: Tensor,
  out: number,
  kernel: number,
  { stride = 1, pad = 0, outputPad = 0, bias = true, weight }: ConvTransposeOptions = {},
): Tensor {
  const here = w.place("conv_transpose");
  const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
  // PyTorch takes the fan in from the weight's second dim: the channels that come out.
  const fans = { in: out * kernel * kernel, out: channels * kernel * kernel };
  const learned = here.learnFor(
    "conv",
    "weight",
    [kernel, kernel, out, channels],
    fans,
    kernelOrder(kernel, out, channels),
  );
  const filter = reparametrized(here, weight, learned, { shape: [kernel, kernel, out], axes: [2, 0, 1] });
  const grown = (n: number): number => (n - 1) * stride + kernel - 2 * pad + outputPad;
  const whole = (n: number): number => Math.max((n - 1) * stride + kernel, grown(n) + pad);
  const all = tf.conv2dTranspose(
    x as Tensor4D,
    filter as Tensor4D,
    [batch, whole(height), whole(width), out],
    stride,
    "valid",
  );
  const exact = all.shape[1] === grown(height) && all.shape[2] === grown(width);
  const y = exact ? all : all.slice([0, pad, pad, 0], [batch, grown(height), grown(width), out]);
  return bias ? y.add(here.learnFor("conv", "bias", [out], { in: fans.in, out })) : y;
}

/** A weight [..., out] through a reparam, which sees it as the matrix [rest, out]. */
function reparametrized(at: Scope, reparam: Reparam | undefined, weight: Variable, rest: Order | undefined): Tensor {
  if (!reparam) return weight;
  const out = weight.shape[weight.rank - 1] ?? 1;
  return reparam(at.withRest(rest), weight.reshape([-1, out])).reshape(weight.shape);
}
