import type { Builder } from "../graph/builder";
import { sameDim } from "../graph/dim";
import { countAxes } from "../graph/ndarray";
import { BATCH, axesOf, dimOf, hasAxis, type Shape } from "../graph/shape";
import type { NodeId, NodeOf } from "../graph/types";
import { ordered, spread } from "./arrays";
import { withAxes } from "./derive";
import { addProduct } from "./matmul";
import type { OpRecord } from "./record";
import { sh } from "./samples";
import { dimAt, fail } from "./shapes";

// g → Σ g·b over what only b has, Σ g·a over what only a has
export const contract: OpRecord<"contract"> = {
  op: "contract",
  formula: "y = Σ a·b over shared axes",
  dims({ over }, operands) {
    const [a, b] = operands as [Shape, Shape];
    for (const axis of over) for (const operand of [0, 1]) dimAt("contract", operands, operand, axis);
    for (const { axis, dim } of a) {
      const other = dimOf(b, axis);
      if (other !== undefined && !sameDim(dim, other)) fail("contract", operands, { kind: "clash", axis });
    }
    const rest = [...a, ...b.filter((x) => !hasAxis(a, x.axis))].filter((x) => !over.includes(x.axis));
    return [...rest.filter((x) => x.axis === BATCH), ...rest.filter((x) => x.axis !== BATCH)];
  },
  gradient: (b, node, g) => [() => side(b, node, g, 0), () => side(b, node, g, 1)],
  evaluate({ over }, operands, shape) {
    const [a, b] = operands as [(typeof operands)[0], (typeof operands)[0]];
    const inA = (axis: string): boolean => a.shape.some((x) => x.axis === axis);
    const inB = (axis: string): boolean => b.shape.some((x) => x.axis === axis);
    const names = shape.map((x) => x.axis);
    const [shared, rows, columns] = [
      names.filter((x) => inA(x) && inB(x)),
      names.filter((x) => !inB(x)),
      names.filter((x) => !inA(x)),
    ];
    const left = ordered(a, [...shared, ...rows, ...over]).data;
    const right = ordered(b, [...shared, ...over, ...columns]).data;
    const laid = [...shared, ...rows, ...columns].map((axis) => shape.find((x) => x.axis === axis)!);
    const count = (axes: string[]): number => countAxes(shape.filter((x) => axes.includes(x.axis)));
    const [times, m, n] = [count(shared), count(rows), count(columns)];
    const k = left.length / (times * m);
    const data = new Float64Array(times * m * n);
    for (let i = 0; i < times; i++) {
      addProduct(data.subarray(i * m * n, (i + 1) * m * n), left.subarray(i * m * k, (i + 1) * m * k), right.subarray(i * k * n, (i + 1) * k * n), m, k, n);
    }
    return spread({ shape: laid, data }, shape);
  },
  /** A linear map has an axis that only one operand has; a sum of products along all axes is not counted. */
  flops({ over }, [a, b], shape) {
    const onlyOne = shape.some((x) => a!.some((y) => y.axis === x.axis) !== b!.some((y) => y.axis === x.axis));
    return onlyOne && over.length > 0 ? 2 * countAxes(shape) * countAxes(a!.filter((x) => over.includes(x.axis))) : 0;
  },
  cases: [
    { attrs: { over: ["c"] }, shapes: [sh("batch c", 3, 4), sh("out c", 5, 4)] },
    { attrs: { over: ["in"] }, shapes: [sh("in", 4), sh("out in", 3, 4)] },
    { attrs: { over: ["out"] }, shapes: [sh("out in", 3, 4), sh("out", 3)] },
    { attrs: { over: ["batch"] }, shapes: [sh("batch out", 3, 2), sh("batch in", 3, 4)] },
    { attrs: { over: ["c"] }, shapes: [sh("batch c h w", 2, 3, 2, 4), sh("out c", 2, 3)] },
    { attrs: { over: ["h", "w"] }, shapes: [sh("batch c h w", 2, 3, 2, 4), sh("batch c h w", 2, 3, 2, 4)] },
    { attrs: { over: ["w", "c"] }, shapes: [sh("batch h c w", 2, 3, 2, 2), sh("w out batch c", 2, 3, 2, 2)] },
    { attrs: { over: ["c"] }, shapes: [sh("c", 4), sh("c", 4)] },
    { attrs: { over: [] }, shapes: [sh("out", 2), sh("in", 3)] },
    { attrs: { over: ["c"] }, shapes: [sh("out c", 3, 4), sh("batch c", 2, 4)] },
  ],
};

/** The gradient of one operand: g times the other, summed over the axes that this one lacks. */
function side(b: Builder, node: NodeOf<"contract">, g: NodeId, i: 0 | 1): NodeId {
  const other = node.inputs[1 - i]!;
  const over = axesOf(node.shape).filter((axis) => !hasAxis(b.shape(node.inputs[i]!), axis));
  if (over.length === 0) return b.add("mul", {}, [g, other]);
  return b.add("contract", { over }, [withAxes(b, g, node.shape, over), other]);
}
