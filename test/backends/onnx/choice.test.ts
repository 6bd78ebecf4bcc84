import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COSTS } from "../../../backends/onnx/forms/costs";
import { formNames } from "../../../backends/onnx/forms/choice";
import { chosenForms, emitModel } from "../../../backends/onnx/model";
import { compile, type Compiled } from "../../../compiler/compile";
import type { Lowerings } from "../../../compiler/lowering";

const text = readFileSync("specs/ugatit.gan", "utf8");
const compiled: Compiled = compile({ path: "ugatit.gan", text }, { set: ["size=64", "ch=8", "blocks=1", "global_depth=6"] });

/** What each graph of the program chooses, the graphs together. */
const chosen = (lowerings: Lowerings): Record<string, string> =>
  Object.assign({}, ...compiled.graphs.map((g) => emitModel({ name: g.file, graph: g.graph, inputs: g.inputs, outputs: g.outputs, lowerings }).chosen)) as Record<string, string>;

describe("the forms of a step", () => {
  const usual = chosen({});

  it("go by shape: layers of one shape take one form, and several forms are taken", () => {
    expect(Object.keys(usual).length).toBeGreaterThan(20);
    expect(Object.keys(usual).every((key) => /^(conv|input adjoint|kernel adjoint) \S+→\S+ \d+×\d+\/\d+×\d+ at /.test(key))).toBe(true);
    for (const form of ["direct", "winograd", "scattered", "patches"]) expect(Object.values(usual)).toContain(form);
  });

  it("can be asked for without writing the graphs", () => {
    const asked = Object.assign({}, ...compiled.graphs.map((g) => chosenForms(g.graph, g.outputs.map((o) => o.node)))) as Record<string, string>;
    expect(asked).toEqual(usual);
  });

  it.each(formNames)("without %s", (form) => {
    expect(Object.values(chosen({ without: [form] }))).not.toContain(form);
  });

  it("follow the table of costs", () => {
    expect(Object.values(chosen({ costs: { ...COSTS, tile: 1e6 } }))).not.toContain("winograd");
  });

  it("that a run has recorded stay, whatever the table says now; not one that is refused since", () => {
    expect(chosen({ costs: { ...COSTS, tile: 1e6 }, chosen: usual })).toEqual(usual);
    expect(Object.values(chosen({ chosen: usual, without: ["winograd"] }))).not.toContain("winograd");
  });

  it("are carried by the program", () => {
    const program = compile({ path: "ugatit.gan", text }, { set: ["size=64", "ch=8", "blocks=1", "global_depth=6"], without: ["winograd", "linear"], lowerings: { costs: { mac: 1 } } }).program!;
    expect(program.lowerings).toEqual({ costs: { mac: 1 }, without: ["linear", "winograd"] });
    expect(compiled.program!.lowerings).toBeUndefined();
  });
});
