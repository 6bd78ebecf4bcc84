// Factors of the rate (language.md, rule 18), and the two numbers an Adam graph is fed each step. Everything in double
// precision: only the finished numbers become float32.
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
export function scheduleFactor(pieces: readonly SchedulePieceSpec[], step: number, length: RunLength): number {
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

/** Every scalar of the program at this step. `updates` counts each optimizer's updates so far, this one included. */
export function stepScalars(
  program: Program,
  step: number,
  updates: Readonly<Record<string, number>>,
  length: RunLength,
): Record<string, number> {
  const factor = scheduleFactor(program.schedule, step, length);
  const optimizers = new Map(program.optimizers.map((each) => [each.name, each]));
  const scalars: Record<string, number> = {};
  for (const spec of program.scalars) {
    const optimizer = optimizers.get(spec.optimizer);
    const count = updates[spec.optimizer];
    if (!optimizer || count === undefined) throw new Error(`scalar ${spec.name} names no optimizer: ${spec.optimizer}`);
    scalars[spec.name] = spec.kind === "step-size" ? stepSize(optimizer, factor, count) : rootCorrection(optimizer, count);
  }
  return scalars;
}

function stepSize(optimizer: OptimizerSpec, factor: number, updates: number): number {
  return (optimizer.rate * factor) / (1 - optimizer.betas[0] ** updates);
}

function rootCorrection(optimizer: OptimizerSpec, updates: number): number {
  return 1 / Math.sqrt(1 - optimizer.betas[1] ** updates);
}

/** Steps of a full training: what `length` says, or what the command line asked for. Whole: checkpoints hold nothing else. */
export function totalSteps(program: Program, epoch: number, asked: number | undefined): number {
  if (asked !== undefined) return asked;
  return Math.max(1, Math.round(program.length.unit === "epochs" ? program.length.count * epoch : program.length.count));
}
