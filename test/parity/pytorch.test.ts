// Our double-precision reference evaluation against PyTorch's float64 step, by golden files: no Python here. How they were made and
// what they hold: docs/numerics.md. live.test.ts does the same against a live PyTorch, tensor by tensor.
import { afterAll, describe, expect, it } from "vitest";
import { begin, CASES, compileCase, goesTo } from "./cases";
import { digestOf, distance, sizeOfDigest } from "./digest";
import { allowed, fingerprint, isKept, readGolden } from "./golden";
import { mappingOf } from "./names";
import { ours, partsOf } from "./quantities";
import { Worsts } from "./report";

const worsts = new Worsts();
afterAll(() => worsts.print("ours in double precision against PyTorch float64, worst relative differences:"));

describe("the step in double precision equals PyTorch's", () => {
  it.each(CASES)("$name", { timeout: 600_000 }, (c) => {
    const compiled = compileCase(c);
    const golden = readGolden(c.name);
    const { parameters, state } = mappingOf(compiled.program!);
    expect(golden.names).toEqual({ ...parameters, ...state });
    expect(fingerprint(begin(c, compiled)), "the first values are others than those the golden file was made from").toBe(golden.inputs);

    const found = new Map([...ours(c, compiled, goesTo(c))].filter(([name]) => isKept(name)));
    const last = Math.max(...goesTo(c));
    expect([...found.keys()].sort()).toEqual(Object.keys(golden.quantities).filter((name) => partsOf(name).step <= last).sort());
    const wrong: string[] = [];
    for (const [name, value] of found) {
      const wanted = golden.quantities[name]!;
      const difference = distance(digestOf(value), wanted) / sizeOfDigest(wanted);
      worsts.addQuantity(name, difference, `${c.name}: ${name}`);
      if (partsOf(name).step > 1) worsts.add("later steps, in units of PyTorch's own drift", (10 * difference) / allowed(golden, name), `${c.name}: ${name}`);
      if (!(difference <= allowed(golden, name))) wrong.push(`${name}: ${difference.toExponential(2)}, at most ${allowed(golden, name).toExponential(1)}`);
    }
    expect(wrong).toEqual([]);
  });
});
