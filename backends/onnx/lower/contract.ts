import { axesOf, dimOf, hasAxis, type Shape } from "../../../compiler/graph/shape";
import type { NodeId } from "../../../compiler/graph/types";
import { type Emitter, extentsOf, positions } from "../emitter";
import { type Extent, numberOf, product } from "../extent";
import { int } from "../operator";
import { aligned, inOrder, reordered } from "./layout";
import type { Lowering } from "./lowering";
import { byVector } from "./vectors";

/**
 * A matrix product: axes of both that run along are its batch, axes of one operand alone its rows or columns. Without a
 * batch it is a Gemm, which reads either operand transposed at no cost.
 */
export const contract: Lowering<"contract"> = (e, node) => {
  const [a, b] = node.inputs as [NodeId, NodeId];
  const { over } = node.attrs;
  const [sa, sb] = [e.shape(a), e.shape(b)];
  const summed = sa.filter((x) => over.includes(x.axis) && hasAxis(sb, x.axis));
  const along = sa.filter((x) => hasAxis(sb, x.axis) && !over.includes(x.axis));
  const rows = sa.filter((x) => !hasAxis(sb, x.axis));
  const columns = sb.filter((x) => !hasAxis(sa, x.axis));
  if ([...rows, ...columns].some((x) => over.includes(x.axis))) throw new Error("defect: a contracted axis that one operand lacks");
  if (summed.length === 0) return e.op("Mul", [aligned(e, a, node.shape), aligned(e, b, node.shape)]);
  if (rows.length + columns.length === 0) return sumOfProducts(e, [a, b], sa, over, node.shape);
  const vector = along.length === 0 ? byVector(e, [a, b], summed) : undefined;
  if (vector !== undefined) return vector;
  // The operand whose own axes come first in the result is the left one: then nothing is left to transpose.
  const at = (part: Shape): number => Math.min(...part.map((x) => axesOf(node.shape).indexOf(x.axis)));
  const swap = rows.length > 0 && columns.length > 0 && at(columns) < at(rows);
  const left: Side = swap ? { id: b, own: columns } : { id: a, own: rows };
  const right: Side = swap ? { id: a, own: rows } : { id: b, own: columns };
  const ordered = { along: inResult(along, node.shape), left: inResult(left.own, node.shape), right: inResult(right.own, node.shape) };
  const value = multiplied(e, { ...left, own: ordered.left }, { ...right, own: ordered.right }, ordered.along, summed);
  const shape = [...ordered.along, ...ordered.left, ...ordered.right];
  const flat = [size(ordered.along), size(ordered.left), size(ordered.right)];
  return reordered(e, e.reshape(value, flat, extentsOf(shape)), shape, node.shape);
};

/** No axis of either alone: the runtime's matrix product of rows by columns takes five times as long as this. */
function sumOfProducts(e: Emitter, ids: readonly NodeId[], shape: Shape, over: readonly string[], result: Shape): string {
  const product = e.op("Mul", ids.map((id) => aligned(e, id, shape)));
  const axes = [...positions(shape, over)].sort((x, y) => x - y);
  const sum = e.op("ReduceSum", [product, e.ints(axes)], { keepdims: int(0) });
  return reordered(e, sum, shape.filter((x) => !over.includes(x.axis)), result);
}

interface Side {
  readonly id: NodeId;
  readonly own: Shape;
}
const size = (part: Shape): Extent => product(extentsOf(part));
const inResult = (part: Shape, result: Shape): Shape => result.filter((x) => hasAxis(part, x.axis));

/** [along, left's own, right's own]. */
function multiplied(e: Emitter, left: Side, right: Side, along: Shape, summed: Shape): string {
  const [n, k] = [size(along), size(summed)];
  const [l, r] = [size(left.own), size(right.own)];
  if (numberOf(n) === 1) {
    const a = matrix(e, left, along, summed);
    const b = matrix(e, right, along, summed);
    const flags = { ...(a.last ? {} : { transA: int(1) }), ...(b.last ? { transB: int(1) } : {}) };
    return e.reshape(e.op("Gemm", [a.value, b.value], flags), [l, r], [n, l, r]);
  }
  const a = stacked(e, left.id, along, left.own, summed, [n, l, k]);
  const b = stacked(e, right.id, along, summed, right.own, [n, k, r]);
  return e.op("MatMul", [a, b]);
}

/** A two-dimensional operand with the summed axes first or last, whichever its layout has already. */
function matrix(e: Emitter, { id, own }: Side, along: Shape, summed: Shape): { value: string; last: boolean } {
  const shape = e.shape(id);
  const names = (parts: readonly Shape[]): string[] => parts.flatMap((p) => axesOf(p));
  const lives = axesOf(shape).filter((axis) => !hasAxis(along, axis));
  const last = names([summed, own]).join() !== lives.join();
  const order = last ? [along, own, summed] : [along, summed, own];
  const value = inOrder(e, id, names(order));
  const flat = last ? [size(own), size(summed)] : [size(summed), size(own)];
  return { value: e.reshape(value, extentsOf(order.flat().map((x) => ({ axis: x.axis, dim: dimOf(shape, x.axis)! }))), flat), last };
}

function stacked(e: Emitter, id: NodeId, first: Shape, second: Shape, third: Shape, to: readonly Extent[]): string {
  const order = [...first, ...second, ...third];
  return e.reshape(inOrder(e, id, axesOf(order)), extentsOf(order), to);
}
