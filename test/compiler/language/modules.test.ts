// Rules 6 to 9: declarations and instances, slots, library text, overrides.
import { describe, expect, it } from "vitest";
import { codes, compiled, countOps, params, sound, spec, value } from "./kit";

describe("rule 6: a declaration makes, an instance shares", () => {
  it("fresh weights at each place, by declaration, slot, let and repeat", () => {
    const c = sound(spec({ top: "block R(x: image[C, H, W]) { return x |> conv(C, 1, bias: false) }", net: "let layer = conv(3, 1, bias: false)\n return x |> R |> R |> layer |> layer |> repeat(2) { conv(3, 1, bias: false) }" }));
    expect(Object.keys(params(c))).toEqual(["AB.R1.conv1.weight", "AB.R2.conv1.weight", "AB.conv1.weight", "AB.conv2.weight", "AB.conv3.weight", "AB.conv4.weight"]);
  });
  it("every call of a net shares its weights", () => {
    const c = sound(spec({ phases: "phase p trains AB { loss power += mean(AB(AB(A))^2) + mean(AB(B)^2) }" }));
    expect(params(c)).toEqual({ "AB.conv1.weight": "[out: 3, in: 3, kh: 3, kw: 3]", "AB.conv1.bias": "[c: 3]" });
    expect(countOps(c, "conv")).toBe(3);
  });
  it("names follow the lets of the body", () => {
    const c = sound(spec({ net: "let content = x |> conv(4, 1) |> IN\n let image = content |> ILN |> conv(3, 1, bias: false)\n return image" }));
    expect(Object.keys(params(c))).toEqual(["AB.content.conv1.weight", "AB.content.conv1.bias", "AB.image.ILN1.rho", "AB.image.ILN1.gamma", "AB.image.ILN1.beta", "AB.image.conv1.weight"]);
  });
  it("a net handed to two others has its parameters once, and both train it", () => {
    const c = sound(spec({ top: "network Trunk(x: image[C, H, W]) { return x |> conv(C, 1) }\nnetwork E(x: image[3, H, W], trunk: Trunk) { return x |> conv(3, 3, pad: 1) |> trunk }", nets: "net shared: Trunk\n net EA, EB: E(trunk: shared)", phases: "phase p trains EA, EB { loss power += mean(EA(A)^2) + mean(EB(B)^2) }" }));
    expect(Object.keys(params(c)).filter((n) => n.startsWith("shared."))).toEqual(["shared.conv1.weight", "shared.conv1.bias"]);
    expect(Object.keys(params(c))).toHaveLength(6);
    expect(c.model!.phases[0]!.nets.map((n) => n.name)).toEqual(["EA", "shared", "EB"]);
  });
  it("lists of nets are numbered", () => {
    expect(Object.keys(params(sound(spec({ nets: "net D: [G, G]", phases: "phase p trains D { for d in D { loss power += mean(d(A)^2) } }" }))))).toEqual(["D.0.conv1.weight", "D.0.conv1.bias", "D.1.conv1.weight", "D.1.conv1.bias"]);
  });
});

const STYLED = "let y = x |> conv(4, 1)\n let style = mean(y, over: (h, w))\n let gamma = style |> linear(4)\n let beta = style |> linear(4)\n return y |> n(gamma: gamma, beta: beta) |> conv(3, 1)";
const styled = (norm: string): string => spec({ top: `param n: Norm(gamma, beta) = ${norm}`, net: STYLED });

describe("rule 7: slots have kinds", () => {
  it("a norm that wants no style inputs ignores them; what is dead is dropped and counted", () => {
    const c = sound(styled("IN"));
    expect(c.diagnostics.map((d) => d.message)).toEqual(["dropped, because nothing uses it: AB.gamma.linear1.weight, AB.gamma.linear1.bias, AB.beta.linear1.weight and 1 more (40 parameters)"]);
    expect(c.step!.dead).toHaveLength(4);
    expect(sound(styled("IN"), { until: "graphs" }).program!.params.map((p) => p.name)).toEqual(["AB.y.conv1.weight", "AB.y.conv1.bias", "AB.conv1.weight", "AB.conv1.bias"]);
  });
  it("each norm of the library fits the slot", () => {
    for (const norm of ["IN", "LN", "GN(groups: 2)", "BN", "ILN", "AdaIN", "AdaLIN", "identity", "IN(affine: true)", "AdaLIN(eps: 1e-6)", "LN(form: std_plus_eps)"]) expect(codes(styled(norm)).filter((d) => d !== "G0711"), norm).toEqual([]);
  });
  it("a norm that wants a style input the slot lacks is an error, wherever it is chosen", () => {
    expect(codes(spec({ top: "param n: Norm = AdaIN" }))).toEqual(["G0601"]);
    expect(codes(spec({ top: "param n: Norm(gamma) = AdaIN" }))).toEqual(["G0601"]);
    expect(codes(spec({ top: "block R(x: image[C, H, W], n: Norm) { return x |> n }", net: "return x |> conv(3, 1) |> R(n: AdaIN)" }))).toEqual(["G0601"]);
  });
  it("style inputs bound where the norm is handed on count", () => {
    const net = "let y = x |> conv(4, 1)\n let g = mean(y, over: (h, w))\n return y |> R(n: AdaIN(gamma: g, beta: g)) |> conv(3, 1)";
    expect(codes(spec({ top: "block R(x: image[C, H, W], n: Norm) { return x |> n }", net }))).toEqual([]);
  });
  it("kinds do not mix", () => {
    for (const [type, value] of [["Norm", "mse"], ["Head", "IN"], ["Loss", "CAM"], ["Init", "IN"], ["Activation", "spectral"], ["Reparam", "IN"]]) expect(codes(spec({ top: `param s: ${type!} = ${value!}` })), `${type!} = ${value!}`).toEqual(["G0602"]);
  });
});

describe("rule 8: only primitives are built in", () => {
  it("a user's own norm stands where the library's do", () => {
    const own = "norm Own(x: image[C, H, W], eps = 1e-5; gamma: vector[C], beta: vector[C]) { return gamma * standardize(x, over: (h, w), eps: eps) + beta }";
    const text = (norm: string): string => spec({ top: `${own}\nparam n: Norm(gamma, beta) = ${norm}`, net: STYLED });
    expect(value(sound(text("Own")), "p", "power")).toBe(value(sound(text("AdaIN")), "p", "power"));
  });
  it("from a file of their own, too", () => {
    const read = (path: string): string | undefined => (path === "norms.gan" ? "norm Own(x: image[C, H, W]) { return 2 * x }" : undefined);
    expect(codes(spec({ top: 'import { Own } from "./norms.gan"\nparam n: Norm = Own', net: "return x |> conv(3, 1) |> n" }), { read })).toEqual([]);
    expect(codes(spec({ top: 'import { Own } from "./nroms.gan"' }), { read })).toEqual(["G0204"]);
  });
});

describe("rule 9: overrides", () => {
  const text = `param size: int = 8
param load: int = size + 2
param weights = { a: 1.0, b: 2.0 }
variant large { size = 32, weights.a = 5 }
variant wide { size = 64 }
variant same { size = 32 }`;
  const bound = (...options: string[]): Record<string, string> => {
    const variants = options.filter((o) => !o.includes("="));
    const c = compiled(spec({ top: text }), { variants, set: options.filter((o) => o.includes("=")) });
    return Object.fromEntries([...c.params].map(([name, p]) => [name, `${p.text} ${p.from}`]));
  };
  it("defaults, then variants, then --set, then derived defaults", () => {
    expect(bound()).toEqual({ size: "8 default", load: "10 default", weights: "{ a: 1, b: 2 } default" });
    expect(bound("large")).toEqual({ size: "32 variant large", load: "34 default", weights: "{ a: 5, b: 2 } variant large" });
    expect(bound("large", "size=16")).toEqual({ size: "16 --set", load: "18 default", weights: "{ a: 5, b: 2 } variant large" });
    expect(bound("load=9").load).toBe("9 --set");
  });
  it("records merge by key and grow none", () => {
    expect(bound("weights.b=7").weights).toBe("{ a: 1, b: 7 } --set");
    expect(bound("weights={ a: 3 }").weights).toBe("{ a: 3, b: 2 } --set");
    expect(codes(spec({ top: text }), { set: ["weights.c=1"] })).toEqual(["G0208"]);
    expect(codes(spec({ top: text }), { set: ["weights={ c: 1 }"] })).toEqual(["G0203"]);
  });
  it("variants that set one param differently are an error, unless --set decides", () => {
    expect(codes(spec({ top: text }), { variants: ["large", "wide"] })).toEqual(["G0303"]);
    expect(codes(spec({ top: text }), { variants: ["large", "same"] })).toEqual([]);
    expect(codes(spec({ top: text }), { variants: ["large", "wide"], set: ["size=4"] })).toEqual([]);
  });
  it("every `where` is asked last", () => {
    const guarded = (top: string, ...set: string[]): string[] => codes(spec({ top }), { set });
    expect(guarded("param a: int = 3 where a < b\nparam b: int = 2")).toEqual(["G0301"]);
    expect(guarded("param a: int = 3 where a < b\nparam b: int = 2", "b=4")).toEqual([]);
  });
  it("--set may name the whole library, imported or not", () => {
    const lone = spec({ top: "param n: Norm = IN" }).replace('import { IN, LN, GN, BN, ILN, AdaIN, AdaLIN } from "std/norms"', 'import { IN } from "std/norms"');
    expect(codes(lone, { set: ["n=GN(groups: 3)"] })).toEqual([]);
    expect(codes(lone, { set: ["n=IN(affine: true)"] })).toEqual([]);
  });
});
