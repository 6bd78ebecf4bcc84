import { describe, expect, it } from "vitest";
import { Builder } from "../../../compiler/graph/builder";
import { opNames, recordOf } from "../../../compiler/ops/table";
import { verify } from "../../../compiler/graph/verify";
import { sh } from "../../../compiler/ops/samples";
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

describe("max", () => {
  it("marks the first of equal maxima, in the operand's own order of axes", () => {
    const b = new Builder();
    const [x] = inputs(b, [sh("c h w", 2, 2, 2)]);
    const mask = b.add("max_mask", { over: ["w", "h"] }, [x!]);
    const value = { shape: [{ axis: "c", dim: 2 }, { axis: "h", dim: 2 }, { axis: "w", dim: 2 }], data: Float64Array.of(1, 3, 3, 3, 0, 0, 0, 0) };
    expect([...valueOf(b, mask, [x!], [value]).data]).toEqual([0, 1, 0, 0, 1, 0, 0, 0]);
  });
});
