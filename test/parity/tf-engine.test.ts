// The TensorFlow dialect on each engine in float32, against the reference evaluation in double precision: plans of phases that rest, second draws,
// second derivatives of the penalty, asymmetric pads. Every loss of each step, and what the critics' spectral vectors have become.
import { describe, expect, it } from "vitest";
import { ENGINES, load, stepEngine } from "./engines";
import { relative } from "./golden";
import { beginTf, compileTf, feedsTf, type TfCase } from "./tf-cases";

const STEPS = 3;
const run = (name: string, variants: readonly string[], set: readonly string[] = []): TfCase => ({ name, variants: ["tensorflow", ...variants], set: ["rate_held=1", ...set], config: {}, steps: [STEPS], total: STEPS });
const CASES: readonly TfCase[] = [
  run("light", []),
  run("full, two updates of the critics for one", ["full"], ["critic_steps=2"]),
  run("WGAN-GP", ["wgan_gp"]),
  run("DRAGAN, three updates of the critics for one", ["dragan"], ["critic_steps=3"]),
];

describe.each(ENGINES)("the TensorFlow dialect on $name", (tested) => {
  it.each(CASES)("$name", { timeout: 240_000 }, async (c) => {
    const compiled = compileTf(c);
    const reference = beginTf(c, compiled);
    const { engine } = await tested.open(compiled);
    try {
      load(engine, reference);
      for (let step = 1; step <= STEPS; step++) {
        const feeds = feedsTf(compiled, step);
        const wanted = reference.step(feeds).losses;
        const losses = await stepEngine(engine, feeds, step, STEPS);
        expect(Object.keys(losses).sort()).toEqual([...wanted.keys()].sort());
        // Later steps begin with weights that Adam moved by the rounding of small gradients: a tenth of the rate in 1e-4.
        // A Wasserstein loss is a difference of scores: its size says little.
        for (const [name, value] of wanted) expect(Math.abs(losses[name]! - value) / Math.max(1, Math.abs(value)), `${name} of step ${step}`).toBeLessThan(step === 1 ? 1e-5 : 1e-3);
      }
      for (const { name } of engine.program.states) expect(relative(Float64Array.from(engine.read(`state:${name}`)), reference.get(`state:${name}`)), name).toBeLessThan(1e-3);
    } finally {
      await engine.close();
    }
  });
});
