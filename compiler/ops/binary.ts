// Operations on the elements of two operands, by axis name: either may lack axes of the other.
import type { Builder } from "../graph/builder";
import type { NodeId, NodeOf, OpAttrs, OpName } from "../graph/types";
import { combine } from "./arrays";
import { unbroadcast } from "./derive";
import type { OpCase, OpRecord } from "./record";
import { somePairs } from "./samples";
import { union } from "./shapes";

type BinaryName = Extract<
  OpName,
  "add" | "sub" | "mul" | "div" | "maximum" | "minimum" | "greater" | "relu_adjoint"
>;
/** One operand's gradient, before the sum over the axes it lacks. */
type Side<K extends BinaryName> = (b: Builder, g: NodeId, node: NodeOf<K>) => NodeId;

interface Rule<K extends BinaryName> {
  readonly formula: string;
  readonly f: (attrs: OpAttrs[K]) => (x: number, y: number) => number;
  readonly gradient: readonly [Side<K> | undefined, Side<K> | undefined];
  readonly attrs: readonly OpAttrs[K][];
  readonly range?: readonly [number, number];
}

function binary<K extends BinaryName>(op: K, rule: Rule<K>): OpRecord<K> {
  const cases: OpCase<K>[] = rule.attrs.flatMap((attrs) =>
    somePairs.map((shapes) => ({ attrs, shapes, ...(rule.range ? { range: rule.range } : {}) })),
  );
  return {
    op,
    formula: rule.formula,
    dims: (_, operands) => union(op, operands),
    gradient: (b, node, g) =>
      rule.gradient.map((side, i) => side && (() => unbroadcast(b, side(b, g, node), node.inputs[i]!, node.id))),
    evaluate: (attrs, [x, y], shape) => combine(x!, y!, shape, rule.f(attrs)),
    cases,
  };
}

const plain = [{}] as const;
const first = (node: { readonly inputs: readonly NodeId[] }): NodeId => node.inputs[0]!;
const second = (node: { readonly inputs: readonly NodeId[] }): NodeId => node.inputs[1]!;
const not = (b: Builder, mask: NodeId): NodeId => b.add("sub", {}, [b.constant(1), mask]);

// g → g, g
export const add = binary("add", { formula: "y = a + b", f: () => (x, y) => x + y, gradient: [(_, g) => g, (_, g) => g], attrs: plain });

// g → g, −g
export const sub = binary("sub", {
  formula: "y = a − b",
  f: () => (x, y) => x - y,
  gradient: [(_, g) => g, (b, g) => b.add("neg", {}, [g])],
  attrs: plain,
});

// g → g·b, g·a
export const mul = binary("mul", {
  formula: "y = a·b",
  f: () => (x, y) => x * y,
  gradient: [(b, g, n) => b.add("mul", {}, [g, second(n)]), (b, g, n) => b.add("mul", {}, [g, first(n)])],
  attrs: plain,
});

// g → g / b, −g·y / b
export const div = binary("div", {
  formula: "y = a / b",
  f: () => (x, y) => x / y,
  gradient: [
    (b, g, n) => b.add("div", {}, [g, second(n)]),
    (b, g, n) => b.add("neg", {}, [b.add("div", {}, [b.add("mul", {}, [g, n.id]), second(n)])]),
  ],
  attrs: plain,
  range: [0.3, 2],
});

// g → g where a is not less, g elsewhere (of equals, the first operand's)
export const maximum = binary("maximum", {
  formula: "y = the larger of a and b",
  f: () => (x, y) => (y > x ? y : x),
  gradient: [
    (b, g, n) => b.add("mul", {}, [g, not(b, b.add("greater", {}, [second(n), first(n)]))]),
    (b, g, n) => b.add("mul", {}, [g, b.add("greater", {}, [second(n), first(n)])]),
  ],
  attrs: plain,
});

// g → g where a is not greater, g elsewhere (of equals, the first operand's)
export const minimum = binary("minimum", {
  formula: "y = the smaller of a and b",
  f: () => (x, y) => (x > y ? y : x),
  gradient: [
    (b, g, n) => b.add("mul", {}, [g, not(b, b.add("greater", {}, [first(n), second(n)]))]),
    (b, g, n) => b.add("mul", {}, [g, b.add("greater", {}, [first(n), second(n)])]),
  ],
  attrs: plain,
});

// constant between its steps
export const greater = binary("greater", {
  formula: "y = 1 where a > b, else 0",
  f: () => (x, y) => (x > y ? 1 : 0),
  gradient: [undefined, undefined],
  attrs: plain,
});

// gg → gg where y > 0, slope·gg elsewhere; y: constant between its steps
export const relu_adjoint = binary("relu_adjoint", {
  formula: "x̄ = g where y > 0, slope·g elsewhere",
  f: ({ slope }) => (g, y) => (y > 0 ? g : slope * g),
  gradient: [(b, gg, n) => b.add("relu_adjoint", n.attrs, [gg, second(n)]), undefined],
  attrs: [{ slope: 0 }, { slope: 0.2 }],
});
