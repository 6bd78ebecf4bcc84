// The other specs on stock onnxruntime in float32 against the reference evaluation in double precision: every loss of each step. DRIT, which needs
// pictures of 212 px, only has its program looked at.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { emitGraphs } from "../../cli/emit";
import { compile, type Compiled } from "../../compiler/compile";
import { drawInit } from "../../compiler/init";
import { planOf } from "../../compiler/train/at-step";
import { OnnxEngine } from "../../runtime/engine/onnx";
import { stepScalars, updatesAfter } from "../../runtime/train/schedule";
import { batchOf } from "./cases";
import { Reference, sizeOf } from "./reference";

function compileSpec(name: string, set: readonly string[]): Compiled {
  const path = `specs/${name}.gan`;
  const compiled = compile({ path, text: readFileSync(path, "utf8") }, { set });
  expect(compiled.diagnostics.filter((d) => d.severity === "error").map((d) => d.message)).toEqual([]);
  return compiled;
}

const STEPS = 4;
describe("losses of four steps", () => {
  it.each([
    ["cyclegan", ["size=32", "ch=2", "blocks=1"]],
    ["unit", ["size=64", "ch=2", "blocks=1"]],
    ["munit", ["size=32", "ch=2", "blocks=1", "scales=2"]],
  ] as const)("%s", { timeout: 240_000 }, async (name, set) => {
    const compiled = compileSpec(name, set);
    const program = compiled.program!;
    const reference = new Reference(compiled, 1000).initialize(3);
    const engine = await OnnxEngine.create(program, emitGraphs(compiled));
    try {
      for (const state of engine.stateNames) engine.write(state, Float32Array.from(reference.get(state)));
      let updates: Record<string, number> = {};
      for (let step = 1; step <= STEPS; step++) {
        const { data } = batchOf(compiled, step);
        const samples = Object.fromEntries(program.samples.map((s) => [s.name, drawInit(s.distribution, sizeOf(s.shape), 3, `${s.name} of ${step}`)]));
        const wanted = reference.step({ data, samples: Object.fromEntries(Object.entries(samples).map(([n, x]) => [n, Float64Array.from(x)])) }).losses;
        updates = updatesAfter(program, step, updates);
        const given = Object.fromEntries(Object.entries(data).map(([n, x]) => [n, Float32Array.from(x)]));
        const losses = await engine.step({ data: given, samples, scalars: stepScalars(program, step, updates, { total: 1000, epoch: 1 }), plan: planOf(program, step) });
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
