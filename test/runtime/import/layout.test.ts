// Layout files: what a person may write, what is told when it is wrong, and orders of axes there and back.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "../../../compiler/compile";
import type { Program } from "../../../compiler/program";
import { TensorFile } from "../../../runtime/checkpoint/file";
import { encodeSafetensors } from "../../../runtime/checkpoint/safetensors";
import { UserError } from "../../../runtime/files/errors";
import { fit } from "../../../runtime/import/fit";
import { openWeightFile } from "../../../runtime/import/file";
import { type Layout, parseLayout } from "../../../runtime/import/layout";
import { lookUp, pairsOf } from "../../../runtime/import/naming";
import { publish } from "../../../runtime/import/publish";
import { numbersOf } from "../../../runtime/import/survey";
import { put, valuesOf } from "./kit";
import { layoutText } from "./model";

const said = (act: () => unknown): string => {
  try {
    act();
  } catch (e) {
    expect(e).toBeInstanceOf(UserError);
    return (e as UserError).message;
  }
  throw new Error("nothing was said");
};

describe("a layout's mistakes name the line", () => {
  const part = "net AB . g\npart g\n  ";
  it.each([
    ["nets AB x g", "line 1: a line begins with net, part, size, ignore, note, outside, option, not with nets"],
    ["net AB x", "line 1: a net has three words"],
    ["net AB x g\nnet AB y g", "line 2: the net AB or y stands above already"],
    ["net AB x g", "l: the net AB is of part g, which is not there"],
    ["# nothing", "l names no net"],
    ["  a b", "line 1: an indented line belongs to a part or an option, and none is open"],
    [`${part}a`, "line 3: a line of a part is our name, theirs, and their axes where they differ"],
    [`${part}a{k b`, "line 3: a{k has a { or } without its other half"],
    [`${part}a{3} b`, "line 3: {3} catches nothing"],
    [`${part}a{k}.{k} b`, "line 3: {k} stands twice on the left"],
    [`${part}a{k} b{n}`, "line 3: {n} names nothing that stands on the left"],
    [`${part}a b [C]`, "line 3: C is no axis"],
    [`${part}a b [in: h w -> h c]`, "line 3: h w and h c are not the same axes"],
    [`${part}a b when light`, "line 3: light is no condition"],
    ["size c many", "line 1: a size is an axis and its length"].map((t) => t.replace("many", "4 * * ch")) as [string, string],
    ["option old-variance\n  decoder_norm", "line 2: an option's line is a param of the spec and its value"],
  ])("%j", (text, message) => {
    expect(said(() => parseLayout("l", text))).toContain(message);
  });
});

describe("patterns", () => {
  const layout = parseLayout("l", "net AB there g\npart g\n  a.conv3.{p=weight|bias}  first.{p}\n  a.conv{k}.weight  m.{4k-3}.w{k}\n  *{k}.rho  n.{k+11}.rho\n  b.c  x  when mode = on");
  const there = (name: string, settings = {}): string | undefined => lookUp(layout, "AB", name, settings)?.key;
  it("take the first line that fits, whole names, sums", () => {
    expect(there("a.conv3.weight")).toBe("first.weight");
    expect(there("a.conv12.weight")).toBe("m.45.w12");
    expect(there("AdaLIN2.rho")).toBe("n.13.rho");
    expect(there("a.conv1.weights")).toBeUndefined();
    expect(there("aXconv1.weight")).toBeUndefined();
    expect(there("x.AdaLIN2.rho")).toBeUndefined(); // * is one word
    expect(lookUp(layout, "BA", "a.conv3.weight")).toBeUndefined();
  });
  it("hold conditions against the spec's params", () => {
    expect(there("b.c")).toBeUndefined();
    expect(there("b.c", { mode: "off" })).toBeUndefined();
    expect(there("b.c", { mode: "on" })).toBe("x");
  });
});

const SPEC = `
import { mse } from "std/losses"
param wide: int = 3
network G(x: image[2, H, W]) { return x |> conv(wide, 3, pad: 1) |> relu |> conv(2, 1, bias: false) }
network F(x: image[2, H, W]) { return mean(flatten(x) |> linear(5, bias: false)) }
train {
  data A: image[2, 4, 6] = resize(4, width: 6)
  net g: G
  net f: F
  phase p trains g, f { loss l += mse(g(A), A) + f(A)^2 }
  optimizer p = adam(rate: 1e-3)
  length 5 steps
}
export go(x: image[2, H, W]) = g(x)
`;
const program = (): Program => {
  const c = compile({ path: "s.gan", text: SPEC }, { set: [], variants: [] });
  if (!c.program) throw new Error(c.diagnostics.map((d) => d.message).join());
  return c.program;
};
const OTHER = `
net g  conv  g
net f  fc    f
size c 2
size h 4
size w 2*wide
part g
  conv{k}.weight  layer{k}.kernel  [kh, kw, in, out]
  conv{k}.bias    layer{k}.bias    [1, c, 1]
part f
  linear1.weight  kernel           [in: c h w -> h w c, out]
`;

it("another program's order of axes is read and written, an axis cut in three included", async () => {
  const p = program();
  const pairs = pairsOf(parseLayout("other", OTHER), p);
  expect(pairs.map(({ net, key, shape }) => [net, key, ...shape])).toEqual([
    ["conv", "layer1.kernel", 3, 3, 2, 3], ["conv", "layer1.bias", 1, 3, 1], ["conv", "layer2.kernel", 1, 1, 3, 2], ["fc", "kernel", 48, 5],
  ]);
  // A number that says where it stands: in the order of their axes.
  const data = pairs.map(({ net, key, shape }) => ({ name: `${net}.${key}`, shape, data: Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => i) }));
  const path = put("theirs.safetensors", Buffer.concat([...encodeSafetensors(data, {})]));
  const file = await openWeightFile(path);
  const found = fit([{ file, at: "" }], parseLayout("other", OTHER), pairs, { partial: false, spec: "s.gan" });
  const ours = new Map(found.sources.map((s) => [s.pair.ours.name, [...numbersOf(p, 1)(s)].flatMap((part) => [...part])]));
  file.file.close();
  // Ours is [out, in, kh, kw]; theirs counts kh, kw, in, out.
  const kernel = ours.get("g.conv1.weight")!;
  for (let o = 0; o < 3; o++) for (let i = 0; i < 2; i++) for (let y = 0; y < 3; y++) for (let x = 0; x < 3; x++) expect(kernel[((o * 2 + i) * 3 + y) * 3 + x]).toBe(((y * 3 + x) * 2 + i) * 3 + o);
  // Ours is [out, (c h w)]; theirs [(h w c), out].
  const linear = ours.get("f.linear1.weight")!;
  for (let o = 0; o < 5; o++) for (let c = 0; c < 2; c++) for (let y = 0; y < 4; y++) for (let x = 0; x < 6; x++) expect(linear[o * 48 + (c * 4 + y) * 6 + x]).toBe(((y * 6 + x) * 2 + c) * 5 + o);

  const own = put("own.safetensors", Buffer.concat([...encodeSafetensors(found.sources.map(({ pair }) => ({ name: pair.value.replace(":", "/"), shape: pair.ours.shape, data: Float32Array.from(ours.get(pair.ours.name)!) })), {})]));
  const checkpoint = TensorFile.open(own);
  const back = put("back.safetensors", Buffer.alloc(0));
  await publish(back, own, (name) => checkpoint.place(name), pairs, {});
  checkpoint.close();
  const again = await openWeightFile(back);
  for (const { name, shape, data: numbers } of data) {
    expect(again.tensors.get(name)!.shape).toEqual(shape);
    expect(valuesOf(again, name)).toEqual(numbers);
  }
  again.file.close();
});

describe("a layout that does not suit the spec", () => {
  const pairs = (text: string): string => said(() => pairsOf(parseLayout("l", text), program()));
  it.each([
    ["a tensor without a line", OTHER.replace(/ {2}conv\{k\}\.bias.*\n/, ""), "l has no line for g.conv1.bias of s"],
    ["two tensors of one name", OTHER.replace("layer{k}.kernel", "kernel"), "l gives g.conv1.weight and g.conv2.weight the same name, conv.kernel"],
    ["axes that the tensor does not have", OTHER.replace("[1, c, 1]", "[out]"), "line 9: [out] are not the axes of g.conv1.bias, which has c"],
    ["an axis twice", OTHER.replace("[kh, kw, in, out]", "[kh, kh, in, out]"), "line 8: [kh, kh, in, out] are not the axes"],
    ["sizes that do not multiply to the axis", OTHER.replace("size h 4", "size h 3"), "line 11: in of f.linear1.weight has 48, not c 2 × h 3 × w 6"],
    ["no size", OTHER.replace("size h 4\n", ""), "l says no size of the axis h"],
    ["a size of a param that the spec lacks", OTHER.replace("2*wide", "2*width"), "wants the param width"],
  ])("%s", (_, text, message) => {
    expect(pairs(text)).toContain(message);
  });
});

describe("the shipped layout", () => {
  it("knows what docs/layouts.md and the published code say of it", () => {
    const layout: Layout = parseLayout("u", layoutText());
    expect(layout.nets.map((n) => n.theirs)).toEqual(["genA2B", "genB2A", "disGA", "disGB", "disLA", "disLB"]);
    expect(layout.notes).toHaveLength(1);
    expect(layout.notes[0]).toContain("2019-08-27");
    expect([...layout.options.keys()]).toEqual(["old-variance"]);
    expect(readFileSync("docs/layouts.md", "utf8")).toContain("| `option old-variance` |");
  });
});
