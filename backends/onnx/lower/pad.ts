import { addDim, type Dim } from "../../../compiler/graph/dim";
import type { PadAmounts, PadMode } from "../../../compiler/graph/types";
import type { Shape } from "../../../compiler/graph/shape";
import { CannotLower, type Cut, type Emitter, positions } from "../emitter";
import { int, text } from "../operator";
import { reordered } from "./layout";
import type { Lowering } from "./lowering";

const ONNX_MODE = { reflect: "reflect", zero: "constant", edge: "edge" } as const;

interface Side {
  readonly axis: string;
  readonly before: number;
  readonly after: number;
}
const sides = (a: PadAmounts): Side[] => [
  { axis: "h", before: a.top, after: a.bottom },
  { axis: "w", before: a.left, after: a.right },
];

/** An axis by position, and how many elements it grows by. */
export interface PadAxis {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** ONNX's Pad of the axes given by position. */
export function padAxes(e: Emitter, value: string, rank: number, mode: PadMode, amounts: readonly PadAxis[]): string {
  const pads = Array.from({ length: 2 * rank }, () => 0);
  for (const { at, before, after } of amounts) {
    pads[at] = before;
    pads[rank + at] = after;
  }
  if (pads.every((p) => p === 0)) return value;
  return e.op("Pad", [value, e.ints(pads)], { mode: text(ONNX_MODE[mode]) });
}

export const pad: Lowering<"pad"> = (e, node) => {
  const [id] = node.inputs as [number];
  const own = e.shape(id);
  const amounts = sides(node.attrs.amounts).map((s) => ({ at: positions(own, [s.axis])[0]!, before: s.before, after: s.after }));
  return reordered(e, padAxes(e, e.value(id), own.length, node.attrs.mode, amounts), own, node.shape);
};

/** Axis by axis: what was copied outwards adds back to where it came from. */
export const padAdjoint: Lowering<"pad_adjoint"> = (e, node) => {
  const [id] = node.inputs as [number];
  const own = e.shape(id);
  return reordered(e, folded(e, e.value(id), own, node.attrs.mode, node.attrs.amounts), own, node.shape);
};

/** A value of the padded shape `own` without its padding, which adds to what it was copied from. */
export function folded(e: Emitter, padded: string, own: Shape, mode: PadMode, amounts: PadAmounts): string {
  let value = padded;
  if (mode === "zero") {
    const cuts = sides(amounts).map(({ axis, before, after }): Cut => {
      const [at] = positions(own, [axis]) as [number];
      const total = own[at]!.dim;
      return { axis: at, start: before, size: addDim(total, -before - after), total };
    });
    value = e.cut(value, cuts);
  } else if (mode === "reflect" && e.forms.allows("mirrored") && short(own)) {
    return mirroredBack(e, value, own, amounts);
  } else {
    // w first: the strips of h then are of the final width.
    for (const side of sides(amounts).reverse()) value = foldBack(e, value, own, side, mode);
  }
  return value;
}

/** Along axes this short a product with a matrix of zeros and ones takes less than the operators it saves. */
const SHORT = 48;
const short = (own: Shape): boolean => own.slice(-2).every((a, i) => a.axis === ["h", "w"][i] && typeof a.dim === "number" && a.dim <= SHORT);

/** Both axes by matrices that add each padded element to the one it was copied from. */
function mirroredBack(e: Emitter, value: string, own: Shape, { top, bottom, left, right }: PadAmounts): string {
  const [h, w] = own.slice(-2).map((a) => a.dim as number) as [number, number];
  const rows = e.op("MatMul", [value, mirror(e, w, left, right, false)]);
  return e.op("MatMul", [mirror(e, h, top, bottom, true), rows]);
}

/** [padded, size], or its transpose: 1 where the padded element is a copy. */
function mirror(e: Emitter, padded: number, before: number, after: number, transposed: boolean): string {
  const size = padded - before - after;
  const data = new Float32Array(padded * size);
  for (let p = 0; p < padded; p++) {
    const at = Math.abs(p - before);
    const from = at < size ? at : 2 * size - 2 - at;
    data[transposed ? from * padded + p : p * size + from] = 1;
  }
  return e.floats(`mirror.${before}.${after}${transposed ? ".t" : ""}`, transposed ? [size, padded] : [padded, size], data);
}

function foldBack(e: Emitter, value: string, shape: Shape, { axis, before, after }: Side, mode: "reflect" | "edge"): string {
  if (before === 0 && after === 0) return value;
  const [at] = positions(shape, [axis]) as [number];
  const total = shape[at]!.dim;
  if (typeof total !== "number") throw new CannotLower(`the dim of ${axis} is free`);
  const strip = (start: number, size: number): string => e.cut(value, [{ axis: at, start, size: size as Dim, total }]);
  return mode === "edge" ? foldEdge(e, strip, at, total, before, after) : foldReflect(e, value, strip, shape.length, at, total, before, after);
}

type Strip = (start: number, size: number) => string;

/** The first element takes all copies in front of it, the last all behind it. */
function foldEdge(e: Emitter, strip: Strip, at: number, total: number, before: number, after: number): string {
  const sum = (start: number, size: number): string => e.op("ReduceSum", [strip(start, size), e.ints([at])], { keepdims: int(1) });
  const size = total - before - after;
  if (size === 1) return sum(0, total);
  const middle = size > 2 ? [strip(before + 1, size - 2)] : [];
  return e.concat([sum(0, before + 1), ...middle, sum(total - after - 1, after + 1)], at);
}

/**
 * Elements 1 … before take the mirrored front, size−1−after … size−2 the mirrored end; the rest is copied. Where the two
 * overlap (pads wide for their input), each is added over the whole length instead.
 */
function foldReflect(e: Emitter, value: string, strip: Strip, rank: number, at: number, total: number, before: number, after: number): string {
  const size = total - before - after;
  if (before + after + 2 > size) {
    const all = strip(before, size);
    const mirrored = (start: number, n: number): string => (n === 1 ? strip(start, 1) : e.flip(strip(start, n), [at]));
    const spread = (start: number, n: number, to: number): string[] =>
      n === 0 ? [] : [padAxes(e, mirrored(start, n), rank, "zero", [{ at, before: to, after: size - to - n }])];
    const extra = [...spread(0, before, 1), ...spread(total - after, after, size - 1 - after)];
    return extra.reduce((sum, x) => e.op("Add", [sum, x]), all);
  }
  // Along the axis: mirrored front, first, what it adds to, copied, what the end adds to, last, mirrored end.
  const [front, back] = [before === 0 ? 0 : 1, after === 0 ? 0 : 1];
  const sizes = [before, front, before, size - front - before - after - back, after, back, after];
  const pieces = e.split(value, at, sizes.filter((n) => n > 0));
  const [head, first, near, middle, far, last, tail] = sizes.map((n) => (n > 0 ? pieces.shift()! : undefined));
  const turned = (piece: string, n: number): string => (n === 1 ? piece : e.flip(piece, [at]));
  const begin = head && near ? e.op("Add", [near, turned(head, before)]) : undefined;
  const end = far && tail ? e.op("Add", [far, turned(tail, after)]) : undefined;
  return e.concat([first, begin, middle, end, last].filter((v) => v !== undefined), at);
}
