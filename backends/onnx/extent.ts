import { type Dim, sameDim, showDim } from "../../compiler/graph/dim";

/** Length of one ONNX axis, which may stand for several of ours flattened into one: a product of dims. */
export type Extent = readonly Dim[];

export const extent = (...dims: readonly Dim[]): Extent => {
  const numbers = dims.filter((d): d is number => typeof d === "number").reduce((n, d) => n * d, 1);
  const free = dims.filter((d) => typeof d !== "number");
  return free.length === 0 ? [numbers] : numbers === 1 ? free : [numbers, ...free];
};
export const product = (extents: readonly Extent[]): Extent => extent(...extents.flat());

/** The number, where there is no free symbol in it. */
export function numberOf(e: Extent): number | undefined {
  let n = 1;
  for (const d of e) {
    if (typeof d !== "number") return undefined;
    n *= d;
  }
  return n;
}

export function sameExtent(a: Extent, b: Extent): boolean {
  if (a.length === 1 && b.length === 1 && typeof a[0] === "number" && typeof b[0] === "number") return a[0] === b[0];
  const [x, y] = [extent(...a), extent(...b)];
  if (x.length !== y.length) return false;
  const names = (e: Extent): string[] => e.map(showDim).sort();
  const ys = names(y);
  return x.every((d, i) => sameDim(d, y[i]!)) || names(x).every((d, i) => d === ys[i]);
}

export const sameExtents = (a: readonly Extent[], b: readonly Extent[]): boolean =>
  a.length === b.length && a.every((e, i) => sameExtent(e, b[i]!));
