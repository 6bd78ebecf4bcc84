// Where a step is cut: each value is made before it is read, whatever is made again; and stages cost no memory.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { emitGraphs } from "../../cli/emit";
import { compile, type CompileOptions, type Compiled } from "../../compiler/compile";
import { planLayout } from "../../compiler/layout";
import { RECOMPUTE } from "../../compiler/train/recompute";

const textOf = (name: string): string => readFileSync(`specs/${name}.gan`, "utf8");
const made = (name: string, text: string, options: CompileOptions): Compiled => {
  const c = compile({ path: `${name}.gan`, text }, options);
  expect(c.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return c;
};

/** What is made of weights alone, by everybody who reads it: here of weights that are updated before the last of them does. */
const SCALED = textOf("cyclegan")
  .replaceAll(/history\((\w+), 50\)/g, "$1")
  .replace("|> tanh", "|> tanh |> Scaled")
  .concat("\nnorm Scaled(x: image[C, H, W]) {\n  learn k: vector[C] = 0.5\n  return x * (1 - k)\n}\n");

describe("a value of weights alone", () => {
  it.each(RECOMPUTE.flatMap((recompute) => [[], ["directions"]].map((without) => ({ recompute, without }))))("is made while its weights are what they were: %j", ({ recompute, without }) => {
    const c = made("scaled", SCALED, { set: ["ch=4", "blocks=1"], recompute, without });
    const known = new Set(c.program!.segments.flatMap((s) => s.inputs.map((p) => p.value)).filter((v) => !/^(value|grad|next):/.test(v)));
    for (const s of c.program!.segments) {
      for (const { value } of s.inputs) expect(known.has(value), `${s.name} reads ${value}`).toBe(true);
      for (const { value } of s.outputs) known.add(value);
    }
    expect(emitGraphs(c).size).toBeGreaterThan(4);
  });
});

it.each([["ugatit", ["size=128", "ch=8"]], ["cyclegan", []], ["unit", []], ["munit", []], ["drit", []]] as const)("a direction at a time takes no more memory than whole phases do, or next to none: %s", (name, set) => {
  const arena = (without: readonly string[]): number => planLayout(made(name, textOf(name), { set, without }).program!, true).size;
  expect(arena([])).toBeLessThanOrEqual(1.05 * arena(["directions"]));
});
