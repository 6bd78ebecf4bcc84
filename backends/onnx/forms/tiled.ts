// A convolution of stride 1 over tiles: constants transform tiles of the base and the kernel, one batched product multiplies them point
// by point, constants transform the products back. Its adjoints run the same way backwards, so the three share what they transform.
// The tile transforms are convolutions of one input channel over [n, 1, channels, h, w]: their results lie as the products want them.
import { addDim, type Dim } from "../../../compiler/graph/dim";
import { AT_ONCE } from "../../../compiler/lowering";
import type { Emitter } from "../emitter";
import { type Extent, numberOf, product } from "../extent";
import { int, ints, text } from "../operator";
import { type PadAxis, padAxes } from "../lower/pad";
import type { Site } from "./site";
import type { Tiling } from "./tiles";
import { type Matrix, squared, transposed } from "./toom";

/** Values are of the base's picture [n, c, h, w], the kernel [out, in, kh, kw] and the result's picture [n, k, oh, ow]. */
export class Tiled {
  constructor(private readonly e: Emitter, private readonly site: Site, private readonly tiling: Tiling) {}

  /** Whether such tiles cover the site: one stride, a square kernel, and padding that upsampling keeps even. */
  static fits({ stride, kernel, pad, factor, mode, c, k, h, w }: Site, taps: number): boolean {
    const square = stride[0] === 1 && stride[1] === 1 && kernel[0] === taps && kernel[1] === taps;
    if (!square || typeof c !== "number" || typeof k !== "number") return false;
    const sides = [pad.top, pad.bottom, pad.left, pad.right];
    if (factor === 2) return taps === 3 && sides.every((p) => p === 1);
    // A mirror needs more than it mirrors; onnxruntime's Pad says so only when the model runs.
    const least = Math.min(...[h, w].map((d) => (typeof d === "number" ? d : Infinity)));
    return factor === 1 && sides.every((p) => p >= 0 && p < taps && (mode !== "reflect" || p < least));
  }

  forward(x: string, kernel: string): string {
    const { oh, ow } = this.site;
    const { results } = this.tiling;
    const v = this.base(x);
    const products = this.e.op("MatMul", [this.kernel(kernel), joined(this.e, v)]);
    const flat = this.e.op("Reshape", [products, this.e.ints([0, this.points, -1])]);
    const y = this.e.op("MatMul", [this.constant("y", () => this.tiling.output, [results ** 2, this.points]), flat]);
    const tiles = this.e.op("DepthToSpace", [this.e.op("Reshape", [y, this.tileDims(v, results ** 2 * this.k)])], { blocksize: int(results) });
    return this.tiling.step === 1 ? tiles : this.cropped(tiles, oh, ow);
  }

  /** [n, c, h, w] of the padded base; what folds the padding back is the caller's, unless it is zeros. */
  inputAdjoint(g: string, kernel: string): string {
    const { n, c, mode, pad } = this.site;
    const { reach, step } = this.tiling;
    const gradient = joined(this.e, this.result(g));
    const [th, tw] = this.tiles();
    const zero = mode === "zero";
    const begin = zero ? [pad.top, pad.left] : [0, 0];
    const [h, w] = zero ? [this.site.h, this.site.w] : this.padded();
    const end = [h, w].map((size, i) => ((i === 0 ? th : tw) - 1) * step + reach - begin[i]! - number(size));
    const spread = (part: string, channels: number): string => {
      const apart = this.e.transpose(this.e.op("MatMul", [part, gradient]), [0, 2, 1, 3]);
      const single = product([n, [channels]]);
      return this.e.op("ConvTranspose", [
        this.e.reshape(apart, [n, [channels], [this.points], product([[th], [tw]])], [single, [this.points], [th], [tw]]),
        this.constant("x", () => this.tiling.input, [this.points, 1, reach, reach]),
      ], { kernel_shape: ints([reach, reach]), strides: ints([step, step]), pads: ints([...begin, ...end]) });
    };
    const parts = numberOf(n) === 1 ? channelParts(this.c, 4 * this.points * th * tw) : [this.c];
    const whole = this.kernel(kernel, true);
    const kernels = parts.length === 1 ? [whole] : this.e.split(whole, 1, parts);
    const all = this.e.concat(kernels.map((part, i) => spread(part, parts[i]!)), 0);
    return this.e.reshape(all, [product([n, [c]]), [1], [h], [w]], [n, [c], [h], [w]]);
  }

  /** [k, c, kh, kw], added to `sum` of that shape. */
  kernelAdjoint(x: string, g: string, sum?: string): string {
    const { n } = this.site;
    const { taps } = this.tiling;
    const v = joined(this.e, this.base(x, true));
    const products = this.e.op("MatMul", [joined(this.e, this.result(g)), this.e.transpose(v, [0, 1, 3, 2])]);
    const single = numberOf(n) === 1;
    const du = single ? products : this.e.op("ReduceSum", [products, this.e.ints([0])], { keepdims: int(0) });
    const [rows, size] = [[[this.k * this.c], [taps * taps]] as Extent[], [[this.k], [this.c], [taps], [taps]] as Extent[]];
    const flat = this.e.op("Reshape", [du, this.e.ints([this.points, this.k * this.c])]);
    const start = sum === undefined ? [] : [this.e.reshape(sum, size, rows)];
    const total = this.e.op("Gemm", [flat, this.constant("k", () => this.tiling.kernel, [this.points, taps * taps]), ...start], { transA: int(1) });
    return this.e.reshape(total, rows, size);
  }

  private get points(): number {
    return this.tiling.points ** 2;
  }
  private get k(): number {
    return number(this.site.k);
  }
  private get c(): number {
    return number(this.site.c);
  }

  /** The Kronecker square of a matrix: each tile of each layer asks for it. */
  private constant(what: string, m: () => Matrix, dims: readonly number[]): string {
    const { name, constants } = this.tiling;
    return this.e.floats(`tile.${name}.${what}`, dims, () => {
      const known = constants.get(what) ?? Float32Array.from(squared(m()).flat());
      constants.set(what, known);
      return known;
    });
  }

  /**
   * [points, k, c], once a graph, or [points, c, k]: the kernel itself is turned first, which is little beside as many products that
   * would read their first operand by columns.
   */
  private kernel(value: string, swapped = false): string {
    const { taps } = this.tiling;
    const [k, c] = [[this.k], [this.c]] as [Extent, Extent];
    const whole = this.e.reshape(value, [k, c, [taps], [taps]], [k, c, [taps * taps]]);
    const turned = swapped ? this.e.transpose(whole, [1, 0, 2]) : whole;
    const flat = this.e.op("Reshape", [turned, this.e.ints([this.k * this.c, taps * taps])]);
    const u = this.e.op("Gemm", [this.constant("k", () => this.tiling.kernel, [this.points, taps * taps]), flat], { transB: int(1) });
    return this.e.op("Reshape", [u, this.e.ints(swapped ? [this.points, this.c, this.k] : [this.points, this.k, this.c])]);
  }

  /**
   * [n, points, c, tiles, tiles] of the padded base. `again`: not the same value as the forward pass made, which would have to be kept
   * until then, two to six times the picture's size. A default attribute that is written out keeps the runtime from merging them.
   */
  private base(x: string, again = false): string {
    const { pad, mode } = this.site;
    const { reach, step, input } = this.tiling;
    const inside = mode === "zero";
    const value = inside ? x : padAxes(this.e, x, 4, this.mode(), sides(pad));
    const begin = inside ? [pad.top, pad.left] : [0, 0];
    const behind = inside ? [pad.bottom, pad.right] : [0, 0];
    // As many zeros as make every result belong to a whole tile.
    const [h, w] = this.padded();
    const end = [h, w].map((size, i) => behind[i]! + (typeof size === "number" ? (this.tiles()[i]! - 1) * step + reach - size : this.slack()));
    return this.transform(value, "b", () => input, input[0]!.length, step, [...begin, ...end], again ? { auto_pad: text("NOTSET") } : {});
  }
  /** Zeros behind a free dim: all that could be missing. */
  private slack(): number {
    return this.tiling.step - 1;
  }
  private mode(): "reflect" | "edge" | "zero" {
    // Upsampled by two, one mirrored pixel is a copy of the edge.
    return this.site.factor === 2 && this.site.mode === "reflect" ? "edge" : this.site.mode;
  }

  /** [n, points, k, tiles, tiles] of a gradient by the result. */
  private result(g: string): string {
    const { results, output } = this.tiling;
    const end = this.tiles().map((t, i) => t * results - number(i === 0 ? this.site.oh : this.site.ow));
    return this.transform(g, "g", () => transposed(output), output.length, results, [0, 0, ...end]);
  }

  private transform(value: string, what: string, m: () => Matrix, size: number, step: number, [top, left, bottom, right]: readonly number[], more = {}): string {
    const alone = this.e.op("Unsqueeze", [value, this.e.ints([1])]);
    return this.e.op("Conv", [alone, this.constant(what, m, [this.points, 1, 1, size, size])], {
      kernel_shape: ints([1, size, size]), strides: ints([1, step, step]), pads: ints([0, top!, left!, 0, bottom!, right!]), ...more,
    });
  }

  /** Tiles along h and w, where they are numbers. */
  private tiles(): [number, number] {
    const { oh, ow } = this.site;
    return [Math.ceil(number(oh) / this.tiling.results), Math.ceil(number(ow) / this.tiling.results)];
  }
  /** Size of the padded base. */
  private padded(): [Dim, Dim] {
    const { h, w, pad } = this.site;
    return [addDim(h, pad.top + pad.bottom), addDim(w, pad.left + pad.right)];
  }

  /** [n, channels, tiles, tiles] as a Reshape wants it; from what was transformed, where dims are free. */
  private tileDims(v: string, channels: number): string {
    const { oh, ow } = this.site;
    if (typeof oh === "number" && typeof ow === "number") return this.e.ints([0, channels, ...this.tiles()]);
    return this.e.concat([this.e.ints([0, channels]), this.e.op("Shape", [v], { start: int(3), end: int(5) })], 0);
  }

  private cropped(value: string, oh: Dim, ow: Dim): string {
    if (typeof oh === "number" && typeof ow === "number") {
      const [th, tw] = this.tiles();
      const { results } = this.tiling;
      return this.e.cut(value, [{ axis: 2, start: 0, size: oh, total: th * results }, { axis: 3, start: 0, size: ow, total: tw * results }]);
    }
    return this.e.op("Slice", [value, this.e.ints([0, 0]), this.e.dims([[oh], [ow]]), this.e.ints([2, 3])]);
  }
}

/** Channels in equal parts, whose tiles take no more than may be made at a time: they are at once laid out anew, so twice as many are alive. */
function channelParts(channels: number, bytes: number): number[] {
  const count = Math.min(channels, Math.ceil((channels * bytes) / AT_ONCE.tiles));
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 1) * channels) / count) - Math.floor((i * channels) / count));
}

/** The tiles as one axis. */
const joined = (e: Emitter, v: string): string => e.op("Reshape", [v, e.ints([0, 0, 0, -1])]);
const sides = (p: Site["pad"]): PadAxis[] => [{ at: 2, before: p.top, after: p.bottom }, { at: 3, before: p.left, after: p.right }];

function number(d: Dim): number {
  if (typeof d !== "number") throw new Error("defect: tiles backwards over a free dim");
  return d;
}
