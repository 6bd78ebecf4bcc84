// The curves of a run, thinned to what a screen can show: however long the training, a curve has at most 1,000 points, each the
// mean, least and largest value of its stretch.
import type { LogLine } from "./log.ts";

export interface CurvePoint {
  /** The last step of the stretch. */
  step: number;
  mean: number;
  least: number;
  largest: number;
  readonly count: number;
}

const MOST_POINTS = 1000;

export class Curve {
  #points: CurvePoint[] = [];
  /** Values in a point; doubles each time the curve is full. */
  #stretch = 1;

  add(step: number, mean: number, least = mean, largest = mean): void {
    const last = this.#points.at(-1);
    const point = { step, mean, least, largest, count: 1 };
    if (last && last.count < this.#stretch) this.#points[this.#points.length - 1] = merge(last, point);
    else this.#points.push(point);
    if (this.#points.length > MOST_POINTS) this.#halve();
  }

  points(): readonly CurvePoint[] {
    return this.#points;
  }

  #halve(): void {
    const kept: CurvePoint[] = [];
    for (let at = 0; at < this.#points.length; at += 2) {
      const [first, second] = [this.#points[at] as CurvePoint, this.#points[at + 1]];
      kept.push(second ? merge(first, second) : first);
    }
    this.#points = kept;
    this.#stretch *= 2;
  }
}

function merge(a: CurvePoint, b: CurvePoint): CurvePoint {
  const count = a.count + b.count;
  return {
    step: b.step,
    mean: (a.mean * a.count + b.mean * b.count) / count,
    least: Math.min(a.least, b.least),
    largest: Math.max(a.largest, b.largest),
    count,
  };
}

export class History {
  readonly losses = new Map<string, Curve>();
  readonly rho = new Map<string, Curve>();
  readonly rate = new Map<string, Curve>();
  latest: LogLine | undefined;

  add(line: LogLine): void {
    this.latest = line;
    for (const [name, value] of Object.entries(line.losses)) curve(this.losses, name).add(line.step, value);
    for (const [name, value] of Object.entries(line.rate)) curve(this.rate, name).add(line.step, value);
    for (const [name, [mean, least, largest]] of Object.entries(line.rho ?? {})) curve(this.rho, name).add(line.step, mean, least, largest);
  }
}

function curve(curves: Map<string, Curve>, name: string): Curve {
  const found = curves.get(name) ?? new Curve();
  curves.set(name, found);
  return found;
}
