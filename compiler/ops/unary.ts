// Operations on each element of one operand.
import type { Builder } from "../graph/builder";
import type { NodeId, OpAttrs, OpName } from "../graph/types";
import { mapEach } from "./arrays";
import type { OpRecord } from "./record";
import { someShapes } from "./samples";

type UnaryName = Extract<
  OpName,
  | "neg" | "exp" | "log" | "sqrt" | "tanh" | "sigmoid" | "softplus" | "abs" | "sign" | "reciprocal" | "relu" | "power"
>;

interface Rule<K extends UnaryName> {
  readonly formula: string;
  readonly f: (attrs: OpAttrs[K]) => (x: number) => number;
  /** Given the result's gradient, the operand and the result; undefined where there is none. */
  readonly gradient: ((b: Builder, g: NodeId, x: NodeId, y: NodeId, attrs: OpAttrs[K]) => NodeId) | undefined;
  readonly attrs: readonly OpAttrs[K][];
  readonly range?: readonly [number, number];
}

function unary<K extends UnaryName>(op: K, rule: Rule<K>): OpRecord<K> {
  const { formula, f, gradient, range } = rule;
  return {
    op,
    formula,
    dims: (_, operands) => operands[0]!,
    gradient: (b, node, g) => [gradient && (() => gradient(b, g, node.inputs[0]!, node.id, node.attrs))],
    evaluate: (attrs, [x]) => mapEach(x!, f(attrs)),
    cases: rule.attrs.flatMap((attrs) => someShapes.map((shape) => ({ attrs, shapes: [shape], ...(range ? { range } : {}) }))),
  };
}

const plain = [{}] as const;
const mul = (b: Builder, x: NodeId, y: NodeId): NodeId => b.add("mul", {}, [x, y]);
const times = (b: Builder, x: NodeId, k: number): NodeId => mul(b, x, b.constant(k));

// g → −g
export const neg = unary("neg", { formula: "y = −x", f: () => (x) => -x, gradient: (b, g) => b.add("neg", {}, [g]), attrs: plain });

// g → g·y
export const exp = unary("exp", { formula: "y = eˣ", f: () => Math.exp, gradient: (b, g, _, y) => mul(b, g, y), attrs: plain });

// g → g / x
export const log = unary("log", {
  formula: "y = ln x",
  f: () => Math.log,
  gradient: (b, g, x) => b.add("div", {}, [g, x]),
  attrs: plain,
  range: [0.2, 2],
});

// g → g / (2·y)
export const sqrt = unary("sqrt", {
  formula: "y = √x",
  f: () => Math.sqrt,
  gradient: (b, g, _, y) => b.add("div", {}, [times(b, g, 0.5), y]),
  attrs: plain,
  range: [0.2, 2],
});

// g → g·(1 − y²)
export const tanh = unary("tanh", {
  formula: "y = tanh x",
  f: () => Math.tanh,
  gradient: (b, g, _, y) => mul(b, g, b.add("sub", {}, [b.constant(1), mul(b, y, y)])),
  attrs: plain,
  range: [-2, 2],
});

// g → g·(y − y²)
export const sigmoid = unary("sigmoid", {
  formula: "y = 1 / (1 + e⁻ˣ)",
  f: () => (x) => 1 / (1 + Math.exp(-x)),
  gradient: (b, g, _, y) => mul(b, g, b.add("sub", {}, [y, mul(b, y, y)])),
  attrs: plain,
  range: [-3, 3],
});

// g → g·sigmoid(x)
export const softplus = unary("softplus", {
  formula: "y = ln(1 + eˣ)",
  f: () => (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  gradient: (b, g, x) => mul(b, g, b.add("sigmoid", {}, [x])),
  attrs: plain,
  range: [-3, 3],
});

// g → g·sign(x)
export const abs = unary("abs", {
  formula: "y = |x|",
  f: () => Math.abs,
  gradient: (b, g, x) => mul(b, g, b.add("sign", {}, [x])),
  attrs: plain,
});

// constant between its steps
export const sign = unary("sign", {
  formula: "y = 1, 0 or −1 as x > 0, x = 0 or x < 0",
  f: () => (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  gradient: undefined,
  attrs: plain,
});

// g → −g·y²
export const reciprocal = unary("reciprocal", {
  formula: "y = 1 / x",
  f: () => (x) => 1 / x,
  gradient: (b, g, _, y) => b.add("neg", {}, [mul(b, g, mul(b, y, y))]),
  attrs: plain,
  range: [0.3, 2],
});

// g → g where y > 0, slope·g elsewhere: only the result must be kept
export const relu = unary("relu", {
  formula: "y = x where x > 0, slope·x elsewhere",
  f: ({ slope }) => (x) => (x > 0 ? x : slope * x),
  gradient: (b, g, _, y, attrs) => b.add("relu_adjoint", attrs, [g, y]),
  attrs: [{ slope: 0 }, { slope: 0.2 }, { slope: 0.01 }],
});

// g → g·exponent·x^(exponent − 1)
export const power = unary("power", {
  formula: "y = x^exponent",
  f: ({ exponent }) => (x) => x ** exponent,
  gradient: (b, g, x, _, { exponent }) =>
    exponent === 2
      ? mul(b, g, times(b, x, 2))
      : mul(b, g, times(b, b.add("power", { exponent: exponent - 1 }, [x]), exponent)),
  attrs: [{ exponent: 2 }, { exponent: 3 }, { exponent: -0.5 }, { exponent: 1 }, { exponent: 0 }],
  range: [0.3, 2],
});
