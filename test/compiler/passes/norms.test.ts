import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Compiled } from "../../../compiler/compile";
import { compile } from "../../../compiler/compile";
import { hasAxis } from "../../../compiler/graph/shape";

// What `linear` and `pairings` are for, counted on a whole norm, layer and gradient as the chain rule writes them.

const text = readFileSync("specs/ugatit.gan", "utf8");
const compiled = (without: readonly string[] = []): Compiled => {
  const c = compile({ path: "ugatit.gan", text }, { set: ["size=64", "ch=16", "blocks=1", "global_depth=6"], without });
  expect(c.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return c;
};
const nodes = (c: Compiled): readonly { op: string; shape: readonly { axis: string; dim: unknown }[]; label: string }[] =>
  c.graphs.filter((g) => g.file.startsWith("step.") && !g.file.includes("update")).flatMap((g) => g.graph.nodes.map((n) => ({ op: n.op, shape: n.shape, label: n.origin?.path ?? "" })));
const ELEMENTWISE = ["add", "sub", "mul", "div", "neg"];

describe("norms and their gradients", () => {
  it("take a third of the passes over pictures", () => {
    const passes = (c: Compiled): number => nodes(c).filter((n) => ELEMENTWISE.includes(n.op) && n.label.includes("AdaLIN") && hasAxis(n.shape as never, "h")).length;
    const [few, many] = [passes(compiled()), passes(compiled(["linear"]))];
    expect(many).toBeGreaterThan(20);
    expect(few).toBeLessThanOrEqual(many / 2.5);
  });
});

describe("spectral normalization's gradient", () => {
  it("never multiplies a large kernel with its gradient", () => {
    const products = (c: Compiled): number => nodes(c).filter((n) => n.op === "mul" && n.label.includes("spectral") && n.shape.map((a) => a.axis).join() === "out,rest").length;
    // What is left: the column times row of the gradient.
    expect(products(compiled())).toBeLessThan(products(compiled(["pairings"])));
  });
});
