// The other specs on each engine in float32 against the reference evaluation in double precision: every loss of each step. DRIT, which needs
// pictures of 212 px, only has its program looked at.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile, type Compiled } from "../../compiler/compile";
import { drawInit } from "../../compiler/init";
import { planOf } from "../../compiler/train/at-step";
import { updatesAfter } from "../../runtime/train/schedule";
import { batchOf } from "./cases";
import { ENGINES, load, stepEngine } from "./engines";
import { Reference, sizeOf } from "./reference";

function compileSpec(name: string, set: readonly string[]): Compiled {
  const path = `specs/${name}.gan`;
  const compiled = compile({ path, text: readFileSync(path, "utf8") }, { set });
  expect(compiled.diagnostics.filter((d) => d.severity === "error").map((d) => d.message)).toEqual([]);
  return compiled;
}

const STEPS = 4;
const TOTAL = 1000;
describe.each(ENGINES)("losses of four steps on $name", (tested) => {
  it.each([
    ["cyclegan", ["size=32", "ch=2", "blocks=1"]],
    ["unit", ["size=64", "ch=2", "blocks=1"]],
    ["munit", ["size=32", "ch=2", "blocks=1", "scales=2"]],
  ] as const)("%s", { timeout: 240_000 }, async (name, set) => {
    const compiled = compileSpec(name, set);
    const { samples } = compiled.program!;
    const reference = new Reference(compiled, TOTAL).initialize(3);
    const { engine } = await tested.open(compiled);
    try {
      load(engine, reference);
      for (let step = 1; step <= STEPS; step++) {
        const drawn = Object.fromEntries(samples.map((s) => [s.name, Float64Array.from(drawInit(s.distribution, sizeOf(s.shape), 3, `${s.name} of ${step}`))]));
        const feeds = { ...batchOf(compiled, step), samples: drawn };
        const wanted = reference.step(feeds).losses;
        const losses = await stepEngine(engine, feeds, step, TOTAL);
        expect(Object.keys(losses).sort()).toEqual([...wanted.keys()].sort());
        // Later steps begin with weights that Adam moved by the rounding of small gradients: some of them by the whole rate.
        for (const [term, value] of wanted) expect(Math.abs(losses[term]! - value) / Math.max(1, Math.abs(value)), `${term} of step ${step}`).toBeLessThan(step === 1 ? 1e-5 : 1e-2);
      }
    } finally {
      await engine.close();
    }
  });
});

describe("DRIT", () => {
  it("has two compiled steps, and each parameter's updates are counted", { timeout: 120_000 }, () => {
    const program = compileSpec("drit", ["size=212", "ch=1", "attributes=2"]).program!;
    const resting = ["critics", "coders", "generators"];
    expect(program.plans!.map((p) => [p.phases, p.data])).toEqual([
      [["content_critic"], ["A", "B"]],
      [["content_critic", ...resting], ["A", "B", "A2", "B2"]],
    ]);
    expect([1, 2, 3, 4, 5, 6].map((step) => planOf(program, step))).toEqual([0, 0, 1, 0, 0, 1]);
    // Three steps: the content critic thrice, what both phases of the coders train twice, all else once.
    const done = [1, 2, 3].reduce<Record<string, number>>((before, step) => updatesAfter(program, step, before), {});
    const countOf = (net: string): number => done[program.params.find((p) => p.net === net)!.optimizer!]!;
    expect(["DC", "CA", "top", "GB", "stem", "TA", "DA", "DB2"].map(countOf)).toEqual([3, 2, 2, 2, 2, 1, 1, 1]);
  });
});
