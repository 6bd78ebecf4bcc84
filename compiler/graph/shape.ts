import { type Dim, sameDim, showDim } from "./dim";

/** One named axis of a tensor. The order of a shape is its layout; combining tensors goes by name, not by order. */
export interface AxisDim {
  readonly axis: string;
  readonly dim: Dim;
}
export type Shape = readonly AxisDim[];

/** The batch: an ordinary axis of the graph, always first; the language never shows it (rule 2). */
export const BATCH = "batch";

export const dimOf = (shape: Shape, axis: string): Dim | undefined => shape.find((a) => a.axis === axis)?.dim;
export const axesOf = (shape: Shape): string[] => shape.map((a) => a.axis);
export const hasAxis = (shape: Shape, axis: string): boolean => shape.some((a) => a.axis === axis);

export function sameShape(a: Shape, b: Shape): boolean {
  return a === b || (a.length === b.length && a.every((x, i) => x.axis === b[i]!.axis && sameDim(x.dim, b[i]!.dim)));
}

/** `[c: 64, h: 16, w: 16]`, without the batch. */
export function showShape(shape: Shape, withBatch = false): string {
  const shown = withBatch ? shape : shape.filter((a) => a.axis !== BATCH);
  return `[${shown.map((a) => `${a.axis}: ${showDim(a.dim)}`).join(", ")}]`;
}

/** The numbers of a shape without symbols. Throws a defect where a dim is still free. */
export function numbersOf(shape: Shape): number[] {
  return shape.map((a) => {
    if (typeof a.dim !== "number") throw new Error(`defect: the axis ${a.axis} is still ${showDim(a.dim)}`);
    return a.dim;
  });
}

export const countOf = (shape: Shape): number => numbersOf(shape).reduce((n, d) => n * d, 1);
/** The same of a shape whose dims may be free: a free one counts as large. */
export const elementsOf = (shape: Shape): number => shape.reduce((n, { dim }) => n * (typeof dim === "number" ? dim : Infinity), 1);

/** Layout order of the axes that are usual; others follow in the order they came. */
const USUAL = [BATCH, "out", "in", "c", "h", "w", "kh", "kw"];

/**
 * The axes of both shapes: what a combination by name gives. Batch first, then the axes of the operand with more axes,
 * then what only the other one has, usual axes kept in their usual order.
 */
export function unionShape(a: Shape, b: Shape): { shape: Shape } | { clash: string } {
  for (const x of a) {
    const y = dimOf(b, x.axis);
    if (y !== undefined && !sameDim(x.dim, y)) return { clash: x.axis };
  }
  const [first, second] = b.length > a.length ? [b, a] : [a, b];
  const extra = second.filter((x) => !hasAxis(first, x.axis));
  if (extra.length === 0) return { shape: first };
  const rank = (x: AxisDim): number => {
    const at = USUAL.indexOf(x.axis);
    return at < 0 ? USUAL.length : at;
  };
  const merged = [...first, ...extra];
  return { shape: merged.map((x, i) => ({ x, i })).sort((p, q) => rank(p.x) - rank(q.x) || p.i - q.i).map((p) => p.x) };
}
