// What a kernel's taps see of a picture, beside each other: the operand of a matrix product.
import { addDim, type Dim, sameDim } from "../../../compiler/graph/dim";
import type { Window2d } from "../../../compiler/graph/types";
import type { Emitter } from "../emitter";
import { product } from "../extent";
import { ints } from "../operator";
import type { Picture } from "./layout";
import { padAxes } from "./pad";

/** One pixel of the kernel: where its picture begins. */
interface Tap {
  readonly y: number;
  readonly x: number;
}

export const tapsOf = ({ kernel: [kh, kw] }: Window2d): Tap[] => Array.from({ length: kh * kw }, (_, t): Tap => ({ y: Math.floor(t / kw), x: t % kw }));

export interface Correlation {
  /** Copied once a tap, cut to the size of `still`. */
  readonly moved: Picture;
  readonly still: Picture;
  readonly taps: readonly Tap[];
  readonly stride: readonly [number, number];
  /** Rows of the product are the moved one's channels and taps, else its columns. */
  readonly movedFirst: boolean;
}

/**
 * [n, channels·taps, pixels]: what moves, once a tap, beside each other. A convolution whose kernels each hold a single one gathers them in
 * one operator; as many slices and a Concat take two passes, and several where they skip pixels.
 */
export function shifted(e: Emitter, { moved, still, taps, stride }: Correlation, from: number, rows: Dim): string {
  const { n, w } = still;
  const reach = [Math.max(...taps.map((t) => t.y)) + 1, Math.max(...taps.map((t) => t.x)) + 1] as const;
  // Channels join the batch, so that a channel's taps lie beside each other.
  const single = product([n, [moved.c]]);
  const height = from === 0 && sameDim(rows, still.h) ? moved.h : (rows as number - 1) * stride[0] + reach[0];
  const band = e.cut(moved.value, [{ axis: 2, start: from * stride[0], size: height, total: moved.h }]);
  // With an axis of length one in front: the runtime would lay two-dimensional ones out anew, and back.
  const alone = e.reshape(band, [n, [moved.c], [height], [moved.w]], [single, [1], [1], [height], [moved.w]]);
  const whole = taps.length === 1 && stride[0] === 1 && stride[1] === 1;
  const patches = whole ? alone : e.op("Conv", [alone, ones(e, taps, reach)], { kernel_shape: ints([1, ...reach]), strides: ints([1, ...stride]) });
  return e.reshape(patches, [single, [taps.length], [1], [rows], [w]], [n, product([[moved.c], [taps.length]]), product([[rows], [w]])]);
}

/** One kernel a tap, zero but there. */
function ones(e: Emitter, taps: readonly Tap[], [kh, kw]: readonly [number, number]): string {
  const data = new Float32Array(taps.length * kh * kw);
  taps.forEach(({ y, x }, i) => (data[i * kh * kw + y * kw + x] = 1));
  const order = taps[0]!.y === 0 && taps[0]!.x === 0 ? "taps" : "taps.reversed";
  return e.floats(order, [taps.length, 1, 1, kh, kw], data);
}

/** The patches of x that g's pixels have seen, [n, channels·taps, pixels]. */
export function patchesOf(e: Emitter, x: Picture, g: Picture, window: Window2d): string {
  return shifted(e, { moved: zeroPadded(e, x, window.pad), still: g, taps: tapsOf(window), stride: window.stride, movedFirst: false }, 0, g.h);
}

export function zeroPadded(e: Emitter, p: Picture, [h, w]: readonly [number, number]): Picture {
  const amounts = [
    { at: 2, before: h, after: h },
    { at: 3, before: w, after: w },
  ];
  return { ...p, value: padAxes(e, p.value, 4, "zero", amounts), h: addDim(p.h, 2 * h), w: addDim(p.w, 2 * w) };
}
