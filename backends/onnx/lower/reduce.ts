import { axesOf, type Shape } from "../../../compiler/graph/shape";
import { type Emitter, extentsOf, positions } from "../emitter";
import { type Extent, numberOf, product } from "../extent";
import { int } from "../operator";
import { inOrder, reordered } from "./layout";
import type { Lowering } from "./lowering";

type Reduction = "sum" | "mean" | "max";

export const reduce =
  <K extends Reduction>(type: string): Lowering<K> =>
  (e, node) => {
    const [id] = node.inputs as [number];
    const shape = e.shape(id);
    const over = positions(shape, node.attrs.over);
    if (over.length === 0) return e.value(id);
    const kept = shape.filter((a) => !node.attrs.over.includes(a.axis));
    // A batch of one, in most trainings: there is nothing to reduce.
    if (over.every((at) => shape[at]!.dim === 1)) return reordered(e, e.reshape(e.value(id), extentsOf(shape), extentsOf(kept)), kept, node.shape);
    // Of all there is, in whatever dims it was made.
    const made = kept.length === 0 ? e.unshaped(e.value(id)) : undefined;
    if (made) return e.op(type, [made.value], { keepdims: int(0) });
    const ones = keepingAxes(e, type, e.value(id), shape, over);
    if (ones !== undefined) return reordered(e, ones, kept, node.shape);
    const result = e.op(type, [e.value(id), e.ints([...over].sort((a, b) => a - b))], { keepdims: int(0) });
    return reordered(e, result, kept, node.shape);
  };

/**
 * Over the last axes, which stay with length one: what is computed from such numbers meets pictures again (Emitter.behindOnes). Where a
 * dim is free nobody would see that they are there.
 */
function keepingAxes(e: Emitter, type: string, value: string, shape: Shape, over: readonly number[]): string | undefined {
  const dims = shape.map((a) => a.dim);
  const last = Math.min(...over) === shape.length - over.length;
  if (!last || shape.length === over.length || !dims.every((d) => typeof d === "number")) return undefined;
  const { value: whole, ones } = e.withOnes(value);
  const reduced = e.op(type, [whole, e.ints([...over].sort((a, b) => a - b))], { keepdims: int(1) });
  const left = dims.slice(0, shape.length - over.length).map((d): Extent => [d]);
  return e.reshape(reduced, [...left, ...Array.from({ length: over.length + ones }, (): Extent => [1])], left);
}

/** ArgMax over the joined axes gives the first maximum; a row of 0, 1, 2, … compared with it marks the place. */
export const maxMask: Lowering<"max_mask"> = (e, node) => {
  const [id] = node.inputs as [number];
  const shape = e.shape(id);
  const over = shape.filter((a) => node.attrs.over.includes(a.axis));
  const kept = shape.filter((a) => !node.attrs.over.includes(a.axis));
  const order = [...kept, ...over];
  const rows = [product(extentsOf(kept)), product(extentsOf(over))];
  const table = e.reshape(inOrder(e, id, axesOf(order)), extentsOf(order), rows);
  const first = e.op("ArgMax", [table], { axis: int(1), keepdims: int(1) });
  const mask = e.op("Cast", [e.op("Equal", [counting(e, rows[1]!), first])], { to: int(1) });
  return reordered(e, e.reshape(mask, rows, extentsOf(order)), order, node.shape);
};

/** 0, 1, 2, … as int64. */
function counting(e: Emitter, length: ReturnType<typeof product>): string {
  const n = numberOf(length);
  if (n !== undefined) return e.ints(Array.from({ length: n }, (_, i) => i));
  const scalar = (value: string): string => e.op("Squeeze", [value]);
  return e.op("Range", [scalar(e.ints([0])), scalar(e.dims([length])), scalar(e.ints([1]))]);
}

export const size: Lowering<"size"> = (e, node) => {
  const shape = e.shape(node.inputs[0]!);
  const count = product(shape.filter((a) => node.attrs.over.includes(a.axis)).map((a) => [a.dim]));
  const n = numberOf(count);
  if (n !== undefined) return e.scalar(n);
  return e.op("Cast", [e.op("Squeeze", [e.dims([count])])], { to: int(1) });
};
