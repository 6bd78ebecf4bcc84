// What the tests of graphs share: seeded values, and differences to compare gradients with.
import { type Builder } from "../../compiler/graph/builder";
import { evaluate } from "../../compiler/graph/evaluate";
import type { NdArray } from "../../compiler/graph/ndarray";
import { countOf, numbersOf, type Shape } from "../../compiler/graph/shape";
import type { NodeId, OpName } from "../../compiler/graph/types";
import type { OpCase, OpRecord } from "../../compiler/ops/record";
import { recordOf } from "../../compiler/ops/table";

export type AnyCase = { readonly op: OpName; readonly title: string; readonly add: (b: Builder, inputs: readonly NodeId[]) => NodeId; readonly case: OpCase<OpName> };

/** mulberry32: small, seeded, the same everywhere. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function arrayOf(shape: Shape, value: (i: number) => number): NdArray {
  const dims = numbersOf(shape);
  return { shape: shape.map((a, i) => ({ axis: a.axis, dim: dims[i]! })), data: Float64Array.from({ length: countOf(shape) }, (_, i) => value(i)) };
}

/**
 * Values that differ from each other and from 0 by more than any step of a difference quotient, so that no kink
 * (of relu, abs, max, ...) lies between: multiples of a small grid, all over the range, each at most once.
 */
export function drawAll(shapes: readonly Shape[], range: readonly [number, number], seed: number): NdArray[] {
  const next = random(seed);
  const total = shapes.reduce((n, s) => n + countOf(s), 0);
  const places = Array.from({ length: total }, (_, i) => i);
  for (let i = total - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  let at = 0;
  // An odd number of half steps from the middle: 0 of a symmetric range is never hit.
  return shapes.map((shape) => arrayOf(shape, () => range[0] + ((range[1] - range[0]) * (2 * Math.floor(places[at++]!) + 1)) / (2 * total + (total % 2) * 2)));
}

/** One case of one operation. */
export function casesOf(op: OpName): AnyCase[] {
  // The records' type ties attributes to their operation; a walk over all of them must let go of it.
  const record = recordOf(op) as unknown as OpRecord<OpName>;
  return record.cases.map((c) => ({
    op,
    title: `${op} ${JSON.stringify(c.attrs)} ${c.shapes.map((s) => `[${s.map((a) => `${a.axis}: ${String(a.dim)}`).join(", ")}]`).join(" ")}`,
    add: (b, inputs) => b.add(op, c.attrs, inputs),
    case: c,
  }));
}

export const inputs = (b: Builder, shapes: readonly Shape[], prefix = "x"): NodeId[] =>
  shapes.map((shape, i) => b.add("input", { kind: "value", name: `${prefix}${i}`, shape }, []));

/**
 * d(value)/d(feed element) by central differences, of two widths combined so that the error falls with the width's
 * fourth power.
 */
export function differences(value: (feeds: readonly NdArray[]) => number, feeds: readonly NdArray[], which: number, h = 1e-3): Float64Array {
  const moved = (i: number, by: number): number =>
    value(feeds.map((f, at) => (at === which ? { shape: f.shape, data: f.data.map((v, j) => (j === i ? v + by : v)) } : f)));
  const quotient = (i: number, by: number): number => (moved(i, by) - moved(i, -by)) / (2 * by);
  return feeds[which]!.data.map((_, i) => (4 * quotient(i, h / 2) - quotient(i, h)) / 3);
}

/** Largest difference in relation to the value itself, or to a thousandth of the largest value where it is smaller. */
export function relativeError(got: Float64Array, wanted: Float64Array): number {
  const largest = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-3);
  return got.reduce((worst, v, i) => {
    const error = Math.abs(v - wanted[i]!) / Math.max(Math.abs(wanted[i]!), largest * 1e-3);
    return Number.isNaN(error) ? Infinity : Math.max(worst, error);
  }, 0);
}

export function valueOf(b: Builder, id: NodeId, ids: readonly NodeId[], feeds: readonly NdArray[]): NdArray {
  return evaluate(b, [id], new Map(ids.map((x, i) => [x, feeds[i]!]))).get(id)!;
}
