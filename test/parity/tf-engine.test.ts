// The TensorFlow dialect on stock onnxruntime in float32, against the reference evaluation in double precision: plans of phases that rest, second
// draws, second derivatives of the penalty, asymmetric pads. Every loss of each step, and what the critics' spectral vectors have become.
import { describe, expect, it } from "vitest";
import { emitGraphs } from "../../cli/emit";
import { planOf } from "../../compiler/train/at-step";
import { OnnxEngine } from "../../runtime/engine/onnx";
import { stepScalars, updatesAfter } from "../../runtime/train/schedule";
import { beginTf, compileTf, feedsTf, type TfCase } from "./tf-cases";
import { relative } from "./golden";

const STEPS = 3;
const run = (name: string, variants: readonly string[], set: readonly string[] = []): TfCase => ({ name, variants: ["tensorflow", ...variants], set: ["rate_held=1", ...set], config: {}, steps: [STEPS], total: STEPS });
const CASES: readonly TfCase[] = [
  run("light", []),
  run("full, two updates of the critics for one", ["full"], ["critic_steps=2"]),
  run("WGAN-GP", ["wgan_gp"]),
  run("DRAGAN, hinge's rate of updates", ["dragan"], ["critic_steps=3"]),
];

describe("the TensorFlow dialect on onnxruntime", () => {
  it.each(CASES)("$name", { timeout: 240_000 }, async (c) => {
    const compiled = compileTf(c);
    const program = compiled.program!;
    const reference = beginTf(c, compiled);
    const engine = await OnnxEngine.create(program, emitGraphs(compiled));
    try {
      for (const name of engine.stateNames) engine.write(name, Float32Array.from(reference.get(name)));
      let updates: Record<string, number> = {};
      for (let step = 1; step <= STEPS; step++) {
        const { data, samples = {} } = feedsTf(compiled, step);
        const wanted = reference.step({ data, samples }).losses;
        const float = (from: Readonly<Record<string, Float64Array>>): Record<string, Float32Array> => Object.fromEntries(Object.entries(from).map(([name, x]) => [name, Float32Array.from(x)]));
        updates = updatesAfter(program, step, updates);
        const plan = planOf(program, step);
        const streams = plan === undefined ? undefined : program.plans![plan]!.data;
        const given = Object.fromEntries(Object.entries(float(data)).filter(([name]) => streams?.includes(name) ?? true));
        const losses = await engine.step({ data: given, samples: float(samples), scalars: stepScalars(program, step, updates, { total: STEPS, epoch: 1 }), plan });
        expect(Object.keys(losses).sort()).toEqual([...wanted.keys()].sort());
        // Later steps begin with weights that Adam moved by the rounding of small gradients: a tenth of the rate in 1e-4.
        // A Wasserstein loss is a difference of scores: its size says little.
        for (const [name, value] of wanted) expect(Math.abs(losses[name]! - value) / Math.max(1, Math.abs(value)), `${name} of step ${step}`).toBeLessThan(step === 1 ? 1e-5 : 1e-3);
      }
      for (const { name } of program.states) expect(relative(Float64Array.from(engine.read(`state:${name}`)), reference.get(`state:${name}`)), name).toBeLessThan(1e-3);
    } finally {
      await engine.close();
    }
  });
});
