// Operations that take axes away.
import type { OpName } from "../graph/types";
import { rowsOver, spread } from "./arrays";
import { sizeOver } from "./derive";
import type { OpCase, OpRecord } from "./record";
import { sh } from "./samples";
import { without } from "./shapes";

type ReduceName = Extract<OpName, "sum" | "mean" | "max" | "max_mask">;

function casesOf<K extends ReduceName>(): OpCase<K>[] {
  const some = [
    { over: ["h", "w"], shape: sh("batch c h w", 2, 3, 4, 5) },
    { over: ["c"], shape: sh("batch c h w", 2, 3, 2, 2) },
    { over: ["batch"], shape: sh("batch c", 3, 4) },
    { over: ["w", "c"], shape: sh("c h w", 3, 2, 4) },
    { over: ["c", "h", "w"], shape: sh("c h w", 2, 3, 1) },
    { over: ["batch", "h"], shape: sh("batch h c w", 2, 3, 2, 2) },
    { over: ["c"], shape: sh("c", 1) },
  ];
  return some.map(({ over, shape }) => ({ attrs: { over }, shapes: [shape] })) as OpCase<K>[];
}

// g → g (constant along the axes it lacks)
export const sum: OpRecord<"sum"> = {
  op: "sum",
  formula: "y = Σ x over the axes",
  dims: (attrs, operands) => without("sum", operands, attrs.over),
  gradient: (_, __, g) => [() => g],
  evaluate(attrs, [x], shape) {
    const { data, length } = rowsOver(x!, attrs.over);
    return { shape, data: sums(data, length) };
  },
  cases: casesOf(),
};

// g → g / n
export const mean: OpRecord<"mean"> = {
  op: "mean",
  formula: "y = Σ x / n over the axes",
  dims: (attrs, operands) => without("mean", operands, attrs.over),
  gradient: (b, node, g) => [
    () => {
      const n = sizeOver(b, node.inputs[0]!, node.attrs.over);
      const known = b.node(n);
      if (known.op === "constant") return b.add("mul", {}, [g, b.constant(1 / known.attrs.value)]);
      return b.add("div", {}, [g, n]);
    },
  ],
  evaluate(attrs, [x], shape) {
    const { data, length } = rowsOver(x!, attrs.over);
    return { shape, data: sums(data, length).map((s) => s / length) };
  },
  cases: casesOf(),
};

// g → g at the first maximum, 0 elsewhere
export const max: OpRecord<"max"> = {
  op: "max",
  formula: "y = the largest x over the axes",
  dims: (attrs, operands) => without("max", operands, attrs.over),
  gradient: (b, node, g) => [() => b.add("mul", {}, [g, b.add("max_mask", node.attrs, node.inputs)])],
  evaluate(attrs, [x], shape) {
    const { data, length } = rowsOver(x!, attrs.over);
    return { shape, data: Float64Array.from(firstMaxima(data, length), (at) => data[at]!) };
  },
  cases: casesOf(),
};

// constant between its steps
export const max_mask: OpRecord<"max_mask"> = {
  op: "max_mask",
  formula: "y = 1 at the first largest x over the axes, else 0",
  dims(attrs, operands) {
    without("max_mask", operands, attrs.over);
    return operands[0]!;
  },
  gradient: () => [undefined],
  evaluate(attrs, [x], shape) {
    const { data, length, laid } = rowsOver(x!, attrs.over);
    const mask = new Float64Array(data.length);
    for (const at of firstMaxima(data, length)) mask[at] = 1;
    return spread({ shape: laid, data: mask }, shape);
  },
  cases: casesOf(),
};

function sums(data: Float64Array, length: number): Float64Array {
  const result = new Float64Array(data.length / length);
  for (let row = 0, at = 0; row < result.length; row++) {
    let total = 0;
    for (let i = 0; i < length; i++) total += data[at++]!;
    result[row] = total;
  }
  return result;
}

function firstMaxima(data: Float64Array, length: number): Int32Array {
  const result = new Int32Array(data.length / length);
  for (let row = 0; row < result.length; row++) {
    let best = row * length;
    for (let i = best + 1; i < (row + 1) * length; i++) if (data[i]! > data[best]!) best = i;
    result[row] = best;
  }
  return result;
}
