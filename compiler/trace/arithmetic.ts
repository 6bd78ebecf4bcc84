// Values combined by operators: numbers fold, tensors become nodes, none obeys rule 4.
import type { BinaryOp } from "../../dsl/tree";
import type { Span } from "../../dsl/source";
import { addDim, type Dim, floorDivDim, scaleDim } from "../graph/dim";
import type { NodeId } from "../graph/types";
import { rules } from "../diagnostics/table";
import type { Tracer } from "./tracer";
import { isKind, isNone, isPoison, isTensor, kindName, NONE, POISON, type Value } from "./values";

export type Combination = "add" | "sub" | "mul" | "div" | "maximum" | "minimum";
const WORDS: Record<Combination, string> = { add: "+", sub: "-", mul: "*", div: "/", maximum: "max", minimum: "min" };

function fold(op: Combination, a: number, b: number): number {
  switch (op) {
    case "add": return a + b;
    case "sub": return a - b;
    case "mul": return a * b;
    case "div": return a / b;
    case "maximum": return Math.max(a, b);
    case "minimum": return Math.min(a, b);
  }
}

/** Items of a range, or turns of a repeat. */
export const MOST_ITEMS = 10_000;

const asDim = (v: Value): Dim | undefined => (typeof v === "number" ? v : isKind(v, "dim") ? v.dim : undefined);

/** Arithmetic on a free dim, as far as linear forms go. */
function foldDim(op: Combination, a: Dim, b: Dim): Dim | undefined {
  if (op === "add") return addDim(a, b);
  if (op === "sub") return addDim(a, scaleDim(b, -1));
  if (op === "mul" && typeof b === "number") return scaleDim(a, b);
  if (op === "mul" && typeof a === "number") return scaleDim(b, a);
  if (op === "div" && typeof b === "number") return floorDivDim(a, b);
  return undefined;
}

export function combine(t: Tracer, op: Combination, a: Value, b: Value, span: Span): Value {
  if (isPoison(a) || isPoison(b)) return POISON;
  if (isNone(a) || isNone(b)) {
    if (op !== "add") return op === "sub" && isNone(b) ? a : NONE;
    return isNone(a) ? b : a;
  }
  if (typeof a === "number" && typeof b === "number") return finite(t, fold(op, a, b), WORDS[op], span);
  const [da, db] = [asDim(a), asDim(b)];
  if (da !== undefined && db !== undefined) {
    const d = foldDim(op, da, db);
    if (d !== undefined) return typeof d === "number" ? d : { kind: "dim", dim: d };
  }
  const node = (v: Value): NodeId | undefined => (isTensor(v) ? v.id : typeof v === "number" ? t.b.constant(v) : undefined);
  const [left, right] = [node(a), node(b)];
  if (left === undefined || right === undefined) {
    const wrong = left === undefined ? a : b;
    return t.report(rules.wrongKind, { what: `\`${WORDS[op]}\``, expected: "numbers and tensors", got: kindName(wrong) }, span);
  }
  return t.op(op, {}, [left, right], span, `\`${WORDS[op]}\``);
}

const ARITHMETIC: Partial<Record<BinaryOp, Combination>> = { "+": "add", "-": "sub", "*": "mul", "/": "div" };

export function binary(t: Tracer, op: BinaryOp, a: Value, b: Value, span: Span): Value {
  const arithmetic = ARITHMETIC[op];
  if (arithmetic) return combine(t, arithmetic, a, b, span);
  if (isPoison(a) || isPoison(b)) return POISON;
  if (op === "^") return power(t, a, b, span);
  if (op === "==" || op === "!=") {
    const same = typeof a === "object" || typeof b === "object" ? equalObjects(a, b) : a === b;
    return op === "==" ? same : !same;
  }
  if (op === ".." && typeof a === "number" && typeof b === "number") {
    const wrong = [a, b].find((n) => !Number.isInteger(n));
    if (wrong !== undefined) return t.report(rules.badAmount, { what: "a bound of `..`", expected: "a whole number", got: String(wrong) }, span);
    if (b - a > MOST_ITEMS) return t.report(rules.tooLarge, { what: `the range ${a}..${b}`, limit: `${MOST_ITEMS} items` }, span);
    return { kind: "list", items: Array.from({ length: Math.max(0, b - a) }, (_, i) => a + i) };
  }
  if (typeof a === "number" && typeof b === "number") {
    switch (op) {
      case "<": return a < b;
      case "<=": return a <= b;
      case ">": return a > b;
      case ">=": return a >= b;
      case "%": return finite(t, ((a % b) + b) % b, "%", span);
    }
  }
  return t.report(rules.needsNumber, { what: `a side of \`${op}\``, got: kindName(typeof a === "number" ? b : a) }, span);
}

function finite(t: Tracer, n: number, sign: string, span: Span): Value {
  return Number.isFinite(n) ? n : t.report(rules.badAmount, { what: `the result of \`${sign}\``, expected: "a finite number", got: String(n) }, span);
}

function equalObjects(a: Value, b: Value): boolean {
  return isNone(a) && isNone(b);
}

function power(t: Tracer, a: Value, b: Value, span: Span): Value {
  if (typeof a === "number" && typeof b === "number") return finite(t, a ** b, "^", span);
  if (isNone(a)) return NONE;
  if (!isTensor(a)) return t.report(rules.wrongKind, { what: "`^`", expected: "a number or a tensor", got: kindName(a) }, span);
  if (typeof b !== "number") return t.report(rules.needsNumber, { what: "the exponent of a tensor", got: kindName(b) }, span);
  return t.op("power", { exponent: b }, [a.id], span, "`^`");
}

export function negate(t: Tracer, v: Value, span: Span): Value {
  if (typeof v === "number") return -v;
  if (isNone(v) || isPoison(v)) return v;
  if (isTensor(v)) return t.op("neg", {}, [v.id], span, "`-`");
  return t.report(rules.wrongKind, { what: "`-`", expected: "a number or a tensor", got: kindName(v) }, span);
}
