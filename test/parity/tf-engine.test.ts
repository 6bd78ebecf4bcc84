// The TensorFlow dialect on each engine in float32, against the reference evaluation in double precision: plans of phases that rest, second draws,
// second derivatives of the penalty, asymmetric pads. Every loss of each step, and what the critics' spectral vectors have become.
import { afterAll, describe, expect, it } from "vitest";
import { absent } from "../tfjs/engines";
import { ENGINES, load, stepEngine } from "./engines";
import { relative } from "./golden";
import { Worsts } from "./report";
import { beginTf, compileTf, feedsTf, type TfCase } from "./tf-cases";
import { TFJS_ONE } from "./tfjs";

const STEPS = 3;
const run = (name: string, variants: readonly string[], set: readonly string[] = []): TfCase => ({ name, variants: ["tensorflow", ...variants], set: ["rate_held=1", ...set], config: {}, steps: [STEPS], total: STEPS });
const CASES: readonly TfCase[] = [
  run("light", []),
  run("full, two updates of the critics for one", ["full"], ["critic_steps=2"]),
  run("WGAN-GP", ["wgan_gp"]),
  run("DRAGAN, three updates of the critics for one", ["dragan"], ["critic_steps=3"]),
];

for (const name of absent()) it.skip(`the emitted code on ${name}: not run here, TFJS_PACKAGES is not set`, () => undefined);

describe(`the TensorFlow dialect's ${STEPS} steps`, () => {
  const worsts = new Map<string, Worsts>();
  afterAll(() => {
    for (const [name, list] of worsts) list.print(`${name} in float32 against the double-precision reference, worst differences:`);
  });

  it.each(CASES)("$name", { timeout: 600_000 }, async (c) => {
    const compiled = compileTf(c);
    const reference = beginTf(c, compiled);
    const opened = await Promise.all([...ENGINES, ...TFJS_ONE].map(async (tested) => ({ name: tested.name, engine: (await tested.open(compiled)).engine })));
    for (const { name, engine } of opened) {
      worsts.set(name, worsts.get(name) ?? new Worsts());
      load(engine, reference);
    }
    for (let step = 1; step <= STEPS; step++) {
      const feeds = feedsTf(compiled, step);
      const wanted = reference.step(feeds).losses;
      for (const { name, engine } of opened) {
        const losses = await stepEngine(engine, feeds, step, STEPS);
        expect(Object.keys(losses).sort()).toEqual([...wanted.keys()].sort());
        for (const [loss, value] of wanted) {
          // A Wasserstein loss is a difference of scores: its size says little.
          const difference = Math.abs(losses[loss]! - value) / Math.max(1, Math.abs(value));
          worsts.get(name)!.add(`losses, step ${step}`, difference, `${c.name}, ${loss}`);
          // Later steps begin with weights that Adam moved by the rounding of small gradients: a tenth of the rate in 1e-4.
          expect(difference, `${loss} of step ${step} on ${name}`).toBeLessThan(step === 1 ? 1e-5 : 1e-3);
        }
      }
    }
    for (const { name, engine } of opened) {
      for (const { name: state } of engine.program.states) {
        const difference = relative(Float64Array.from(engine.read(`state:${state}`)), reference.get(`state:${state}`));
        worsts.get(name)!.add("spectral vectors", difference, `${c.name}, ${state}`);
        expect(difference, `${state} on ${name}`).toBeLessThan(1e-3);
      }
      await engine.close();
    }
  });
});
