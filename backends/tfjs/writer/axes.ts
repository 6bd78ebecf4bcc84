// Where axes lie in memory: batch first, pictures as height, width, channels, a weight seen as a matrix as [rest, out]. The order is
// total, so that two tensors of the same axes are always laid out alike.
const RANK: Record<string, number> = { batch: 0, h: 2, w: 3, c: 4, in: 5, rest: 5, out: 6 };
const rank = (axis: string): number => RANK[axis] ?? 1;

export const ordered = (axes: Iterable<string>): string[] =>
  [...new Set(axes)].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0));

/** Places where a tensor of axes `from` needs a unit axis to be broadcast over `to`; leading ones come by themselves. */
export function missing(from: readonly string[], to: readonly string[]): number[] {
  const places: number[] = [];
  let begun = false;
  to.forEach((axis, i) => {
    if (from.includes(axis)) begun = true;
    else if (begun) places.push(i);
  });
  return places;
}

export const positions = (axes: readonly string[], some: readonly string[]): number[] => some.map((a) => axes.indexOf(a)).sort((a, b) => a - b);

/** How to lay out `from` as `to` has it; undefined where it lies so already. */
export function permutation(from: readonly string[], to: readonly string[]): number[] | undefined {
  const order = to.map((a) => from.indexOf(a));
  return order.every((p, i) => p === i) ? undefined : order;
}
