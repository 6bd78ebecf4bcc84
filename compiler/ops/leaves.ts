import type { OpRecord } from "./record";
import { without } from "./shapes";

export const input: OpRecord<"input"> = {
  op: "input",
  formula: "given from outside",
  dims: (attrs) => attrs.shape,
  gradient: () => [],
  evaluate(attrs) {
    throw new Error(`defect: nothing was fed for ${attrs.name}`);
  },
  cases: [],
};

export const constant: OpRecord<"constant"> = {
  op: "constant",
  formula: "y = value",
  dims: () => [],
  gradient: () => [],
  evaluate: (attrs) => ({ shape: [], data: Float64Array.of(attrs.value) }),
  cases: [{ attrs: { value: 2.5 }, shapes: [] }, { attrs: { value: -1e-5 }, shapes: [] }],
};

export const size: OpRecord<"size"> = {
  op: "size",
  formula: "y = number of elements along `over`",
  dims(attrs, operands) {
    without("size", operands, attrs.over);
    return [];
  },
  gradient: () => [undefined],
  evaluate(attrs, [x]) {
    const along = x!.shape.filter((a) => attrs.over.includes(a.axis));
    return { shape: [], data: Float64Array.of(along.reduce((n, a) => n * a.dim, 1)) };
  },
  cases: [
    { attrs: { over: ["h", "w"] }, shapes: [[{ axis: "c", dim: 2 }, { axis: "h", dim: 3 }, { axis: "w", dim: 5 }]] },
    { attrs: { over: ["batch"] }, shapes: [[{ axis: "batch", dim: 3 }, { axis: "c", dim: 2 }]] },
    { attrs: { over: [] }, shapes: [[{ axis: "c", dim: 2 }]] },
  ],
};

export const stop: OpRecord<"stop"> = {
  op: "stop",
  formula: "y = x, and gradients end here",
  dims: (_, operands) => operands[0]!,
  gradient: () => [undefined],
  evaluate: (_, [x]) => x!,
  cases: [{ attrs: {}, shapes: [[{ axis: "c", dim: 3 }]] }],
};
