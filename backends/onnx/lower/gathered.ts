import type { Dim } from "../../../compiler/graph/dim";
import type { Window2d } from "../../../compiler/graph/types";
import type { Emitter } from "../emitter";
import { type Extent, numberOf, product } from "../extent";
import type { Site } from "../forms/site";
import { int } from "../operator";
import type { Picture } from "./layout";
import { patchesOf } from "./patches";

/** More result pixels than this a picture, and reading the kernel is not what takes the time. */
const FEW = 64;

/** Several pictures of few result pixels each: onnxruntime would read the kernel once for each of them. */
export function few({ n, oh, ow, c, k, factor }: Site): boolean {
  const pictures = numberOf(n);
  const numbers = [oh, ow, c, k].every((d) => typeof d === "number");
  return pictures !== undefined && pictures > 1 && numbers && factor === 1 && (oh as number) * (ow as number) <= FEW;
}

/** [n, k, oh, ow] of all pictures' patches beside each other. */
export function gathered(e: Emitter, x: Picture, kernel: string, [k, c]: readonly [Dim, Dim], window: Window2d, [oh, ow]: readonly [Dim, Dim]): string {
  const { n } = x;
  const [taps, pixels] = [window.kernel[0] * window.kernel[1], product([[oh], [ow]])];
  const rows = product([[c], [taps]]);
  const patches = patchesOf(e, x, { ...x, h: oh, w: ow }, window);
  const columns = e.reshape(e.transpose(patches, [1, 0, 2]), [rows, n, pixels], [rows, product([n, pixels])]);
  const y = e.op("Gemm", [matrix(e, kernel, [k, c], window), columns]);
  const apart = e.transpose(e.reshape(y, [[k], product([n, pixels])], [[k], n, pixels]), [1, 0, 2]);
  return e.reshape(apart, [n, [k], pixels], [n, [k], [oh], [ow]]);
}

/** [n, c, h, w]: every pixel's products with all taps from one product, then added where they belong by a matrix of zeros and ones. */
export function gatheredAdjoint(e: Emitter, g: Picture, kernel: string, [k, c]: readonly [Dim, Dim], window: Window2d, [h, w]: readonly [number, number]): string {
  const { n } = g;
  const [taps, pixels] = [window.kernel[0] * window.kernel[1], product([[g.h], [g.w]])];
  const flat = e.reshape(g.value, [n, [k], [g.h], [g.w]], [n, [k], pixels]);
  const columns = e.reshape(e.transpose(flat, [1, 0, 2]), [[k], n, pixels], [[k], product([n, pixels])]);
  const y = e.op("Gemm", [matrix(e, kernel, [k, c], window), columns], { transA: int(1) });
  const apart: Extent[] = [[c], [taps], n, pixels];
  const each = e.transpose(e.reshape(y, [product([[c], [taps]]), product([n, pixels])], apart), [2, 0, 1, 3]);
  const rows = [product([n, [c]]), product([[taps], pixels])];
  const table = e.reshape(each, [n, [c], [taps], pixels], rows);
  const placed = e.op("MatMul", [table, places(e, window, [g.h as number, g.w as number], [h, w])]);
  return e.reshape(placed, [rows[0]!, [h * w]], [n, [c], [h], [w]]);
}

const matrix = (e: Emitter, kernel: string, [k, c]: readonly [Dim, Dim], { kernel: [kh, kw] }: Window2d): string =>
  e.reshape(kernel, [[k], [c], [kh], [kw]], [[k], product([[c], [kh * kw]])]);

/** [taps · pixels, h · w]: 1 where a tap of a result's pixel reads a picture's pixel. */
function places(e: Emitter, { kernel: [kh, kw], stride, pad }: Window2d, [oh, ow]: readonly [number, number], [h, w]: readonly [number, number]): string {
  const dims = [kh * kw * oh * ow, h * w];
  const at = (o: number, tap: number, i: 0 | 1): number => o * stride[i] + tap - pad[i];
  return e.floats(`places.${[kh, kw, ...stride, ...pad, oh, ow, h, w].join(".")}`, dims, () => {
    const ones = new Float32Array(dims[0]! * dims[1]!);
    for (let row = 0; row < dims[0]!; row++) {
      const [tap, pixel] = [Math.floor(row / (oh * ow)), row % (oh * ow)];
      const [y, x] = [at(Math.floor(pixel / ow), Math.floor(tap / kw), 0), at(pixel % ow, tap % kw, 1)];
      if (y >= 0 && y < h && x >= 0 && x < w) ones[row * dims[1]! + y * w + x] = 1;
    }
    return ones;
  });
}
