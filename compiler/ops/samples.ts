// Short ways to write the tables' cases.
import type { Shape } from "../graph/shape";

/** `sh("batch c h w", 2, 3, 5, 4)` */
export function sh(axes: string, ...dims: number[]): Shape {
  return axes.split(" ").filter(Boolean).map((axis, i) => ({ axis, dim: dims[i]! }));
}

/** With batch, without, one axis, none, and more axes than usual. */
export const someShapes: readonly Shape[] = [
  sh("batch c h w", 2, 3, 4, 5),
  sh("c h w", 2, 3, 1),
  sh("c", 7),
  [],
  sh("batch", 3),
  sh("batch block half c", 2, 2, 2, 3),
];

/** Pairs where either operand lacks axes of the other, in any layout. */
export const somePairs: readonly (readonly [Shape, Shape])[] = [
  [sh("batch c h w", 2, 3, 4, 5), sh("batch c h w", 2, 3, 4, 5)],
  [sh("batch c h w", 2, 3, 4, 5), sh("c", 3)],
  [sh("c", 3), sh("batch c h w", 2, 3, 4, 5)],
  [sh("batch c", 2, 3), sh("c h w", 3, 2, 2)],
  [sh("batch c h w", 1, 2, 3, 2), []],
  [[], sh("c h", 2, 3)],
  [[], []],
  [sh("h w", 3, 2), sh("w h", 2, 3)],
  [sh("c w h", 2, 4, 3), sh("batch h", 3, 3)],
  [sh("batch c", 3, 4), sh("batch", 3)],
];
