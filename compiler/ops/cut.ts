// Parts of an axis: concat, slice, embed.
import { addDim, sameDim } from "../graph/dim";
import { dimOf, hasAxis, type Shape } from "../graph/shape";
import type { NodeId } from "../graph/types";
import type { Builder } from "../graph/builder";
import { ordered, zeros, type Numbers } from "./arrays";
import { withAxes } from "./derive";
import type { OpRecord } from "./record";
import { sh } from "./samples";
import { dimAt, fail, numberAt, withDims } from "./shapes";

// g → for each operand, its part of g
export const concat: OpRecord<"concat"> = {
  op: "concat",
  formula: "y = the operands one behind the other along an axis",
  dims({ along }, operands) {
    const first = operands[0]!;
    let total = dimAt("concat", operands, 0, along);
    operands.slice(1).forEach((x, i) => {
      const operand = i + 1;
      total = addDim(total, dimAt("concat", operands, operand, along));
      for (const { axis, dim } of first) {
        const other = dimAt("concat", operands, operand, axis);
        if (axis !== along && !sameDim(dim, other)) fail("concat", operands, { kind: "clash", axis });
      }
      for (const { axis } of x) dimAt("concat", operands, 0, axis);
    });
    return withDims(first, { [along]: total });
  },
  gradient: (b, node, g) => {
    const { along } = node.attrs;
    let start: number | undefined = 0;
    return node.inputs.map((input) => {
      const from = start;
      const size = dimOf(b.shape(input), along);
      start = typeof size === "number" && start !== undefined ? start + size : undefined;
      return () => {
        if (!hasAxis(b.shape(g), along)) return g;
        if (typeof size !== "number" || from === undefined) {
          throw new Error(`defect: no gradient of concat along ${along}, which is free`);
        }
        return b.add("slice", { axis: along, start: from, size }, [g]);
      };
    });
  },
  evaluate({ along }, operands, shape) {
    const result = zeros(shape);
    let start = 0;
    for (const x of operands) start += copyPart(result.data, shape, along, start, ordered(x, shape.map((a) => a.axis)), false);
    return result;
  },
  cases: [
    { attrs: { along: "c" }, shapes: [sh("batch c h w", 2, 3, 2, 2), sh("batch c h w", 2, 1, 2, 2)] },
    { attrs: { along: "c" }, shapes: [sh("c", 3), sh("c", 2), sh("c", 1)] },
    { attrs: { along: "w" }, shapes: [sh("c h w", 2, 3, 1), sh("w h c", 4, 3, 2)] },
    { attrs: { along: "batch" }, shapes: [sh("batch c", 1, 3), sh("batch c", 2, 3)] },
  ],
};

// g → zeros with g where the part was
export const slice: OpRecord<"slice"> = {
  op: "slice",
  formula: "y = x from `start`, `size` long, along an axis",
  dims({ axis, start, size }, operands) {
    const dim = numberAt("slice", operands, 0, axis);
    if (start < 0 || size < 1 || start + size > dim) fail("slice", operands, { kind: "out-of-range", axis, start, size });
    return withDims(operands[0]!, { [axis]: size });
  },
  gradient: (b, node, g) => [
    () => {
      const { axis, start } = node.attrs;
      const total = dimOf(b.shape(node.inputs[0]!), axis) as number;
      return b.add("embed", { axis, start, total }, [withAxes(b, g, node.shape, [axis])]);
    },
  ],
  evaluate({ axis, start }, [x], shape) {
    const result = zeros(shape);
    copyPart(x!.data, x!.shape, axis, start, result, true);
    return result;
  },
  cases: [
    { attrs: { axis: "c", start: 1, size: 2 }, shapes: [sh("batch c h w", 2, 4, 2, 3)] },
    { attrs: { axis: "w", start: 0, size: 3 }, shapes: [sh("c h w", 2, 2, 4)] },
    { attrs: { axis: "c", start: 2, size: 1 }, shapes: [sh("c", 3)] },
    { attrs: { axis: "batch", start: 0, size: 2 }, shapes: [sh("batch c", 3, 2)] },
  ],
};

// g → the part of g where x stands
export const embed: OpRecord<"embed"> = {
  op: "embed",
  formula: "y = zeros, `total` long along an axis, with x from `start`",
  dims({ axis, start, total }, operands) {
    const size = numberAt("embed", operands, 0, axis);
    if (start < 0 || start + size > total) fail("embed", operands, { kind: "out-of-range", axis, start, size });
    return withDims(operands[0]!, { [axis]: total });
  },
  gradient: (b, node, g) => [() => part(b, g, node.attrs.axis, node.attrs.start, b.shape(node.inputs[0]!))],
  evaluate({ axis, start }, [x], shape) {
    const result = zeros(shape);
    copyPart(result.data, shape, axis, start, x!, false);
    return result;
  },
  cases: [
    { attrs: { axis: "c", start: 1, total: 5 }, shapes: [sh("batch c h w", 2, 3, 2, 2)] },
    { attrs: { axis: "h", start: 0, total: 3 }, shapes: [sh("c h w", 2, 2, 3)] },
    { attrs: { axis: "c", start: 2, total: 3 }, shapes: [sh("c", 1)] },
  ],
};

function part(b: Builder, g: NodeId, axis: string, start: number, x: Shape): NodeId {
  if (!hasAxis(b.shape(g), axis)) return g;
  return b.add("slice", { axis, start, size: dimOf(x, axis) as number }, [g]);
}

/**
 * Copies between `small` and its place in a larger array of the same layout (`back`: out of the larger one).
 * Gives small's length along the axis.
 */
function copyPart(
  large: Float64Array,
  layout: Numbers,
  axis: string,
  start: number,
  small: { readonly shape: Numbers; readonly data: Float64Array },
  back: boolean,
): number {
  const at = layout.findIndex((a) => a.axis === axis);
  const inner = layout.slice(at + 1).reduce((n, a) => n * a.dim, 1);
  const total = layout[at]!.dim;
  const size = small.shape[at]!.dim;
  const blocks = small.data.length / (size * inner);
  for (let i = 0; i < blocks; i++) {
    const there = (i * total + start) * inner;
    const here = i * size * inner;
    if (back) small.data.set(large.subarray(there, there + size * inner), here);
    else large.set(small.data.subarray(here, here + size * inner), there);
  }
  return size;
}
