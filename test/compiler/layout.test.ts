import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Program, Segment } from "../../compiler/program";
import { planLayout } from "../../compiler/layout";
import { tinyProgram } from "../runtime/train/tiny";

/** A step of `lives.length` values over `graphs` graphs: value i is written by graph `first` and read by graph `last`. */
function programOf(graphs: number, lives: readonly { first: number; last: number; floats: number }[]): Program {
  const segments = Array.from({ length: graphs }, (_, at): Segment => ({
    name: `g${at}`, phase: "p", kind: "compute", model: "x",
    inputs: lives.flatMap((life, i) => (life.first < at && at <= life.last ? [{ port: `v${i}`, value: `value:${i}` }] : [])),
    outputs: lives.flatMap((life, i) => (life.first === at ? [{ port: `v${i}`, value: `value:${i}` }] : [])),
  }));
  return tinyProgram(1, { segments, values: Object.fromEntries(lives.map((life, i) => [`value:${i}`, [life.floats]])) });
}

const steps = fc.integer({ min: 1, max: 8 }).chain((graphs) =>
  fc.record({
    graphs: fc.constant(graphs),
    lives: fc.array(
      fc.record({ a: fc.nat(graphs - 1), b: fc.nat(graphs - 1), floats: fc.integer({ min: 1, max: 5000 }) })
        .map(({ a, b, floats }) => ({ first: Math.min(a, b), last: Math.max(a, b), floats })),
      { maxLength: 30 },
    ),
  }),
);

describe("where values lie", () => {
  it("never puts two values that live at once over one another, and is near the bound", () => {
    const ratios: number[] = [];
    fc.assert(
      fc.property(steps, ({ graphs, lives }) => {
        const { tenants, size } = planLayout(programOf(graphs, lives), true);
        expect(tenants.length).toBe(lives.length);
        for (const a of tenants) {
          expect(a.offset % 64).toBe(0);
          expect(a.offset + a.bytes).toBeLessThanOrEqual(size);
          for (const b of tenants) {
            const together = a !== b && a.first <= b.last && b.first <= a.last;
            if (together) expect(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset).toBe(true);
          }
        }
        const alive = Array.from({ length: graphs }, (_, at) => tenants.filter((t) => t.first <= at && at <= t.last).reduce((sum, t) => sum + 64 * Math.ceil(t.bytes / 64), 0));
        const bound = Math.max(0, ...alive);
        expect(size).toBeGreaterThanOrEqual(bound);
        if (bound > 0) ratios.push(size / bound);
      }),
      { numRuns: 300, seed: 5 },
    );
    const mean = ratios.reduce((a, b) => a + b, 0) / ratios.length;
    expect(mean).toBeLessThan(1.05);
  });

  it("takes a value that is written twice for two", () => {
    const base = programOf(4, [{ first: 0, last: 1, floats: 100 }]);
    const again = base.segments.map((segment, at) => (at === 2 ? { ...segment, outputs: [{ port: "v0", value: "value:0" }] } : at === 3 ? { ...segment, inputs: [{ port: "v0", value: "value:0" }] } : segment));
    const { tenants, size } = planLayout({ ...base, segments: again }, true);
    expect(tenants.map(({ first, last }) => [first, last])).toEqual([[0, 1], [2, 3]]);
    expect(size).toBe(448); // one place for both
  });

  it("refuses a program that reads what nothing has written, or writes parameters in a compute graph", () => {
    const base = programOf(2, [{ first: 0, last: 1, floats: 1 }]);
    const [first, second] = base.segments as [Segment, Segment];
    expect(() => planLayout({ ...base, segments: [second, first] }, true)).toThrow("g1 reads value:0, which no earlier graph");
    const writing = { ...first, outputs: [{ port: "p", value: "param:w" }] };
    expect(() => planLayout({ ...base, segments: [writing] }, true)).toThrow("g0 is a compute graph and writes param:w");
  });
});
