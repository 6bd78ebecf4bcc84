// What authors get wrong, on the real specs: the message, its place, its hint, and nothing beside it.
import { describe, expect, it } from "vitest";
import type { CompileOptions } from "../../compiler/compile";
import { check, edited, readRepo } from "./kit";

const real = readRepo("specs/ugatit.gan");
interface Wanted {
  readonly code: string;
  readonly line?: number;
  readonly at?: string;
  readonly message: string | RegExp;
  readonly hint?: string | RegExp;
  readonly related?: readonly string[];
}

/** Exactly these diagnostics, each at the text it underlines. */
function expectOnly(text: string, options: CompileOptions, ...wanted: Wanted[]): void {
  const { compiled } = check("specs/ugatit.gan", text, options);
  expect(compiled.diagnostics.map((d) => `${d.code} ${d.message}`)).toHaveLength(wanted.length);
  wanted.forEach((w, i) => {
    const d = compiled.diagnostics[i]!;
    expect(d.code).toBe(w.code);
    expect(d.message).toMatch(w.message);
    if (w.hint) expect(d.hint).toMatch(w.hint);
    if (w.at !== undefined) expect(text.slice(d.span!.start, d.span!.end)).toBe(w.at);
    for (const r of w.related ?? []) expect(d.related.map((x) => x.message)).toContain(r);
  });
}
const set = (...all: string[]): CompileOptions => ({ set: all });
const swap = (from: string, to: string): string => edited("ugatit", from, to);

describe("a slip of the pen", { timeout: 60_000 }, () => {
  it("in a param's name", () => {
    expectOnly(swap("repeat(blocks) { Residual(norm: encoder_norm) }", "repeat(bloks) { Residual(norm: encoder_norm) }"), {}, { code: "G0201", at: "bloks", message: "nothing is called `bloks` here", hint: "did you mean `blocks`?" });
  });
  it("in an axis", () => {
    expectOnly(swap("mean(attention.features, over: (h, w))", "mean(attention.features, over: (h, v))"), {}, { code: "G0502", at: "mean(attention.features, over: (h, v))", message: "mean works along `v`, which [c: 256, h: 64, w: 64] does not have" });
  });
  it("in a network", () => {
    expectOnly(swap("net AB, BA: Generator", "net AB, BA: Genrator"), {}, { code: "G0201", at: "Genrator", message: /Genrator/, hint: "did you mean `Generator`?" });
  });
  it("in a loss", () => {
    expectOnly(swap("l1(same.image, d.later_to)", "l3(same.image, d.later_to)"), {}, { code: "G0201", at: "l3", message: /`l3`/, hint: "did you mean `l1`?" });
  });
  it("in a field", () => {
    expectOnly(swap("l1(same.image, d.later_to)", "l1(same.imgae, d.later_to)"), {}, { code: "G0203", at: "imgae", message: "the record has no field `imgae`", hint: "did you mean `image`?" });
  });
  it.each([
    ["decoder_nrom=IN", "G0208", "did you mean `decoder_norm`?"],
    ["weights.camm=1", "G0208", "did you mean `weights.cam`?"],
    ["decoder_norm=INN", "G0201", "did you mean `IN`?"],
    ["decoder_norm=IN(afine: true)", "G0202", "did you mean `affine`?"],
    ["decoder_norm", "G0304", /--set decoder_norm=IN/],
  ])("in the override %s", (text, code, hint) => expectOnly(real, set(text), { code, message: /./, hint }));
  it("in a variant", () => expectOnly(real, { variants: ["without_gcam"] }, { code: "G0209", message: /without_gcam/, hint: "did you mean `without_cam`?" }));
});

describe("axes and sizes", { timeout: 60_000 }, () => {
  it("an axis name that does not fit although the size does", () => {
    const text = swap("decoder_norm(gamma: gamma, beta: beta)", "decoder_norm(gamma: mean(attention.features, over: (c, w)), beta: beta)");
    // 16 rows would pass for 16 channels, if sizes were all that counts.
    expectOnly(text, set("size=64", "ch=4", "global_depth=6"), { code: "G0503", at: "decoder_norm(gamma: mean(attention.features, over: (c, w)), beta: beta)", message: /^`gamma` of norm AdaLIN takes vector\[C\], but got \[h: 16\]: it lacks `c`, and there is no place for `h`$/ });
  });
  it("a wrong number of channels, said once though every call shows it", () => {
    expectOnly(swap("conv(3, 7, pad: reflect(3), bias: biases) |> tanh", "conv(4, 7, pad: reflect(3), bias: biases) |> tanh"), {}, {
      code: "G0504", at: "D(made)", message: "`x` of the net DB.0 was made for 3 channels, but got 4: [c: 3, h: 256, w: 256] against [c: 4, h: 256, w: 256]",
      related: ["`c` becomes 4 from 64 in conv(4, 7)", "in the net DB.0", "in phase discriminators"],
    });
  });
  it("a style vector of the wrong length", () => {
    expectOnly(swap("let gamma = style |> linear(4 * ch, bias: biases)", "let gamma = style |> linear(2 * ch, bias: biases)"), {}, { code: "G0509", at: "decoder_norm(gamma: gamma, beta: beta)", message: "`gamma` of norm AdaLIN takes [c: 256], but got [c: 128]", related: ["`c` begins as 128 in linear(128)"] });
  });
  it("the global critic at 64 px: the hint names the depth that fits", () => {
    expectOnly(real, set("size=64"), {
      code: "G0505", at: "conv(1, 4, pad: critic_pad, bias: patch_bias, weight: critic_weight)", message: "conv(1, 4): reflect padding of 1 needs more than 1 along `h`, but its input is [c: 2048, h: 1, w: 1]",
      hint: "`global_depth` = 6 fits: --set global_depth=6 (it is 7)", related: ["`h` becomes 1 from 4 in conv(2048, 4)", "`h` becomes 4 from 2 in the padding of conv(2048, 4)", "in the net DB.0"],
    });
    expect(check("specs/ugatit.gan", real, set("size=64", "global_depth=6")).compiled.diagnostics).toEqual([]);
  });
  it("a crop larger than its resize", () => {
    expectOnly(real, set("load_size=200"), { code: "G0510", at: "if training { prepare_A } else { test_prepare }", message: "a crop of 256x256 does not fit into the pictures of A, which are 200x200 by then", hint: /at least 256/ });
    expectOnly(real, set("test_prepare=resize(200)"), { code: "G0511", at: "if training { prepare_A } else { test_prepare }", message: "the pictures of A come out as 200x200, but are declared 256x256" });
    expectOnly(real, set("test_prepare=random_crop(256)"), { code: "G0516", at: "if training { prepare_A } else { test_prepare }", message: "`random_crop` leaves to chance how pictures of A are prepared to be translated" });
  });
  it("groups that do not divide the channels", () => {
    expectOnly(real, { set: ["ch=10"], variants: ["norm_gn"] }, { code: "G0507", message: "the dim of `c`: 20 is not a multiple of 8" });
  });
});

describe("slots", { timeout: 60_000 }, () => {
  it("a norm that wants style inputs its slot lacks", () => {
    expectOnly(real, set("encoder_norm=AdaLIN"), { code: "G0601", at: "encoder_norm", message: "AdaLIN wants `gamma`, `beta`, but the slot `encoder_norm` offers no style inputs", hint: /`encoder_norm: Norm\(gamma, beta\)`/ });
  });
  it("a norm in a head's place", () => expectOnly(real, set("generator_head=IN"), { code: "G0602", at: "generator_head", message: "the slot `generator_head` takes a head such as CAM or Plain, not the norm IN" }));
  it("a `where` that fails", () => expectOnly(real, set("size=30"), { code: "G0301", at: "size % 4 == 0", message: "param `size` is 30 (--set), but it must hold that size % 4 == 0" }));
  it("variants that disagree, each param once", () => {
    const conflict = (param: string): Wanted => ({ code: "G0303", at: param, message: `the variants norm_in and norm_ln set \`${param}\` to different values` });
    expectOnly(real, { variants: ["norm_in", "norm_ln"] }, conflict("decoder_norm"), conflict("upsample_norm"));
  });
});

describe("training", { timeout: 60_000 }, () => {
  it("a network nobody trains", () => {
    expectOnly(swap("phase generators trains AB, BA when", "phase generators trains AB when"), {}, { code: "G0701", at: "BA", message: "no phase trains the net `BA`: it stays as it was initialized" });
  });
  it("a parameter two optimizers cover", () => {
    expectOnly(swap("  batch 1\n", "  optimizer AB = adam(rate: 1e-4)\n  batch 1\n"), {}, { code: "G0702", at: "optimizer AB = adam(rate: 1e-4)", message: "`AB` is covered by two optimizers: discriminators+generators and AB", related: ["covered here"] });
  });
  it("trained parameters no loss reaches, in one message", () => {
    expectOnly(swap("for D in d.critics {\n        let real", "for D in [DB[0]] {\n        let real"), {}, { code: "G0704", at: "discriminators", message: "no loss of phase discriminators reaches `DB.1`, `DA.0`, `DA.1`, which it trains" });
  });
  it("a gradient through a stale value: both places", () => {
    const text = swap("  phase generators trains AB, BA when (step - 1) % critic_steps == 0 {", "  let seen = AB(A)\n  phase early trains AB { loss x += mean(seen.image^2) }\n  phase generators trains AB, BA {\n    loss late += mean(BA(seen.image).image^2)");
    expectOnly(text, {}, { code: "G0705", at: "generators", message: /^phase generators takes a gradient through a value .* weights of `AB` from before phase early/, related: ["computed here", "phase early changes the weights"] });
  });
  it("recursion", () => {
    expectOnly(swap("|> norm |> relu\n    |> conv(C, 3, pad: reflect(1), bias: biases) |> norm)", "|> Residual(norm: norm))"), {}, { code: "G0207", at: "Residual(norm: norm)", message: "a declaration may not use itself: Residual → Residual" });
  });
});

it("several mistakes come in one run, in the order of the text", () => {
  const text = swap("|> repeat(blocks) { Residual(norm: encoder_norm) }", "|> repeat(bloks) { Residual(nrom: encoder_nrm) }").replace("l1(same.image", "l2(same.image").replace('"std/reparams"', '"std/reparam"');
  const { compiled } = check("specs/ugatit.gan", text, set("szie=3"));
  expect(compiled.diagnostics.map((d) => d.code)).toEqual(["G0208", "G0204", "G0201", "G0202", "G0201", "G0201"]);
  expect(compiled.diagnostics.every((d) => d.hint)).toBe(true);
});

describe("the other specs compile", { timeout: 60_000 }, () => {
  it.each(["unit", "munit", "cyclegan", "drit"])("%s", (spec) => {
    const { diagnostics } = check(`specs/${spec}.gan`, readRepo(`specs/${spec}.gan`)).compiled;
    expect(diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  });
});
