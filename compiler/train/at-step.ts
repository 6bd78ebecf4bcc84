// Which phases a step runs, from what the program says: for runtimes, which need nothing else of the compiler.
import type { Program, StepExpr, StepOp } from "../program";

export const OPERATORS: Record<StepOp, (a: number, b: number) => number | boolean> = {
  or: (a, b) => Boolean(a) || Boolean(b), and: (a, b) => Boolean(a) && Boolean(b), not: (a) => !a, neg: (a) => -a,
  "==": (a, b) => a === b, "!=": (a, b) => a !== b, "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "%": (a, b) => ((a % b) + b) % b, "^": (a, b) => a ** b,
};

/** The value at a step. */
export function atStep(e: StepExpr, step: number): number | boolean {
  if (e === "step") return step;
  if (typeof e !== "object") return e;
  const [a, b = 0] = e.args.map((x) => Number(atStep(x, step)));
  return OPERATORS[e.op](a!, b);
}

/** As it would be written, params folded. */
export function writeStep(e: StepExpr): string {
  if (typeof e !== "object") return String(e);
  const parts = e.args.map((a) => (typeof a === "object" && a.args.length > 1 ? `(${writeStep(a)})` : writeStep(a)));
  return parts.length > 1 ? parts.join(` ${e.op} `) : `${e.op === "neg" ? "-" : "not "}${parts[0]}`;
}

/** Index into `program.plans` of what a step runs, or undefined where every step is the same. */
export function planOf(program: Pick<Program, "plans" | "conditions">, step: number): number | undefined {
  const { plans, conditions = [] } = program;
  if (!plans) return undefined;
  const rests = new Set(conditions.filter(({ when }) => !atStep(when, step)).map(({ phase }) => phase));
  const conditional = new Set(conditions.map(({ phase }) => phase));
  const index = plans.findIndex(({ phases }) => [...conditional].every((phase) => phases.includes(phase) !== rests.has(phase)));
  if (index < 0) throw new Error(`defect: no compiled step for step ${step}, in which ${[...rests].join(", ") || "nothing"} rests`);
  return index;
}
