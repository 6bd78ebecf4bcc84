import { describe, expect, it } from "vitest";
import { Builder } from "../../../compiler/graph/builder";
import { opNames, recordOf } from "../../../compiler/ops/table";
import { verify } from "../../../compiler/graph/verify";
import { casesOf, drawAll, inputs, valueOf } from "../kit";

describe("every operation's dims rule gives the shape of its evaluation", () => {
  for (const op of opNames.filter((o) => o !== "input")) {
    it(op, () => {
      const cases = casesOf(op);
      expect(cases.length).toBeGreaterThan(0);
      for (const c of cases) {
        const b = new Builder();
        const xs = inputs(b, c.case.shapes);
        const y = c.add(b, xs);
        const value = valueOf(b, y, xs, drawAll(c.case.shapes, c.case.range ?? [-1, 1], 1));
        expect(value.shape, c.title).toEqual(b.shape(y));
        expect(value.data.length, c.title).toBe(value.shape.reduce((n, a) => n * a.dim, 1));
        expect(value.data.every(Number.isFinite), c.title).toBe(true);
        verify(b);
      }
    });
  }

  it("and each has a formula of one line", () => {
    for (const op of opNames) expect(recordOf(op).formula, op).toMatch(/^[^\n]{6,140}$/);
  });
});
