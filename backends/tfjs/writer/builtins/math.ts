// Element-wise functions, reductions and statistics.
import { aligned, combine, operate } from "../arithmetic";
import { ordered, positions } from "../axes";
import type { Body } from "../body";
import type { Arguments } from "../builtin-call";
import { textOf } from "../evaluate";
import { NONE, number, type TensorValue, type TextValue, tight, unionOf } from "../values";
import { options } from "./layers";
import type { Writer } from "./table";

const like = (b: Body, x: TensorValue, text: string, axes: readonly string[] = x.axes): TextValue =>
  b.project.tensor(text, axes, { nets: x.nets, effect: x.effect });

/** A function of numbers and tensors alike. */
const elementwise = (text: (x: TensorValue) => string, ofNumber: (v: number) => number): Writer => (b, a) => {
  const v = a.value("x");
  if (v.kind === "number") return v.value === undefined ? NONE : number(ofNumber(v.value));
  return v.kind === "tensor" ? like(b, v, text(v)) : NONE;
};

const over = (a: Arguments, x: TensorValue): readonly string[] => a.axes("over") ?? x.axes.filter((n) => n !== "batch");
const without = (x: TensorValue, axes: readonly string[]): string[] => x.axes.filter((n) => !axes.includes(n));

/** `x.mean([1, 2])`; over a whole sample `meanOfSample(x)`, which fits pictures and logits alike. */
function reduce(b: Body, a: Arguments, x: TensorValue, op: "sum" | "mean" | "max"): TextValue {
  const axes = over(a, x);
  const whole = axes.length === x.axes.length - 1 && !axes.includes("batch") && x.axes.includes("batch");
  const places = `[${positions(x.axes, axes).join(", ")}]`;
  if (axes.length === 0) return x;
  if (op === "max") return like(b, x, `max(${x.text}, ${places})`, without(x, axes));
  if (whole && a.axes("over") === undefined) return like(b, x, `${op}OfSample(${x.text})`, ["batch"]);
  return like(b, x, axes.length === x.axes.length ? `${tight(x)}.${op}()` : `${tight(x)}.${op}(${places})`, without(x, axes));
}

const total = (op: "sum" | "mean"): Writer => (b, a) => {
  const v = a.value("x");
  if (v.kind === "tensor") return reduce(b, a, v, op);
  if (v.kind !== "list" && v.kind !== "tuple") return v;
  const [first] = v.items;
  if (!first) return NONE;
  const divide = (s: TextValue): TextValue => (op === "sum" ? s : combine(b, "div", s, number(v.items.length)));
  if (v.kind === "list" && v.text !== undefined && first.kind === "tensor" && v.items.length > 1)
    return divide(b.project.tensor(`tf.addN(${v.text})`, first.axes, { nets: unionOf(v.items.map((i) => (i.kind === "tensor" ? i.nets : new Set<string>()))), effect: v.effect ?? false }));
  return divide(v.items.reduce((x, y) => combine(b, "add", x, y)));
};

const extreme = (op: "max" | "min", method: string): Writer => (b, a) => {
  const first = a.value("x");
  if (a.rest.length > 0) return a.rest.reduce<TextValue>((x, y) => combine(b, method, x, y), first);
  if (first.kind !== "tensor") return first;
  if (op === "max") return reduce(b, a, first, "max");
  const turned = b.project.tensor(`${tight(first)}.neg()`, first.axes, first);
  const most = reduce(b, a, turned, "max");
  return most.kind === "tensor" ? b.project.tensor(`${tight(most)}.neg()`, most.axes, { nets: most.nets, effect: most.effect }) : most;
};

const statistic = (name: string, settings: readonly string[]): Writer => (b, a) => {
  const x = a.tensor("x");
  if (!x) return NONE;
  const axes = over(a, x);
  const given = options(settings.map((s) => [s, s === "form" ? formOf(a) : s === "unbiased" ? (a.flag(s) ? "true" : undefined) : a.written(s) && textOf(a.written(s)!)]));
  return like(b, x, `${name}(${x.text}, [${positions(x.axes, axes).join(", ")}]${given})`, name === "variance" ? without(x, axes) : x.axes);
};
const formOf = (a: Arguments): string | undefined => (a.word("form") === "std_plus_eps" ? '"std_plus_eps"' : undefined);

const dot: Writer = (b, a) => {
  const [x, y] = [a.tensor("x"), a.tensor("b")];
  if (!x || !y) return NONE;
  const axes = a.axes("over") ?? x.axes.filter((n) => n !== "batch" && y.axes.includes(n));
  const nets = unionOf([x.nets, y.nets]);
  const [matrix, vector] = x.axes.length >= y.axes.length ? [x, y] : [y, x];
  if (matrix.axes.length === 2 && vector.axes.length === 1 && axes.length === 1 && !matrix.axes.includes("batch")) {
    const axis = matrix.axes.indexOf(axes[0]!);
    const text = b.shared(`timesVector(${matrix.text}, ${vector.text}, ${axis})`, "product");
    const value = b.project.tensor(text, without(matrix, axes), { nets, effect: x.effect || y.effect });
    return axis === 0 ? { ...value, gain: { text, matrix: matrix.text, v: vector.text, product: text } } : value;
  }
  if (x.axes.length === 1 && y.axes.length === 1 && axes.length === 1) {
    const value = b.project.tensor(`dot(${x.text}, ${y.text})`, [], { nets, effect: x.effect || y.effect });
    const gain = y.gain?.text === y.text ? y.gain : undefined;
    return gain && !gain.u ? { ...value, gain: { ...gain, text: value.text, u: x.text } } : value;
  }
  const all = ordered([...x.axes, ...y.axes]);
  const product = `${aligned(x, all, true)}.mul(${aligned(y, all)})`;
  return b.project.tensor(`${product}.sum([${positions(all, axes).join(", ")}])`, all.filter((n) => !axes.includes(n)), { nets, effect: x.effect || y.effect });
};

export const math: Readonly<Record<string, Writer>> = {
  exp: elementwise((x) => `${tight(x)}.exp()`, Math.exp),
  log: elementwise((x) => `${tight(x)}.log()`, Math.log),
  sqrt: elementwise((x) => `${tight(x)}.sqrt()`, Math.sqrt),
  tanh: elementwise((x) => `tanh(${x.text})`, Math.tanh),
  sigmoid: elementwise((x) => `sigmoid(${x.text})`, (v) => 1 / (1 + Math.exp(-v))),
  softplus: elementwise((x) => `${tight(x)}.softplus()`, (v) => Math.log1p(Math.exp(v))),
  abs: elementwise((x) => `abs(${x.text})`, Math.abs),
  sign: elementwise((x) => `${tight(x)}.sign()`, Math.sign),
  relu: elementwise((x) => `relu(${x.text})`, (v) => Math.max(v, 0)),
  leaky_relu: (b, a) => {
    const x = a.tensor("x");
    return x ? like(b, x, `leakyRelu(${x.text}, ${textOf(a.value("slope"))})`) : NONE;
  },
  max: extreme("max", "maximum"),
  min: extreme("min", "minimum"),
  sum: total("sum"),
  mean: total("mean"),
  variance: statistic("variance", ["unbiased"]),
  standardize: statistic("standardize", ["eps", "unbiased", "form"]),
  clamp: (b, a) => {
    const parts = [a.value("x"), a.value("low"), a.value("high")];
    const tensors = parts.filter((v) => v.kind === "tensor");
    if (tensors.length === 0 || parts.some((v) => v.kind !== "tensor" && v.kind !== "number")) return combine(b, "minimum", combine(b, "maximum", parts[0]!, parts[1]!), parts[2]!);
    const axes = ordered(tensors.flatMap((v) => v.axes));
    const text = `clamp(${parts.map((v) => (v.kind === "tensor" ? aligned(v, axes) : textOf(v))).join(", ")})`;
    return b.project.tensor(text, axes, { nets: unionOf(tensors.map((v) => v.nets)), effect: tensors.some((v) => v.effect) });
  },
  mix: (b, a) => {
    const [x, y, t] = [a.value("x"), a.value("b"), a.value("t")];
    if (x.kind === "tensor" && y.kind === "tensor" && (t.kind === "tensor" || t.kind === "number")) {
      const axes = ordered([...x.axes, ...y.axes, ...(t.kind === "tensor" ? t.axes : [])]);
      const text = `mix(${aligned(x, axes)}, ${aligned(y, axes)}, ${t.kind === "tensor" ? aligned(t, axes) : t.text})`;
      const value = b.project.tensor(text, axes, { nets: unionOf([x.nets, y.nets, ...(t.kind === "tensor" ? [t.nets] : [])]), effect: x.effect || y.effect || (t.kind === "tensor" && t.effect) });
      const whole = x.axes.length === axes.length && y.axes.length === axes.length;
      return t.kind === "tensor" && whole ? { ...value, mix: { text: value.text, of: [x, y, t] } } : value;
    }
    const right = combine(b, "mul", t, y);
    return combine(b, "add", right, combine(b, "mul", operate(b, "-", number(1), t, a.span), x));
  },
  unit: (b, a) => {
    const x = a.tensor("x");
    return x ? like(b, x, `unit(${x.text}${a.written("eps") ? `, ${textOf(a.value("eps"))}` : ""})`) : NONE;
  },
  dot,
};
