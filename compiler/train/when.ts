// `when` of a phase (rule 16): a condition on the step's number. Params fold; what is left is kept as data, so that a runtime knows
// which phases a step runs. The sets of phases that do run together are found here, and each becomes a compiled step of its own.
import type { Expr } from "../../dsl/tree";
import { rules } from "../diagnostics/table";
import type { StepExpr, StepOp } from "../program";
import type { Env } from "../trace/env";
import { evaluate } from "../trace/expressions";
import type { Tracer } from "../trace/tracer";
import { isPoison, kindName } from "../trace/values";
import { atStep, OPERATORS } from "./at-step";

const mentionsStep = (e: Expr): boolean =>
  e.kind === "name" ? e.name === "step" : e.kind === "binary" ? mentionsStep(e.left) || mentionsStep(e.right) : e.kind === "unary" && mentionsStep(e.operand);

/** A whole number at every step. */
const isWhole = (e: StepExpr): boolean =>
  e === "step" || (typeof e === "number" ? Number.isInteger(e) : typeof e === "object" && ["+", "-", "*", "neg", "%"].includes(e.op) && e.args.every(isWhole));

function fold(op: StepOp, args: readonly StepExpr[]): StepExpr {
  if (args.every((a) => typeof a !== "object" && a !== "step")) return OPERATORS[op](Number(args[0]), Number(args[1] ?? 0));
  // One update of the critics for each of the generators: no condition at all.
  if (op === "%" && args[1] === 1 && isWhole(args[0]!)) return 0;
  return { op, args };
}

function read(t: Tracer, e: Expr, env: Env): StepExpr | undefined {
  if (e.kind === "name" && e.name === "step") return "step";
  if (mentionsStep(e) && e.kind === "binary" && e.op in OPERATORS) {
    const [a, b] = [read(t, e.left, env), read(t, e.right, env)];
    return a === undefined || b === undefined ? undefined : fold(e.op as StepOp, [a, b]);
  }
  if (mentionsStep(e) && e.kind === "unary") {
    const a = read(t, e.operand, env);
    return a === undefined ? undefined : fold(e.op === "-" ? "neg" : "not", [a]);
  }
  const v = evaluate(t, e, env);
  if (typeof v === "number" || typeof v === "boolean") return v;
  if (!isPoison(v)) t.report(rules.wrongKind, { what: "`when`", expected: "a condition of the step's number and of params", got: kindName(v) }, e.span);
  return undefined;
}

/** The condition with its params folded; undefined where it is none, which is reported. */
export function conditionOf(t: Tracer, e: Expr, env: Env): StepExpr | undefined {
  const made = read(t, e, env);
  const isCondition = typeof made === "boolean" || (typeof made === "object" && !["neg", "+", "-", "*", "/", "%", "^"].includes(made.op));
  if (made === undefined || isCondition) return made;
  t.report(rules.wrongKind, { what: "`when`", expected: "a condition, true or false, as step % 5 == 0", got: "a number" }, e.span);
  return undefined;
}

/** Steps looked at around each number of a condition: remainders by all the numbers in it come round within them. */
const MOST_STEPS = 20_000;

function numbersIn(e: StepExpr): number[] {
  return typeof e === "number" ? [e] : typeof e === "object" ? e.args.flatMap(numbersIn) : [];
}
function moduliIn(e: StepExpr): number[] {
  if (typeof e !== "object") return [];
  const own = e.op === "%" && typeof e.args[1] === "number" ? [Math.abs(e.args[1])] : [];
  return [...own, ...e.args.flatMap(moduliIn)];
}

/** Which conditions hold together at some step, in the order of the first such step: one list of truths each. */
export function setsOf(conditions: readonly StepExpr[]): (readonly boolean[])[] {
  const period = Math.min(MOST_STEPS, Math.ceil(conditions.flatMap(moduliIn).reduce((product, m) => product * Math.max(1, m), 1)) + 1);
  const starts = [...new Set([0, ...conditions.flatMap(numbersIn).filter((n) => n > 0)])].sort((a, b) => a - b);
  const found = new Map<string, readonly boolean[]>();
  for (const start of starts) {
    for (let step = Math.max(1, Math.floor(start) - 1); step <= start + 1 + period; step++) {
      const truths = conditions.map((c) => Boolean(atStep(c, step)));
      if (!found.has(truths.join())) found.set(truths.join(), truths);
    }
  }
  return [...found.values()];
}
