// Learning rates over a run.
export type Unit = "steps" | "epochs" | "percent";

/** A stretch of the schedule; without a count it holds to the end. */
export type SchedulePiece =
  | { readonly kind: "constant"; readonly count?: number; readonly unit?: Unit }
  | { readonly kind: "linear"; readonly to: number; readonly count?: number; readonly unit?: Unit }
  | { readonly kind: "times"; readonly factor: number; readonly every: number; readonly unit: Unit };

/** A factor that changes only at the first of so many steps, and is what it would be after the steps done by then. */
export interface Held {
  readonly count: number;
  readonly unit: Unit;
}

export interface RunLength {
  /** Steps of the whole run: percents are of it, and a linear piece without a count ends with it. */
  readonly total: number;
  /** Steps in an epoch. */
  readonly epoch: number;
}

/**
 * The factor of all rates at `step`, counted from 1. Pieces follow one another, each beginning with the factor that the one before
 * ended with; the last one's holds beyond its end. A step within an epoch counts as the whole epoch.
 */
export function scheduleFactor(pieces: readonly SchedulePiece[], step: number, length: RunLength, held?: Held): number {
  const every = held ? inSteps(held.count, held.unit, length) : 0;
  return factorAfter(pieces, every > 0 ? Math.floor((step - 1) / every) * every : step, length);
}

function factorAfter(pieces: readonly SchedulePiece[], step: number, length: RunLength): number {
  let begin = 0;
  let factor = 1;
  for (const piece of pieces) {
    const size = stepsOf(piece, begin, length);
    if (step <= begin + size) return within(piece, factor, step - begin, size, length);
    if (piece.kind === "linear") factor = piece.to;
    begin += size;
  }
  return factor;
}

function inSteps(count: number, unit: Unit | undefined, { total, epoch }: RunLength): number {
  if (unit === "epochs") return count * epoch;
  return unit === "percent" ? (count * total) / 100 : count;
}

function stepsOf(piece: SchedulePiece, begin: number, length: RunLength): number {
  if (piece.kind === "times") return Infinity;
  if (piece.count !== undefined) return inSteps(piece.count, piece.unit, length);
  return piece.kind === "linear" ? Math.max(0, length.total - begin) : Infinity;
}

function within(piece: SchedulePiece, start: number, into: number, size: number, length: RunLength): number {
  if (piece.kind === "constant") return start;
  const done = piece.unit === "epochs" ? Math.ceil(into / length.epoch) * length.epoch : into;
  if (piece.kind === "times")
    return start * piece.factor ** Math.floor(done / inSteps(piece.every, piece.unit, length));
  return start + (piece.to - start) * Math.min(1, done / size);
}
