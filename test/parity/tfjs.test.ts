// Whole steps of the emitted TensorFlow.js code, whose gradients are TensorFlow.js's own, beside the ONNX engine, whose gradients are ours: two that
// know nothing of each other. The first steps of both against the double-precision reference: engines.test.ts and smooth-step.test.ts.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile, type Compiled } from "../../compiler/compile";
import { planOf } from "../../compiler/train/at-step";
import type { Engine, StateName } from "../../runtime/engine/types";
import { initialize, Sampler } from "../../runtime/train/init";
import { scheduleFactor, stepScalars, updatesAfter } from "../../runtime/train/schedule";
import { random } from "../compiler/kit";
import { absent, engines } from "../tfjs/engines";
import { norm } from "./digest";
import { openEngine } from "./engines";
import { replaced } from "./spec";
import { openTfjsEngine } from "./tfjs";

for (const name of absent()) it.skip(`the emitted code on ${name}: not run here, TFJS_PACKAGES is not set`, () => undefined);

const TINY = ["size=24", "ch=8", "blocks=1", "global_depth=5", "local_depth=4"];
const CASES: readonly (readonly [name: string, spec: string, variants: readonly string[], set: readonly string[]])[] = [
  ["the TensorFlow dialect", "ugatit", ["tensorflow"], TINY],
  ["wgan_gp", "ugatit", ["wgan_gp"], TINY],
  ["wgan_lp", "ugatit", ["wgan_lp"], TINY],
  ["dragan", "ugatit", ["dragan"], TINY],
  ["gan", "ugatit", ["gan"], TINY],
  ["hinge", "ugatit", ["hinge"], TINY],
  ["two updates of the critics for one of the generators", "ugatit", [], [...TINY, "critic_steps=2"]],
  ["CycleGAN, its history of fakes", "cyclegan", [], ["size=24", "ch=4", "blocks=1"]],
  ["UNIT, nets in nets and noise", "unit", [], ["size=64", "ch=4", "blocks=1"]],
  ["MUNIT, codes drawn in each phase", "munit", [], ["size=64", "ch=4", "blocks=1"]],
  ["DRIT, a step of its content critic and a whole one", "drit", [], ["size=64", "ch=2", "attributes=2", "content_every=2"]],
];
const STEPS = 2;
/** Specs of many small nets: one relu or |x| of theirs is on an edge at nearly every seed, so a copy without edges is held instead, at each step. */
const SMOOTH = ["unit", "munit", "drit"];
const smoothly = (text: string): string => text.replace(/leaky_relu\([^)]*\)|\brelu\b/g, "tanh").replace(/\bmse, l1\b|\bl1\b(?= \})/g, "mse").replace(/\bl1\(/g, "mse(");
/**
 * DRIT's content critic wants 212 px for its three strides; with one of them the spec takes 64. Its mode seeking divides by how little two
 * pictures of one content differ, at first weights 3e-4: at full weight all gradients would be this one's, with the rounding of that difference.
 */
const DRIT: readonly (readonly [from: string, to: string])[] = [[" and size >= 212", ""], ["repeat(3) { conv(4 * ch, 7", "repeat(1) { conv(4 * ch, 7"], ["seek: 1.0", "seek: 1e-3"]];
const smaller = (spec: string, text: string): string => (spec === "drit" ? DRIT.reduce((t, [from, to]) => replaced(t, from, to), text) : text);

/**
 * Tensors below a hundredth of their net's largest are judged by that: a bias in front of a norm has no gradient but rounding, 5e-6 of the
 * largest here. One below a thousandth of its kernel's is judged by the kernel's: DRIT's come to 4e-5 of it.
 */
function worstOf(kind: "m" | "state", ours: Engine, theirs: Engine, compiled: Compiled): number {
  const netOf = new Map(compiled.program!.params.map((p) => [`m:${p.name}`, p.net]));
  const names = theirs.stateNames.filter((n) => n.startsWith(`${kind}:`));
  const sizes = new Map(names.map((name) => [name, norm(Float64Array.from(theirs.read(name)))]));
  const largest = new Map<string, number>();
  for (const name of names) largest.set(netOf.get(name) ?? name, Math.max(largest.get(netOf.get(name) ?? name) ?? 0, sizes.get(name)!));
  const measure = (name: StateName): number => {
    const kernel = sizes.get(name.replace(/\.bias$/, ".weight") as StateName) ?? 0;
    return Math.max(sizes.get(name)!, 1e-2 * largest.get(netOf.get(name) ?? name)!, sizes.get(name)! < 1e-3 * kernel ? kernel : 0);
  };
  return Math.max(0, ...names.map((name) => {
    const [a, b] = [ours.read(name), theirs.read(name)];
    const distance = norm(Float64Array.from(a, (v, i) => v - b[i]!));
    return distance === 0 ? 0 : distance / measure(name);
  }));
}

const last = engines().at(-1)!;
if (last.name !== "tfjs") {
  describe(`whole steps on ${last.name} beside the ONNX engine`, () => {
    it.each(CASES)("%s", { timeout: 600_000 }, async (_name, spec, variants, set) => {
      const path = `specs/${spec}.gan`;
      const smooth = SMOOTH.includes(spec);
      const text = smaller(spec, readFileSync(path, "utf8"));
      const compiled = compile({ path, text: smooth ? smoothly(text) : text }, { variants, set });
      expect(compiled.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
      const program = compiled.program!;
      const [ours, theirs] = [await openTfjsEngine(last, compiled), await openEngine(compiled)];
      for (const engine of [ours, theirs]) initialize(engine, 3);
      const sampler = new Sampler(program, 3);
      const next = random(7);
      const length = { total: 20, epoch: 5 };
      let before: Record<string, number> = Object.fromEntries(program.optimizers.map((o) => [o.name, 0]));
      for (let step = 1; step <= STEPS; step++) {
        const data = Object.fromEntries(program.data.map((d) => [d.name, Float32Array.from({ length: program.batch * d.channels * d.height * d.width }, () => 2 * next() - 1)]));
        const updates = updatesAfter(program, step, before);
        const now = { step, factor: scheduleFactor(program.schedule, step, length, program.held), updates: before };
        const feeds = { data, samples: sampler.draw(step), scalars: stepScalars(program, step, updates, length), plan: planOf(program, step), now };
        const [a, b] = [await ours.step(feeds), await theirs.step(feeds)];
        before = updates;
        const active = program.plans === undefined ? undefined : program.plans[feeds.plan!]!.phases;
        const names = program.losses.filter((l) => active?.includes(l.phase) ?? true).map((l) => l.name);
        expect(Object.keys(a).sort()).toEqual([...names].sort());
        // Losses that are differences of scores are near 0: the sum of all is their measure.
        const scale = names.reduce((sum, name) => sum + Math.abs(b[name]!), 0);
        for (const name of names) expect(Math.abs(a[name]! - b[name]!) / Math.max(Math.abs(b[name]!), 0.01 * scale), `${name}, step ${step}`).toBeLessThan(1e-4);
        // The first step from equal weights; later ones stand on relu's edges now and then.
        expect(worstOf("m", ours, theirs, compiled), `moments, step ${step}`).toBeLessThan(smooth || step === 1 ? 1e-3 : 0.3);
        expect(worstOf("state", ours, theirs, compiled), `states, step ${step}`).toBeLessThan(1e-3);
      }
      await ours.close();
      await theirs.close();
    });
  });
}
