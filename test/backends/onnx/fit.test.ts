import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COSTS, type Costs } from "../../../backends/onnx/forms/costs";
import { fitted } from "../../../backends/onnx/forms/fit";
import { shares, trialsOf } from "../../../backends/onnx/forms/trial";
import { chosenForms } from "../../../backends/onnx/model";
import { compile } from "../../../compiler/compile";
import { evaluate } from "../../../compiler/graph/evaluate";
import { emitModel } from "../../../backends/onnx/model";
import { count, draws, relativeError, run, sizes } from "./kit";

const compiled = compile({ path: "ugatit.gan", text: readFileSync("specs/ugatit.gan", "utf8") }, { set: ["size=32", "load_size=36", "ch=4", "blocks=1", "global_depth=5", "local_depth=4"] });
const trials = trialsOf(compiled.graphs);

describe("tuning", () => {
  it("tries every shape of the step that has several forms, and none that it has not", () => {
    const step = compiled.program!.segments.map((s) => compiled.graphs.find((g) => g.file === s.model)!);
    const keys = new Set(step.flatMap((g) => Object.keys(chosenForms(g.graph, g.outputs.map((o) => o.node)))));
    const tried = new Set(trials.map((t) => t.key));
    // What is not tried has one form: a strided convolution or a 1×1 one forwards and by its kernel.
    for (const key of keys) if (!tried.has(key)) expect(key).toMatch(/\/2×2 at|^(conv|kernel adjoint) \S+ 1×1/);
    expect(trials.length).toBeGreaterThan(20);
  });

  it("expected times are sums of elementary costs", () => {
    for (const { ns } of trials.flatMap((t) => t.forms)) {
      const parts = shares(ns);
      const sum = (Object.keys(COSTS) as (keyof Costs)[]).reduce((total, name) => total + parts[name] * COSTS[name], 0);
      expect(sum / ns(COSTS)).toBeCloseTo(1, 9);
    }
  });

  it("costs that explain the times are found again, from another start", () => {
    const truth: Costs = { ...COSTS, mac: 0.03, gather: 0.9, tile: 0.5, untile: 3, operator: 20_000 };
    const measured = trials.flatMap((t) => t.forms.map((f) => ({ shares: shares(f.ns), ns: f.ns(truth) })));
    const found = fitted(measured);
    // The pull towards the built-in table weighs a hundredth of one measurement against all of them.
    const off = measured.map((m) => (Object.keys(COSTS) as (keyof Costs)[]).reduce((t, name) => t + m.shares[name] * found[name], 0) / m.ns - 1);
    expect(Math.max(...off.map(Math.abs))).toBeLessThan(0.05);
    expect(found.operator / truth.operator).toBeCloseTo(1, 1);
  });

  it("without measurements the costs stay", () => expect(fitted([])).toEqual(COSTS));

  it.each(trials.filter((_, i) => i % 6 === 0).map((t) => ({ t, key: t.key })))("a trial is the operation itself: $key", async ({ t }) => {
    const random = draws(4);
    const feeds = Object.fromEntries(t.inputs.map((id) => [`i${id}`, random(count(sizes(t.graph.shape(id))))]));
    const fed = new Map(t.inputs.map((id) => [id, { shape: sizes(t.graph.shape(id)), data: Float64Array.from(feeds[`i${id}`]!) }]));
    const wanted = evaluate(t.graph, [t.output], fed).get(t.output)!;
    for (const { form } of t.forms) {
      const spec = { name: "m", graph: t.graph, inputs: t.inputs.map((node) => ({ node, name: `i${node}` })), outputs: [{ node: t.output, name: "y" }], lowerings: { chosen: { [t.key]: form } } };
      expect(emitModel(spec).chosen[t.key]).toBe(form);
      const got = await run(spec, feeds);
      expect(relativeError(got["y"]!.data, wanted.data), form).toBeLessThanOrEqual(form === "winograd" ? 1e-5 : 2e-6);
    }
  });
});
