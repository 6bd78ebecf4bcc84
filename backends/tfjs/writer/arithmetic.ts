// Operators: numbers stay numbers, tensors become calls, `none` obeys the language's rule.
import type { BinaryOp } from "../../../dsl/tree";
import type { Span } from "../../../dsl/source";
import { missing, ordered } from "./axes";
import type { Body } from "./body";
import { NONE, number, type NumberValue, type TensorValue, type TextValue, tight, unionOf } from "./values";

const METHODS: Partial<Record<BinaryOp, string>> = { "+": "add", "-": "sub", "*": "mul", "/": "div" };

export function operate(b: Body, op: BinaryOp, a: TextValue, c: TextValue, span: Span): TextValue {
  if (op === "==" || op === "!=") {
    const same = a.kind === "none" || c.kind === "none" ? a.kind === c.kind : plainOf(a) === plainOf(c);
    return { kind: "bool", value: op === "==" ? same : !same };
  }
  const method = METHODS[op];
  if (method && (a.kind === "none" || c.kind === "none")) {
    if (op === "+") return a.kind === "none" ? c : a;
    return op === "-" && c.kind === "none" ? a : NONE;
  }
  if (a.kind === "number" && c.kind === "number") return ofNumbers(b, op, a, c);
  if (op === "^" && a.kind === "tensor" && c.kind === "number") {
    const text = c.value === 2 ? `${tight(a)}.square()` : `${tight(a)}.pow(${c.text})`;
    return b.project.tensor(text, a.axes, { nets: a.nets, effect: a.effect });
  }
  if (method) return combine(b, method, a, c);
  return b.project.cannot(`\`${op}\``, "its sides are not numbers that are known when the spec is compiled", span);
}

const plainOf = (v: TextValue): unknown => ("value" in v ? v.value : undefined);

function ofNumbers(b: Body, op: BinaryOp, a: NumberValue, c: NumberValue): TextValue {
  const [x, y] = [a.value, c.value];
  const known = x !== undefined && y !== undefined;
  switch (op) {
    case "+": return { kind: "number", value: known ? x + y : undefined, text: `${a.text} + ${c.text}`, tight: false, loose: 1 };
    case "-": return { kind: "number", value: known ? x - y : undefined, text: `${a.text} - ${c.loose === 1 ? tight(c) : c.text}`, tight: false, loose: 1 };
    case "*": return { kind: "number", value: known ? x * y : undefined, text: `${factor(a)} * ${factor(c)}`, tight: false, loose: 2 };
    case "/": return { kind: "number", value: known ? x / y : undefined, text: `${factor(a)} / ${c.loose === 3 ? c.text : tight(c)}`, tight: false, loose: 2 };
    case "^": return { kind: "number", value: known ? x ** y : undefined, text: `${tight(a)} ** ${tight(c)}`, tight: false, loose: 3 };
    case "%": return { kind: "number", value: known ? ((x % y) + y) % y : undefined, text: `${factor(a)} % ${tight(c)}`, tight: false, loose: 2 };
    case "<": return { kind: "bool", value: known && x < y };
    case "<=": return { kind: "bool", value: known && x <= y };
    case ">": return { kind: "bool", value: known && x > y };
    case ">=": return { kind: "bool", value: known && x >= y };
    case "..": {
      const items = known ? Array.from({ length: Math.max(0, y - x) }, (_, i) => number(x + i)) : [];
      return { kind: "list", items };
    }
    default: return b.project.cannot(`\`${op}\``, "it is not an operation of numbers", { file: "", start: 0, end: 0 });
  }
}

const factor = (v: NumberValue): string => (v.loose === 1 || (!v.tight && v.loose === undefined) ? tight(v) : v.text);

/** add, sub, mul, div, maximum, minimum of tensors and numbers. */
export function combine(b: Body, method: string, a: TextValue, c: TextValue): TextValue {
  if (a.kind === "none" || c.kind === "none") return method === "add" ? (a.kind === "none" ? c : a) : method === "sub" && c.kind === "none" ? a : NONE;
  if (a.kind === "number" && c.kind === "number") {
    const f = { add: "+", sub: "-", mul: "*", div: "/" }[method];
    if (f) return ofNumbers(b, f as BinaryOp, a, c);
    const [x, y] = [a.value, c.value];
    const pick = method === "maximum" ? "max" : "min";
    return { kind: "number", value: x === undefined || y === undefined ? undefined : Math[pick](x, y), text: `Math.${pick}(${a.text}, ${c.text})`, tight: true };
  }
  if (a.kind === "number" && c.kind === "tensor") {
    const commutes = method !== "sub" && method !== "div";
    const text = commutes ? `${tight(c)}.${method}(${a.text})` : `tf.${method}(${a.text}, ${c.text})`;
    return b.project.tensor(text, c.axes, { nets: c.nets, effect: c.effect });
  }
  if (a.kind === "tensor" && c.kind === "number") return b.project.tensor(`${tight(a)}.${method}(${c.text})`, a.axes, { nets: a.nets, effect: a.effect });
  if (a.kind !== "tensor" || c.kind !== "tensor") return NONE;
  const axes = ordered([...a.axes, ...c.axes]);
  const parts = { nets: unionOf([a.nets, c.nets]), effect: a.effect || c.effect };
  return affineMix(b, method, a, c, parts) ?? overGain(b, method, a, c, parts) ?? b.project.tensor(`${aligned(a, axes, true)}.${method}(${aligned(c, axes, false)})`, axes, parts);
}

/** `scale * mix(a, b, t) + offset` is one function of the kit: `affineMix(a, b, t, scale, offset)`. */
function affineMix(b: Body, method: string, a: TensorValue, c: TensorValue, parts: Pick<TensorValue, "nets" | "effect">): TensorValue | undefined {
  const [mixed, other] = mixOf(a) ? [a, c] : [c, a];
  const mix = mixOf(mixed);
  const { axes } = mixed;
  if (!mix || !other.axes.every((axis) => axes.includes(axis))) return undefined;
  if (method === "mul" && !mix.scale) {
    const text = `${aligned(a, axes, true)}.mul(${aligned(c, axes)})`;
    return { ...b.project.tensor(text, axes, parts), mix: { text, of: mix.of, scale: other } };
  }
  if (method !== "add" || !mix.scale) return undefined;
  return b.project.tensor(`affineMix(${[...mix.of, mix.scale, other].map((v) => aligned(v, axes)).join(", ")})`, axes, parts);
}

/** `w / dot(u, dot(w, v))` is one function of the kit: `overGain(w, u, v, product)`. */
function overGain(b: Body, method: string, a: TensorValue, c: TensorValue, parts: Pick<TensorValue, "nets" | "effect">): TensorValue | undefined {
  const { gain } = c;
  if (method !== "div" || gain?.u === undefined || gain.text !== c.text || gain.matrix !== a.text) return undefined;
  return b.project.tensor(`overGain(${a.text}, ${gain.u}, ${gain.v}, ${gain.product})`, a.axes, parts);
}

const mixOf = (v: TensorValue): TensorValue["mix"] => (v.mix?.text === v.text ? v.mix : undefined);

/** The tensor with unit axes where it lacks some of `axes`, so that it is broadcast over them. */
export function aligned(v: TensorValue, axes: readonly string[], receiver = false): string {
  const places = missing(v.axes, axes);
  if (places.length === 0) return receiver ? tight(v) : v.text;
  return `unsqueeze(${v.text}, [${places.join(", ")}])`;
}

export function negateText(b: Body, v: TextValue): TextValue {
  if (v.kind === "number") return { kind: "number", value: v.value === undefined ? undefined : -v.value, text: `-${tight(v)}`, tight: false };
  return v.kind === "tensor" ? b.project.tensor(`${tight(v)}.neg()`, v.axes, { nets: v.nets, effect: v.effect }) : v;
}
