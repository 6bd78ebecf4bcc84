// What each form of a convolution and of its adjoints is expected to take. Every term is work that the form's operators do; what all
// forms of an operation share is left out.
import type { Costs } from "./costs";
import { roughly, roughlyAll, type Site } from "./site";
import type { Tiling } from "./tiles";

export type { Costs };

interface Counts {
  readonly n: number;
  readonly c: number;
  readonly k: number;
  readonly taps: number;
  /** Pixels of the base, of the padded picture that windows see, and of the result. */
  readonly base: number;
  readonly seen: number;
  readonly out: number;
  readonly folds: boolean;
}

function counts(s: Site): Counts {
  const [c, k, h, w, oh, ow] = [s.c, s.k, s.h, s.w, s.oh, s.ow].map(roughly) as [number, number, number, number, number, number];
  const { top, bottom, left, right } = s.pad;
  const padded = (h * s.factor + top + bottom) * (w * s.factor + left + right);
  const folds = s.mode !== "zero" && top + bottom + left + right > 0;
  return { n: roughlyAll(s.n), c, k, taps: s.kernel[0] * s.kernel[1], base: h * w, seen: padded, out: oh * ow, folds };
}

/** A Gemm of few rows works at a part of its speed. */
const gemm = (t: Costs, m: number, n: number, k: number): number => t.mac * Math.max(m, 8) * n * Math.max(k, 8);
/** Writing out what stands before the convolution, or folding it back: upsampling and padding. */
const chain = (t: Costs, s: Site, { n, c, seen, base, folds }: Counts): number =>
  n * c * t.copy * ((s.factor > 1 ? s.factor ** 2 * base : 0) + (folds ? seen : 0)) + t.operator * ((s.factor > 1 ? 1 : 0) + (folds ? 1 : 0));
const back = (t: Costs, s: Site, q: Counts): number => 3 * chain(t, s, q);

export function direct(t: Costs, s: Site): number {
  const q = counts(s);
  const { n, c, k, taps, out } = q;
  return chain(t, s, q) + n * (gemm(t, k, out, c * taps) + t.kernel * k * c * taps + (taps > 1 ? t.gather * c * taps * out : 0)) + t.operator;
}

/** All pictures' patches as one product: the kernel is read once. */
export function gathered(t: Costs, s: Site): number {
  const q = counts(s);
  const { n, c, k, taps, out } = q;
  return chain(t, s, q) + t.kernel * k * c * taps + n * (gemm(t, k, out, c * taps) + (t.gather + t.copy) * c * taps * out + t.copy * k * out) + 6 * t.operator;
}
export function gatheredAdjoint(t: Costs, s: Site): number {
  const q = counts(s);
  const { n, c, k, taps, out, seen } = q;
  const places = taps > 1 ? t.copy * c * taps * out + t.mac * c * taps * out * seen : 0;
  return back(t, s, q) + t.kernelTurned * k * c * taps + n * (gemm(t, c * taps, out, k) + t.copy * k * out + places) + 7 * t.operator;
}

/** Every input pixel's products with all taps, added where they belong. */
export function scattered(t: Costs, s: Site): number {
  const q = counts(s);
  const { n, c, k, taps, seen } = q;
  return chain(t, s, q) + t.turn * c * k * taps + n * (gemm(t, k * taps, seen, c) + t.scatter * k * taps * seen) + 4 * t.operator;
}

/** The adjoint in x by ConvTranspose. */
export function transposedAdjoint(t: Costs, s: Site): number {
  const q = counts(s);
  const { n, c, k, taps, out } = q;
  return back(t, s, q) + n * (gemm(t, c * taps, out, k) + t.kernelTurned * k * c * taps + t.scatter * c * taps * out) + t.operator;
}

export function turned(t: Costs, s: Site): number {
  const q = counts(s);
  const { n, c, k, taps, seen } = q;
  return back(t, s, q) + t.turn * c * k * taps + n * (gemm(t, c, seen, k * taps) + t.gather * k * taps * seen) + 4 * t.operator;
}

export function productAdjoint(t: Costs, s: Site): number {
  const { n, c, k, out } = counts(s);
  return n * (gemm(t, c, out, k) + t.kernelTurned * k * c) + 3 * t.operator;
}

/** Every tap's pixels beside each other, and one product. */
export function patches(t: Costs, s: Site): number {
  const q = counts(s);
  const { n, c, k, taps, out } = q;
  return chain(t, s, q) + n * (gemm(t, k, c * taps, out) + patched(t, taps, c * taps * out)) + 3 * t.operator;
}
export function swappedPatches(t: Costs, s: Site): number {
  const q = counts(s);
  const { n, c, k, taps, base, seen } = q;
  const pixels = s.factor === 1 && !q.folds ? base : seen;
  return chain(t, s, q) + n * (gemm(t, k * taps, c, pixels) + patched(t, taps, k * taps * pixels)) + 6 * t.operator;
}
const patched = (t: Costs, taps: number, elements: number): number => (taps > 1 ? (t.gather + t.copy + taps * t.mac) * elements : 0);

/** Transformed kernels that leave the caches before they are read again. */
const COLD = 1_000_000;
const tiledKernel = (t: Costs, elements: number): number => t.tileKernel * elements + (elements > COLD ? t.kernel * elements : 0);

interface TileCounts {
  readonly points: number;
  readonly tiles: number;
}
const tiled = (s: Site, tiling: Tiling): TileCounts => ({
  points: tiling.points ** 2,
  tiles: Math.ceil(roughly(s.oh) / tiling.results) * Math.ceil(roughly(s.ow) / tiling.results),
});
const pads = (t: Costs, { n, c, base, folds }: Counts): number => (folds ? n * c * base * t.copy + t.operator : 0);

export function tiledForward(t: Costs, s: Site, tiling: Tiling): number {
  const q = counts(s);
  const { points, tiles } = tiled(s, tiling);
  const kernel = tiledKernel(t, q.k * q.c * points);
  return pads(t, q) + kernel + q.n * (t.tile * points * tiles * q.c + points * gemm(t, q.k, tiles, q.c) + t.untangle * tiling.results ** 2 * tiles * q.k) + 9 * t.operator;
}

export function tiledInputAdjoint(t: Costs, s: Site, tiling: Tiling): number {
  const q = counts(s);
  const { points, tiles } = tiled(s, tiling);
  const kernel = tiledKernel(t, q.k * q.c * points);
  return 3 * pads(t, q) + kernel + q.n * (t.tile * points * tiles * q.k + points * gemm(t, q.c, tiles, q.k) + t.untile * points * tiles * q.c) + 9 * t.operator;
}

/** Its transform of the gradient is the one that the adjoint in x has made. */
export function tiledKernelAdjoint(t: Costs, s: Site, tiling: Tiling): number {
  const q = counts(s);
  const { points, tiles } = tiled(s, tiling);
  const kernel = tiledKernel(t, q.k * q.c * points);
  return pads(t, q) + kernel + q.n * (t.tile * points * tiles * q.c + points * gemm(t, q.k, q.c, tiles)) + 7 * t.operator;
}
