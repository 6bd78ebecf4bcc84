// What can be read off the `tensorflow` variant without running it: counts of the published code (gans.md 1.14), first values, data, sizes.
import { describe, expect, it } from "vitest";
import { compile, type Compiled } from "../../compiler/compile";
import { countOf, numbersOf } from "../../compiler/graph/shape";
import { SPEC, UGATIT } from "./spec";
import { tfMapping } from "./tf-names";
import { compileTf } from "./tf-cases";

const check = (variants: readonly string[], set: readonly string[] = []): Compiled => {
  const compiled = compile({ path: SPEC, text: UGATIT }, { variants, set, until: "check" });
  expect(compiled.diagnostics).toEqual([]);
  return compiled;
};
const counts = (c: Compiled): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const p of c.model!.params.values()) found[p.net] = (found[p.net] ?? 0) + countOf(p.shape);
  return found;
};
const initOf = (c: Compiled, name: string): unknown => c.model!.params.get(name)!.init;

describe("the tensorflow variant", { timeout: 60_000 }, () => {
  it.each([[["tensorflow"], 10_600_388], [["tensorflow", "full"], 278_970_308]] as const)("%j has the published parameters", (variants, generator) => {
    const [global, local] = [53_128_130, 3_290_050];
    expect(counts(check(variants))).toEqual({ AB: generator, BA: generator, "DA.0": global, "DB.0": global, "DA.1": local, "DB.1": local });
  });
  it("keeps the size in convolutions of stride 1: 8 and 32 patches, where PyTorch's has 6 and 30", () => {
    const patches = (c: Compiled): number[] => {
      const nodes = c.model!.tracer.b.nodes.filter((n) => n.op === "conv" && n.origin?.path?.endsWith(".patches.conv1"));
      return [...new Set(nodes.map((n) => numbersOf(n.shape).at(-1)!))].sort((a, b) => a - b);
    };
    expect(patches(check(["tensorflow"]))).toEqual([8, 32]);
    expect(patches(check([]))).toEqual([6, 30]);
  });
  it("begins with N(0, 0.02), biases at 0, gains at 1, rho at 1 and 0", () => {
    const c = check(["tensorflow"]);
    const drawn = { kind: "normal", mean: 0, std: 0.02 };
    const weights = [...c.model!.params.values()].filter((p) => p.role === "weight");
    expect(new Set(weights.map((p) => JSON.stringify(p.init)))).toEqual(new Set([JSON.stringify(drawn)]));
    expect(weights.map((p) => p.name)).toContain("DA.0.attention.SharedCAM1.classifier");
    const constant = (value: number): unknown => ({ kind: "constant", value });
    const began = ["AB.content.conv1.bias", "AB.attention.SharedCAM1.offset.Offset1.bias", "DA.0.patches.conv1.bias", "AB.content.IN1.Affine1.gamma", "AB.content.IN1.Affine1.beta"];
    expect(began.map((name) => initOf(c, name))).toEqual([0, 0, 0, 1, 0].map(constant));
    expect(["AB.image.Residual1.AdaLIN1.rho", "AB.image.ILN1.rho"].map((name) => initOf(c, name))).toEqual([constant(1), constant(0)]);
  });
  it("spares biases, gains and rho from weight decay", () => {
    const spared = [...check(["tensorflow"]).model!.params.values()].filter((p) => p.role !== "weight").map((p) => p.name.split(".").at(-1));
    expect(new Set(spared)).toEqual(new Set(["bias", "gamma", "beta", "rho"]));
  });
  it("prepares pictures in its order, enlarged to 286 at 256 px and by 15 elsewhere", () => {
    const steps = (set: readonly string[]): unknown => check(["tensorflow"], set).params.get("prepare")!.text;
    const text = (size: number, load: number): string => `resize(${size}, bilinear_corner) |> all_or_none(random_flip |> resize(${load}, bilinear_corner) |> random_crop(${size}))`;
    expect(steps([])).toBe(text(256, 286));
    expect(steps(["size=128", "global_depth=6"])).toBe(text(128, 143));
  });
  it("augments a domain or leaves it as it is, and resizes pictures to be translated as OpenCV does", () => {
    const data = (variants: readonly string[], ...set: string[]): unknown => check(variants, ["size=16", "global_depth=4", "local_depth=3", ...set]).model!.data.slice(0, 2).map(({ steps, test }) => [steps.map(({ op }) => op).join(), test.map((s) => ("filter" in s ? s.filter : s.op)).join()]);
    const [published, all, none] = [["resize,all_or_none", "bilinear_cv2"], ["resize,random_flip,resize,random_crop", "bilinear_cv2"], ["resize", "bilinear_cv2"]];
    expect(data(["tensorflow"])).toEqual([published, published]);
    // What chance decides there can be said, of each domain by itself; and either choice is PyTorch's dialect's, too.
    expect(data(["tensorflow"], "prepare_A=resize(size, bilinear_corner) |> random_flip |> resize(load_size, bilinear_corner) |> random_crop(size)", "prepare_B=resize(size, bilinear_corner)")).toEqual([all, none]);
    expect(data([])).toEqual([0, 1].map(() => ["random_flip,resize,random_crop", "bilinear"]));
    expect(data([], "prepare_B=resize(size)", "test_prepare=resize(size, bilinear_cv2)")).toEqual([["random_flip,resize,random_crop", "bilinear_cv2"], ["resize", "bilinear_cv2"]]);
    expect(data([], "prepare=resize(size) |> all_or_none(random_flip)")).toEqual([0, 1].map(() => ["resize,all_or_none", "bilinear"]));
  });
  it("draws a second batch for the generators, and PyTorch's does not", () => {
    expect(compileTf({ name: "tensorflow", variants: ["tensorflow"] }).program!.data.map((d) => d.name)).toEqual(["A", "B", "A2", "B2"]);
    expect(compileTf({ name: "pytorch" }).program!.data.map((d) => d.name)).toEqual(["A", "B"]);
  });
  it("goes together with the ablations and the other losses", () => {
    for (const other of ["full", "norm_in", "without_d_cam", "hinge", "wgan_gp", "dragan"]) {
      const { diagnostics } = compile({ path: SPEC, text: UGATIT }, { variants: ["tensorflow", other], until: "check" });
      expect(diagnostics.filter((d) => d.severity === "error").map((d) => d.message), other).toEqual([]);
    }
  });
  it("names every variable of the TensorFlow code once", () => {
    const { parameters } = tfMapping(compileTf({ name: "tensorflow", variants: ["tensorflow"] }).program!);
    const names = Object.values(parameters).map((p) => p.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of ["generator_B/conv_1/conv2d/kernel", "generator_A/CAM_logit/bias", "generator_B/MLP/gamma/dense/kernel", "discriminator_A/local/conv_last/bias", "discriminator_B/global/D_logit/bias"])
      expect(names).toContain(name);
  });
});

describe("settings by themselves", { timeout: 60_000 }, () => {
  it.each([["rho=1.0", "AB.image.Residual1.AdaLIN1.rho", { kind: "constant", value: 1 }], ["initial=normal(0, 0.02)", "DA.0.attention.CAM1.average", { kind: "normal", mean: 0, std: 0.02 }]] as const)("%s", (set, name, wanted) => {
    expect(initOf(check([]), name)).not.toEqual(wanted);
    expect(initOf(check([], [set]), name)).toEqual(wanted);
  });
  it("may name other params", () => {
    const load = (...set: string[]): string => check([], ["global_depth=6", ...set]).params.get("load_size")!.text;
    expect([load("load_size=2 * size", "size=64"), load("size=64", "load_size=size + ch")]).toEqual(["128", "128"]);
  });
  it("a word that is none is said", () => {
    const wrong = (set: string): string[] => compile({ path: SPEC, text: UGATIT }, { set: [set], until: "check" }).diagnostics.map((d) => `${d.code} ${d.message}`);
    expect(wrong("eps_form=hatt")).toEqual(["G0201 no eps_form of `adam` is called `hatt` here"]);
    expect(wrong("decay_on=3")).toEqual(["G0302 param `decay_on` takes a word, not 3"]);
    expect(wrong("critic_pad=relu")).toEqual(["G0302 param `critic_pad` takes a padding, not `relu`"]);
    expect(wrong("prepare=3")).toEqual(["G0302 param `prepare` takes a preprocessing step, not 3"]);
  });
});
