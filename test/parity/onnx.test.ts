// float32 on stock onnxruntime against the reference evaluation in double precision: losses and gradients of one step, from the same
// weights and batch, for every variant.
import { afterAll, describe, expect, it } from "vitest";
import { begin, smooth, UGATIT } from "./cases";
import { norm } from "./digest";
import { batch32, gradientOf, load, openEngine, stepEngine } from "./onnx";
import { Worsts } from "./report";
import type { Compiled } from "../../compiler/compile";
import type { OnnxEngine } from "../../runtime/engine/onnx";
import { compileVariant, SMALL, VARIANTS } from "./variants";

const LOSSES = 1e-5;
const CRITICS = 1e-5;
/**
 * A generator's gradient agrees to about 1e-5, unless one relu, max or |x| falls on the other side of zero in float32: then to
 * 1e-3…1e-2, by the seed, in PyTorch as here (docs/numerics.md). So most seeds must hold the bound, not each.
 */
const GENERATORS = 1e-4;
const SEEDS: readonly number[] = [1, 2, 3];
const OUTLIER = 0.2;
/** Beside the largest gradient of the same net: a gradient smaller than that is compared absolutely. */
const FLOOR = 1e-7;

interface Found {
  readonly losses: number;
  readonly critics: number;
  readonly generators: number;
  /** Adam's moments, and the updates as new minus old. */
  readonly updates: number;
}

const difference = (x: Float64Array, y: Float64Array, floor: number): number => norm(x.map((v, i) => v - y[i]!)) / Math.max(norm(y), floor);

async function compare(engine: OnnxEngine, compiled: Compiled, seed: number): Promise<Found> {
  const reference = begin({ shaken: true }, compiled, seed);
  for (const { data } of reference.store.values()) data.forEach((v, i) => (data[i] = Math.fround(v)));
  load(engine, reference);
  const before = new Map([...reference.store].map(([name, { data }]) => [name, data]));
  const feeds = batch32(compiled, 1, seed);
  const losses = await stepEngine(engine, feeds, 1);
  const wanted = reference.step(feeds);

  const isCritic = (net: string): boolean => net.startsWith("D");
  const largest = (net: string): number => Math.max(...compiled.program!.params.filter((p) => p.net === net).map((p) => norm(wanted.gradients.get(p.name)!)));
  const floors = new Map([...new Set(compiled.program!.params.map((p) => p.net))].map((net) => [net, FLOOR * largest(net)]));
  const gradients = compiled.program!.params.map((p) => ({ critic: isCritic(p.net), error: difference(gradientOf(engine, p.name), wanted.gradients.get(p.name)!, floors.get(p.net)!) }));
  const worst = (list: readonly number[]): number => list.reduce((a, b) => (b <= a ? a : b), 0);

  const changes = [...before].map(([name, old]) => {
    const change = (now: ArrayLike<number>): Float64Array => Float64Array.from(old, (v, i) => now[i]! - v);
    return difference(change(engine.read(name as "param:x")), change(reference.get(name)), 1e-30);
  });
  return {
    losses: worst([...wanted.losses].map(([name, value]) => Math.abs(losses[name]! - value) / Math.abs(value))),
    critics: worst(gradients.filter((g) => g.critic).map((g) => g.error)),
    generators: worst(gradients.filter((g) => !g.critic).map((g) => g.error)),
    updates: worst(changes),
  };
}

async function compareSeeds(compiled: Compiled): Promise<Found[]> {
  const engine = await openEngine(compiled);
  try {
    const found: Found[] = [];
    for (const seed of SEEDS) found.push(await compare(engine, compiled, seed));
    return found;
  } finally {
    await engine.close();
  }
}

const worsts = new Worsts();
afterAll(() => worsts.print("onnxruntime in float32 against the double-precision reference, worst relative differences:"));

describe("the first step on onnxruntime equals the reference evaluation", () => {
  it.each(VARIANTS)("%s", { timeout: 120_000 }, async (variant) => {
    const found = await compareSeeds(compileVariant(variant, SMALL));
    for (const [i, f] of found.entries()) {
      worsts.add("losses", f.losses, `${variant}, seed ${SEEDS[i]}`);
      worsts.add("critics' gradients", f.critics, `${variant}, seed ${SEEDS[i]}`);
      worsts.add("generators' gradients", f.generators, `${variant}, seed ${SEEDS[i]}`);
      expect(f.losses).toBeLessThan(LOSSES);
      expect(f.critics).toBeLessThan(CRITICS);
      expect(f.generators).toBeLessThan(OUTLIER);
    }
    const ordered = found.map((f) => f.generators).sort((a, b) => a - b);
    expect(ordered[1], "of three seeds, the median").toBeLessThan(GENERATORS);
  });

  // Without kinks nothing can fall on another side: here each seed and each tensor holds.
  it.each(["base", "norm_gn"])("%s, the smooth copy", { timeout: 120_000 }, async (variant) => {
    const found = await compareSeeds(compileVariant(variant, SMALL, { text: smooth(UGATIT) }));
    for (const [i, f] of found.entries()) {
      for (const [what, bound] of [["losses", LOSSES], ["critics", CRITICS], ["generators", GENERATORS], ["updates", GENERATORS]] as const) {
        worsts.add(`smooth copy: ${what}`, f[what], `${variant}, seed ${SEEDS[i]}`);
        expect(f[what], what).toBeLessThan(bound);
      }
    }
  });
});
