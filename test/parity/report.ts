// Worst relative differences by quantity, printed as a table at the end of a file of tests.
import { partsOf } from "./quantities";

interface Worst {
  difference: number;
  where: string;
  count: number;
}

export class Worsts {
  readonly #found = new Map<string, Worst>();

  add(key: string, difference: number, where: string): void {
    const known = this.#found.get(key) ?? { difference: -1, where, count: 0 };
    known.count++;
    if (!(difference <= known.difference)) [known.difference, known.where] = [difference, where];
    this.#found.set(key, known);
  }

  addQuantity(name: string, difference: number, where: string): void {
    const { step, kind } = partsOf(name);
    this.add(kind === "loss" ? `${kind}, step ${step === 1 ? 1 : "2 and on"}` : `${kind}, step ${step}`, difference, where);
  }

  print(title: string): void {
    const width = Math.max(...[...this.#found.keys()].map((k) => k.length));
    const lines = [...this.#found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, w]) => `  ${key.padEnd(width)}  ${w.difference.toExponential(1)} of ${w.count}  (${w.where})`);
    console.log([title, ...lines].join("\n"));
  }
}
