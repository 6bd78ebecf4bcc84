// Factors of the rate (language.md, rule 18), and the two numbers an Adam graph is fed each step. Everything in double
// precision: only the finished numbers become float32.
import { planOf } from "../../compiler/train/at-step.ts";
import type { OptimizerSpec, Program, SchedulePieceSpec, ScheduleUnit } from "../../compiler/program.ts";

export interface RunLength {
  /** Steps of the whole run: percents are of it, and an uncounted linear piece ends with it. */
  readonly total: number;
  /** Steps in an epoch. */
  readonly epoch: number;
}

/**
 * The factor at step `step`, counted from 1. Pieces follow one another; the last one's final factor holds beyond its end.
 * In a piece's k-th unit: linear gives start + (to - start)·k/n, `times f every m` gives start·f^floor(k/m).
 */
export function scheduleFactor(pieces: readonly SchedulePieceSpec[], step: number, length: RunLength, held?: Program["held"]): number {
  const every = held ? inSteps(held.count, held.unit, length) : 0;
  return factorAt(pieces, every > 0 ? Math.floor((step - 1) / every) * every : step, length);
}

/** After `step` steps; before the first one it is where the schedule begins. */
function factorAt(pieces: readonly SchedulePieceSpec[], step: number, length: RunLength): number {
  let begin = 0; // in steps; a percent may make it a fraction, and the closed form stays right
  let factor = 1;
  for (const piece of pieces) {
    const end = begin + span(piece, begin, length);
    if (step <= end) return inPiece(piece, factor, step - begin, end - begin, length);
    factor = piece.kind === "linear" ? piece.to : factor;
    begin = end;
  }
  return factor;
}

/** `count` of a unit in steps. Percents multiply first: 50 % of 30 must be 15, not a rounding beside it. */
function inSteps(count: number, unit: ScheduleUnit | undefined, length: RunLength): number {
  if (unit === "epochs") return count * length.epoch;
  return unit === "percent" ? (count * length.total) / 100 : count;
}

/** A piece's length in steps. */
function span(piece: SchedulePieceSpec, begin: number, length: RunLength): number {
  if (piece.kind === "times") return Infinity;
  if (piece.count !== undefined) return inSteps(piece.count, piece.unit, length);
  return piece.kind === "linear" ? Math.max(0, length.total - begin) : Infinity;
}

function inPiece(piece: SchedulePieceSpec, start: number, into: number, span: number, length: RunLength): number {
  if (piece.kind === "constant") return start;
  // A step within an epoch counts as the whole epoch: constant within one. Percents only say where a piece ends.
  const done = piece.unit === "epochs" ? Math.ceil(into / length.epoch) * length.epoch : into;
  if (piece.kind === "times") return start * piece.factor ** Math.floor(done / inSteps(piece.every, piece.unit, length));
  return start + (piece.to - start) * Math.min(1, done / span);
}

/** Each optimizer's updates when a step is done: a phase that rests makes none. */
export function updatesAfter(program: Pick<Program, "optimizers" | "plans" | "conditions">, step: number, before: Readonly<Record<string, number>>): Record<string, number> {
  const plan = planOf(program, step);
  const active = plan === undefined ? undefined : program.plans?.[plan]?.phases;
  const made = (phases: readonly string[] | undefined): number => phases?.filter((p) => active?.includes(p) ?? true).length ?? 1;
  return Object.fromEntries(program.optimizers.map(({ name, phases }) => [name, (before[name] ?? 0) + made(phases)]));
}

/** Every scalar of the program at this step. `updates` counts each optimizer's updates so far, this step's included. */
export function stepScalars(
  program: Program,
  step: number,
  updates: Readonly<Record<string, number>>,
  length: RunLength,
): Record<string, number> {
  const factor = scheduleFactor(program.schedule, step, length, program.held);
  const plan = planOf(program, step);
  const active = plan === undefined ? undefined : program.plans?.[plan]?.phases;
  const optimizers = new Map(program.optimizers.map((each) => [each.name, each]));
  const scalars: Record<string, number> = {};
  for (const spec of program.scalars) {
    const optimizer = optimizers.get(spec.optimizer);
    const count = updates[spec.optimizer];
    if (!optimizer || count === undefined) throw new Error(`scalar ${spec.name} names no optimizer: ${spec.optimizer}`);
    // Where an optimizer updates in several phases, those after this one have not been yet. One that has not begun is fed what nobody reads.
    const later = spec.phase === undefined ? [] : (optimizer.phases ?? []).slice((optimizer.phases ?? []).indexOf(spec.phase) + 1);
    const done = Math.max(1, count - later.filter((p) => active?.includes(p) ?? true).length);
    scalars[spec.name] = spec.kind === "step-size" ? stepSize(optimizer, factor, done) : rootCorrection(optimizer, done);
  }
  return scalars;
}

function stepSize(optimizer: OptimizerSpec, factor: number, updates: number): number {
  const size = (optimizer.rate * factor) / (1 - optimizer.betas[0] ** updates);
  return optimizer.epsForm === "hat" ? size * Math.sqrt(1 - optimizer.betas[1] ** updates) : size;
}

function rootCorrection(optimizer: OptimizerSpec, updates: number): number {
  return optimizer.epsForm === "hat" ? 1 : 1 / Math.sqrt(1 - optimizer.betas[1] ** updates);
}

/** Steps of a full training: what `length` says, or what the command line asked for. Whole: checkpoints hold nothing else. */
export function totalSteps(program: Program, epoch: number, asked: number | undefined): number {
  if (asked !== undefined) return asked;
  return Math.max(1, Math.round(program.length.unit === "epochs" ? program.length.count * epoch : program.length.count));
}
