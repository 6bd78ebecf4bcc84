// Element-wise functions, reductions and statistics.
import type { Span } from "../../dsl/source";
import { BATCH } from "../graph/shape";
import type { NodeId, OpName } from "../graph/types";
import { combine } from "../trace/arithmetic";
import type { Tracer } from "../trace/tracer";
import { rules } from "../diagnostics/table";
import { isTensor, kindName, POISON, type Value } from "../trace/values";
import { type Args, type Builtin, type BuiltinParameter, x } from "./signature";

type Simple = Extract<OpName, "exp" | "log" | "sqrt" | "tanh" | "sigmoid" | "softplus" | "abs" | "sign">;

const notTensor = (t: Tracer, name: string, v: Value, span: Span): Value =>
  t.report(rules.wrongKind, { what: `\`${name}\``, expected: "a number or a tensor", got: kindName(v) }, span);

/** A function of numbers and tensors alike. */
const elementwise = (name: Simple, doc: string, ofNumber: (v: number) => number): Builtin => ({
  name,
  doc: `${name}(x): ${doc}`,
  parameters: [{ name: "x", kind: "any" }],
  stage: true,
  run(t, args, span) {
    const v = args.value("x");
    if (typeof v === "number") return ofNumber(v);
    return isTensor(v) ? t.op(name, {}, [v.id], span, name) : notTensor(t, name, v, span);
  },
});

const over: BuiltinParameter = { name: "over", kind: "axes", optional: true };

/** The axes a reduction runs over: those named, or all but the batch. */
export const axesFor = (t: Tracer, args: Args, id: NodeId): readonly string[] => args.axes("over") ?? t.axesWithoutBatch(id);

/** max and min take a tensor `over` axes, or two or more values; sum and mean a tensor, or a list. */
function extreme(name: "max" | "min", pick: (a: number, b: number) => number, op: "maximum" | "minimum"): Builtin {
  return {
    name,
    doc: `${name}(x, over: (h, w)) along axes, or ${name}(a, b) of values`,
    parameters: [{ name: "x", kind: "any" }, over],
    stage: true,
    rest: true,
    run(t, args, span) {
      const first = args.value("x");
      if (args.rest.length > 0) {
        return args.rest.reduce((a, b) => (typeof a === "number" && typeof b === "number" ? pick(a, b) : combine(t, op, a, b, span)), first);
      }
      if (!isTensor(first)) return typeof first === "number" ? first : notTensor(t, name, first, span);
      if (name === "max") return t.op("max", { over: axesFor(t, args, first.id) }, [first.id], span, name);
      const turned = t.op("neg", {}, [first.id], span, name);
      if (!isTensor(turned)) return turned;
      const most = t.op("max", { over: axesFor(t, args, first.id) }, [turned.id], span, name);
      return isTensor(most) ? t.op("neg", {}, [most.id], span, name) : most;
    },
  };
}

function total(t: Tracer, v: Value, args: Args, op: "sum" | "mean", span: Span): Value {
  if (typeof v === "number") return v;
  if (isTensor(v)) return t.op(op, { over: axesFor(t, args, v.id) }, [v.id], span, op);
  if (typeof v === "object" && (v.kind === "list" || v.kind === "tuple")) {
    const sum = v.items.reduce<Value>((a, b) => combine(t, "add", a, b, span), { kind: "none" });
    return op === "sum" || v.items.length === 0 ? sum : combine(t, "div", sum, v.items.length, span);
  }
  return t.report(rules.wrongKind, { what: `\`${op}\``, expected: "a tensor, or a list of numbers and tensors", got: kindName(v) }, span);
}

const reduction = (op: "sum" | "mean"): Builtin => ({
  name: op,
  doc: `${op}(x, over: (h, w)); without over all axes but the batch; ${op}(for a in list: f(a)) over a list`,
  parameters: [{ name: "x", kind: "any" }, over],
  stage: true,
  run: (t, args, span) => total(t, args.value("x"), args, op, span),
});

/** Deviation from the mean and variance over axes; `unbiased` divides by N - 1. */
function moments(t: Tracer, id: NodeId, axes: readonly string[], unbiased: boolean, span: Span): { centred: Value; variance: Value } | undefined {
  const mean = t.op("mean", { over: axes }, [id], span, "standardize");
  if (!isTensor(mean)) return undefined;
  const centred = t.op("sub", {}, [id, mean.id], span, "standardize");
  if (!isTensor(centred)) return undefined;
  const square = t.must("mul", {}, [centred.id, centred.id]);
  const biased = t.op("mean", { over: axes }, [square], span, "standardize");
  if (!unbiased || !isTensor(biased)) return { centred, variance: biased };
  const n = t.must("size", { over: axes }, [id]);
  const ratio = t.must("div", {}, [n, t.must("sub", {}, [n, t.b.constant(1)])]);
  return { centred, variance: t.op("mul", {}, [biased.id, ratio], span, "standardize") };
}

const variance: Builtin = {
  name: "variance",
  doc: "variance(x, over: (h, w), unbiased: false)",
  parameters: [x, over, { name: "unbiased", kind: "bool", default: false }],
  stage: true,
  run(t, args, span) {
    const id = args.tensor("x");
    return moments(t, id, axesFor(t, args, id), args.flag("unbiased"), span)?.variance ?? POISON;
  },
};

const standardize: Builtin = {
  name: "standardize",
  doc: "standardize(x, over: (h, w), eps: 1e-5, unbiased: false, form: variance): (x - mean) / sqrt(variance + eps); form std_plus_eps divides by (std + eps)",
  parameters: [
    x,
    over,
    { name: "eps", kind: "number", default: 1e-5 },
    { name: "unbiased", kind: "bool", default: false },
    { name: "form", kind: "word", default: "variance", words: ["variance", "std_plus_eps"] },
  ],
  stage: true,
  run(t, args, span) {
    const id = args.tensor("x");
    const m = moments(t, id, axesFor(t, args, id), args.flag("unbiased"), span);
    if (!m || !isTensor(m.centred) || !isTensor(m.variance)) return POISON;
    const eps = t.b.constant(args.number("eps"));
    const scale =
      args.word("form") === "std_plus_eps"
        ? t.must("add", {}, [t.must("sqrt", {}, [m.variance.id]), eps])
        : t.must("sqrt", {}, [t.must("add", {}, [m.variance.id, eps])]);
    // One small division, then one pass over the picture.
    return t.op("mul", {}, [m.centred.id, t.must("reciprocal", {}, [scale])], span, "standardize");
  },
};

const relu: Builtin = {
  name: "relu",
  doc: "relu(x): max(x, 0)",
  parameters: [x],
  stage: true,
  run: (t, args, span) => t.op("relu", { slope: 0 }, [args.tensor("x")], span, "relu"),
};

const leakyRelu: Builtin = {
  name: "leaky_relu",
  doc: "leaky_relu(slope): x where positive, slope * x elsewhere",
  parameters: [x, { name: "slope", kind: "number", default: 0.01 }],
  stage: true,
  run: (t, args, span) => t.op("relu", { slope: args.number("slope") }, [args.tensor("x")], span, `leaky_relu(${args.number("slope")})`),
};

const clamp: Builtin = {
  name: "clamp",
  doc: "clamp(x, low, high)",
  parameters: [x, { name: "low", kind: "any" }, { name: "high", kind: "any" }],
  stage: true,
  run: (t, args, span) => combine(t, "minimum", combine(t, "maximum", args.value("x"), args.value("low"), span), args.value("high"), span),
};

const mix: Builtin = {
  name: "mix",
  doc: "mix(a, b, t): t * b + (1 - t) * a",
  parameters: [x, { name: "b", kind: "any" }, { name: "t", kind: "any" }],
  stage: true,
  run(t, args, span) {
    const right = combine(t, "mul", args.value("t"), args.value("b"), span);
    return combine(t, "add", right, combine(t, "mul", combine(t, "sub", 1, args.value("t"), span), args.value("x"), span), span);
  },
};

const unit: Builtin = {
  name: "unit",
  doc: "unit(v, eps: 1e-12): v / max(|v|, eps), over all axes",
  parameters: [x, { name: "eps", kind: "number", default: 1e-12 }],
  stage: true,
  run(t, args, span) {
    const id = args.tensor("x");
    const squares = t.must("sum", { over: t.axesWithoutBatch(id) }, [t.must("mul", {}, [id, id])]);
    const norm = t.must("maximum", {}, [t.must("sqrt", {}, [squares]), t.b.constant(args.number("eps"))]);
    return t.op("div", {}, [id, norm], span, "unit");
  },
};

const dot: Builtin = {
  name: "dot",
  doc: "dot(a, b, over: c): sum of products over the axes both have, or those named",
  parameters: [x, { name: "b", kind: "tensor" }, over],
  stage: true,
  run(t, args, span) {
    const [a, b] = [args.tensor("x"), args.tensor("b")];
    const shared = args.axes("over") ?? t.axesWithoutBatch(a).filter((n) => t.axesWithoutBatch(b).includes(n) && n !== BATCH);
    return t.op("contract", { over: shared }, [a, b], span, "dot");
  },
};

export const math: readonly Builtin[] = [
  elementwise("exp", "e to the x", Math.exp), elementwise("log", "natural logarithm", Math.log), elementwise("sqrt", "square root", Math.sqrt),
  elementwise("tanh", "hyperbolic tangent", Math.tanh), elementwise("sigmoid", "1 / (1 + exp(-x))", (v) => 1 / (1 + Math.exp(-v))),
  elementwise("softplus", "log(1 + exp(x))", (v) => Math.log1p(Math.exp(v))), elementwise("abs", "|x|", Math.abs), elementwise("sign", "-1, 0 or 1", Math.sign),
  extreme("max", Math.max, "maximum"), extreme("min", Math.min, "minimum"), reduction("sum"), reduction("mean"),
  variance, standardize, relu, leakyRelu, clamp, mix, unit, dot,
];
