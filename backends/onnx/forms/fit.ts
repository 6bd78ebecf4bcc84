import { COSTS, type Costs } from "./costs";

export interface Measured {
  /** How much of each elementary cost it holds. */
  readonly shares: Costs;
  readonly ns: number;
}

const names = Object.keys(COSTS) as (keyof Costs)[];
/** How much a cost is held to what it was, against one measurement that is all of it: what nothing speaks of stays. */
const HOLD = 0.01;
const ROUNDS = 400;

/**
 * Costs that come nearest to measured times: least squares of relative errors, so that a small layer counts as much as a large one. Each
 * cost in turn takes its best value given the others, and none falls below a hundredth of what it was.
 */
export function fitted(measured: readonly Measured[], start: Costs = COSTS): Costs {
  const rows = measured.filter((m) => m.ns > 0).map(({ shares, ns }) => names.map((name) => (shares[name] * start[name]) / ns));
  const factors = names.map(() => 1);
  const left = rows.map((r) => 1 - r.reduce((sum, x) => sum + x, 0));
  for (let round = 0; round < ROUNDS; round++) {
    for (const j of names.keys()) {
      let [over, under] = [HOLD * (1 - factors[j]!), HOLD];
      rows.forEach((r, i) => {
        over += r[j]! * left[i]!;
        under += r[j]! ** 2;
      });
      const next = Math.max(0.01, factors[j]! + over / under);
      const change = next - factors[j]!;
      rows.forEach((r, i) => (left[i]! -= r[j]! * change));
      factors[j] = next;
    }
  }
  return Object.fromEntries(names.map((name, j) => [name, start[name] * factors[j]!])) as Costs;
}
