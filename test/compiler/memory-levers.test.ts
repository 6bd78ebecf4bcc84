import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile, type CompileOptions } from "../../compiler/compile";
import { planLayout } from "../../compiler/layout";
import { RECOMPUTE } from "../../compiler/train/recompute";
import { emitGraphs } from "../../cli/emit";
import type { Program } from "../../compiler/program";
import { afterOneStep } from "./one-step";

const text = readFileSync("specs/ugatit.gan", "utf8");
const make = (options: CompileOptions): ReturnType<typeof compile> => compile({ path: "specs/ugatit.gan", text }, { set: ["size=128", "ch=8", "blocks=1", "local_depth=4", "global_depth=5"], ...options });

const stepOf = (options: CompileOptions): ReturnType<typeof afterOneStep> => {
  const compiled = make(options);
  return afterOneStep(compiled, emitGraphs(compiled));
};

const programText = (p: Program): string => JSON.stringify([p.segments, p.values]);

/** The largest distance beside the largest value. */
function distance(a: Float32Array, b: Float32Array): number {
  let [most, scale] = [0, 1e-30];
  a.forEach((x, i) => {
    most = Math.max(most, Math.abs(x - b[i]!));
    scale = Math.max(scale, Math.abs(x));
  });
  return most / scale;
}

describe("what saves memory leaves the values alone", () => {
  it("whether phases run whole or a direction at a time, and whatever is made again", { timeout: 240_000 }, async () => {
    const plain = await stepOf({ without: ["directions", "walk"] });
    const programs = new Set([programText(plain.program)]);
    for (const options of [{}, { recompute: RECOMPUTE.at(-1)! }]) {
      const other = await stepOf(options);
      programs.add(programText(other.program));
      for (const [name, loss] of Object.entries(plain.losses)) expect(Math.abs(other.losses[name]! - loss)).toBeLessThanOrEqual(2e-6 * Math.abs(loss));
      // Sums of gradients are added up in another order: a few units in the last place of float32, and more where terms cancel. m is a tenth
      // of the gradient; a value of another version, or of another direction, would be off by its whole size.
      for (const [name, values] of plain.state) if (name.startsWith("m:")) expect(distance(values, other.state.get(name)!), name).toBeLessThan(1e-4);
    }
    expect(programs.size, "three different programs").toBe(3);
  });

  it("and does save some: the arena of the values that cross", () => {
    const arena = (options: CompileOptions): number => planLayout(make(options).program!, true).size;
    const whole = arena({ without: ["directions"] });
    const directions = arena({});
    expect(directions).toBeLessThan(whole);
    expect(arena({ recompute: "between passes" })).toBeLessThan(directions);
  });
});

it.each(["ugatit", "cyclegan", "munit", "drit"])("what will be trained is told before the graphs are made: %s", (name) => {
  const told: unknown[] = [];
  const source = { path: `specs/${name}.gan`, text: readFileSync(`specs/${name}.gan`, "utf8") };
  const { ok, program } = compile(source, { set: name === "ugatit" ? ["size=32", "load_size=36", "ch=4", "blocks=1", "global_depth=5", "local_depth=4"] : [], until: "graphs", onTrained: (weights) => told.push(weights) });
  expect(ok).toBe(true);
  expect(told).toEqual([program!.params.flatMap(({ name, shape, init, optimizer }) => (optimizer === undefined ? [] : [{ name, shape, init }]))]);
  compile(source, { until: "check", onTrained: (weights) => told.push(weights) });
  expect(told).toHaveLength(1);
});
