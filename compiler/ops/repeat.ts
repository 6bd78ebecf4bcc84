// Operations that change what the axes are, and no value: expand, rename, squeeze, unsqueeze.
import { BATCH, dimOf, hasAxis, type AxisDim } from "../graph/shape";
import { sameDim } from "../graph/dim";
import { spread } from "./arrays";
import { unbroadcast } from "./derive";
import type { OpRecord } from "./record";
import { sh } from "./samples";
import { dimAt, fail, noDuplicates, wantSame } from "./shapes";

// g → Σ g over the axes that were added
export const expand: OpRecord<"expand"> = {
  op: "expand",
  formula: "y = x, repeated along the axes it lacks",
  dims(attrs, operands) {
    for (const { axis, dim } of operands[0]!) {
      const wanted = dimOf(attrs.shape, axis);
      if (wanted === undefined) fail("expand", operands, { kind: "extra-axis", axis, operand: 0 });
      if (!sameDim(wanted, dim)) fail("expand", operands, { kind: "clash", axis });
    }
    return attrs.shape;
  },
  gradient: (b, node, g) => [() => unbroadcast(b, g, node.inputs[0]!, node.id)],
  evaluate: (_, [x], shape) => spread(x!, shape),
  cases: [
    { attrs: { shape: sh("batch c h w", 2, 3, 2, 4) }, shapes: [sh("batch c", 2, 3)] },
    { attrs: { shape: sh("batch c h w", 2, 3, 2, 2) }, shapes: [sh("c", 3)] },
    { attrs: { shape: sh("c h", 3, 2) }, shapes: [[]] },
    { attrs: { shape: sh("c h w", 3, 2, 4) }, shapes: [sh("w c", 4, 3)] },
    { attrs: { shape: sh("c h", 3, 2) }, shapes: [sh("c h", 3, 2)] },
  ],
};

// g → g with the names as they were
export const rename: OpRecord<"rename"> = {
  op: "rename",
  formula: "y = x with other names of axes",
  dims(attrs, operands) {
    const { names } = attrs;
    for (const axis of Object.keys(names)) dimAt("rename", operands, 0, axis);
    const renamed = operands[0]!.map((a): AxisDim => ({ axis: names[a.axis] ?? a.axis, dim: a.dim }));
    return noDuplicates("rename", operands, renamed);
  },
  gradient: (b, node, g) => [
    () => {
      const back = Object.entries(node.attrs.names).filter(([, now]) => hasAxis(b.shape(g), now));
      if (back.length === 0) return g;
      return b.add("rename", { names: Object.fromEntries(back.map(([was, now]) => [now, was])) }, [g]);
    },
  ],
  evaluate: (_, [x], shape) => ({ shape, data: x!.data }),
  cases: [
    { attrs: { names: { out: "c" } }, shapes: [sh("batch out", 2, 3)] },
    { attrs: { names: { h: "w", w: "h" } }, shapes: [sh("c h w", 2, 3, 4)] },
    { attrs: { names: {} }, shapes: [sh("c", 2)] },
  ],
};

// g → g (constant along the axis that was taken away: its dim is 1)
export const squeeze: OpRecord<"squeeze"> = {
  op: "squeeze",
  formula: "y = x without an axis of dim 1",
  dims({ axis }, operands) {
    wantSame("squeeze", operands, axis, 1, dimAt("squeeze", operands, 0, axis));
    return operands[0]!.filter((a) => a.axis !== axis);
  },
  gradient: (_, __, g) => [() => g],
  evaluate: (_, [x], shape) => ({ shape, data: x!.data }),
  cases: [
    { attrs: { axis: "h" }, shapes: [sh("batch c h w", 2, 3, 1, 4)] },
    { attrs: { axis: "c" }, shapes: [sh("c", 1)] },
    { attrs: { axis: "c" }, shapes: [sh("batch c", 3, 1)] },
  ],
};

// g → g without the axis
export const unsqueeze: OpRecord<"unsqueeze"> = {
  op: "unsqueeze",
  formula: "y = x with one more axis, of dim 1, in front (behind the batch)",
  dims({ axis }, operands) {
    const x = operands[0]!;
    const front = x[0]?.axis === BATCH ? 1 : 0;
    return noDuplicates("unsqueeze", operands, [...x.slice(0, front), { axis, dim: 1 }, ...x.slice(front)]);
  },
  gradient: (b, node, g) => [
    () => (hasAxis(b.shape(g), node.attrs.axis) ? b.add("squeeze", { axis: node.attrs.axis }, [g]) : g),
  ],
  evaluate: (_, [x], shape) => ({ shape, data: x!.data }),
  cases: [
    { attrs: { axis: "scale" }, shapes: [sh("batch c h", 2, 3, 2)] },
    { attrs: { axis: "c" }, shapes: [[]] },
    { attrs: { axis: "c" }, shapes: [sh("h w", 2, 3)] },
  ],
};
