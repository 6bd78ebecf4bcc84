import { hasAxis } from "../graph/shape";
import { ordered, spread } from "./arrays";
import { withAxes } from "./derive";
import type { OpRecord } from "./record";
import { sh } from "./samples";
import { fail, noDuplicates, numberAt, wantSame } from "./shapes";

// g → g with the axis split up again
export const flatten: OpRecord<"flatten"> = {
  op: "flatten",
  formula: "y = x with several axes made one, the first named slowest",
  dims({ axes, into }, operands) {
    const x = operands[0]!;
    noDuplicates("flatten", operands, axes.map((axis) => ({ axis, dim: 1 })));
    const dim = axes.reduce((n, axis) => n * numberAt("flatten", operands, 0, axis), 1);
    const at = x.findIndex((a) => axes.includes(a.axis));
    const rest = x.filter((a) => !axes.includes(a.axis));
    // Where the earliest of them was; behind the batch, if none is named.
    const before = at < 0 ? (x[0]?.axis === "batch" ? 1 : 0) : at;
    return noDuplicates("flatten", operands, [...rest.slice(0, before), { axis: into, dim }, ...rest.slice(before)]);
  },
  gradient: (b, node, g) => [
    () => {
      const { axes, into } = node.attrs;
      if (!hasAxis(b.shape(g), into)) return g;
      const x = b.shape(node.inputs[0]!);
      return b.add("unflatten", { axis: into, into: axes.map((axis) => x.find((a) => a.axis === axis)!) }, [g]);
    },
  ],
  evaluate({ axes, into }, [x], shape) {
    const order = shape.flatMap((a) => (a.axis === into ? axes : [a.axis]));
    return { shape, data: ordered(x!, order).data };
  },
  cases: [
    { attrs: { axes: ["c", "h", "w"], into: "c" }, shapes: [sh("batch c h w", 2, 3, 2, 4)] },
    { attrs: { axes: ["w", "h"], into: "c" }, shapes: [sh("batch h w", 2, 3, 4)] },
    { attrs: { axes: ["c", "w"], into: "x" }, shapes: [sh("batch c h w", 2, 3, 2, 4)] },
    { attrs: { axes: ["in", "kh", "kw"], into: "in" }, shapes: [sh("out in kh kw", 4, 3, 2, 2)] },
    { attrs: { axes: ["c"], into: "x" }, shapes: [sh("c", 3)] },
  ],
};

// g → g with the axes made one again
export const unflatten: OpRecord<"unflatten"> = {
  op: "unflatten",
  formula: "y = x with one axis split into several, the first named slowest",
  dims({ axis, into }, operands) {
    const x = operands[0]!;
    const have = numberAt("unflatten", operands, 0, axis);
    let count = 1;
    for (const a of into) {
      if (typeof a.dim !== "number") fail("unflatten", operands, { kind: "needs-number", axis: a.axis });
      count *= a.dim;
    }
    wantSame("unflatten", operands, axis, count, have);
    return noDuplicates("unflatten", operands, x.flatMap((a) => (a.axis === axis ? into : [a])));
  },
  gradient: (b, node, g) => [
    () => {
      const { axis, into } = node.attrs;
      const axes = into.map((a) => a.axis);
      if (!axes.some((a) => hasAxis(b.shape(g), a))) return g;
      return b.add("flatten", { axes, into: axis }, [withAxes(b, g, node.shape, axes)]);
    },
  ],
  // In place: the axes stand where the one stood, slowest first.
  evaluate: (_, [x], shape) => spread({ shape, data: x!.data }, shape),
  cases: [
    { attrs: { axis: "c", into: sh("c h w", 3, 2, 4) }, shapes: [sh("batch c", 2, 24)] },
    { attrs: { axis: "c", into: sh("block half c", 2, 2, 3) }, shapes: [sh("batch c", 3, 12)] },
    { attrs: { axis: "h", into: sh("a b", 2, 3) }, shapes: [sh("c h w", 2, 6, 2)] },
    { attrs: { axis: "c", into: sh("x", 3) }, shapes: [sh("c", 3)] },
  ],
};
