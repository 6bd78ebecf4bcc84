// Draws and layers in emitted code beside the ONNX engine: which of them run, and in which order they are counted.
import { describe, expect, it } from "vitest";
import { emitProject } from "../../../../backends/tfjs/project";
import { around, sameAsOnnx } from "./beside";
import { compileSpec } from "./kit";

const network = (body: string): string => `network Maker(x: image[3, H, W]) {\n${body}\n}\n`;
const EXPORT = "export A2B(x: image[3, H, W]) = G(x)";
const NOISY = "x + sample normal like x";
const LAYERS = "conv(4, 1) |> relu |> conv(3, 1)";

describe("`if training`", () => {
  it.each([
    ["a draw, and lines on the other side", `let y = if training { ${NOISY} } else { sum([for k in 0..2: (k + 1) * x]) }\n return y |> conv(3, 1)`],
    ["a draw with layers of its own", `let y = if training { (${NOISY}) |> ${LAYERS} } else { x }\n return y |> conv(3, 1)`],
    ["layers on both sides", `let y = if training { (${NOISY}) |> ${LAYERS} } else { (2 * x) |> ${LAYERS} }\n return y |> conv(3, 1)`],
    ["within an expression", `return (x |> conv(3, 1)) + if training { (${NOISY}) |> ${LAYERS} } else { x }`],
    ["one inside of the other's side", `let y = if training { (${NOISY}) |> ${LAYERS} } else { if training { x } else { x |> ${LAYERS} } }\n return y |> conv(3, 1)`],
    ["by `not training`", `let y = if not training { x } else { (${NOISY}) |> ${LAYERS} }\n return y |> conv(3, 1)`],
    ["a state on the one side, the batch's own on the other", "return x |> BN |> conv(3, 1)"],
    ["one expression a side", `let y = if training { ${NOISY} } else { x }\n return y |> conv(3, 1)`],
  ])("%s", async (_name, body) => {
    const made = await sameAsOnnx(around((body.includes("BN") ? 'import { BN } from "std/norms"\n' : "") + network(body)) + EXPORT);
    expect(Object.keys(made)).toEqual(["A2B image"]);
  });

  it("in a phase, read or not", async () => {
    const sides = "if training { sum([for k in 0..2: B + k * sample normal like B]) } else { B }";
    await sameAsOnnx(around(network("return x |> conv(3, 1)"), `let idle = ${sides}\n let target = ${sides}\n loss power += mse(G(A), target)`) + EXPORT);
  });

  it("draws and lines in the value of a `next` that an export leaves out", async () => {
    await sameAsOnnx(around(`
norm Drift(x: image[C, H, W]) {
  state average: vector[C] = 0.0
  let doubled = [for k in 0..2: (k + 1) * mean(x, over: (batch, h, w))]
  next average = sum([for k in 0..2: mean((x + sample normal like x) ^ 2, over: (batch, h, w)) * doubled[k]]) while training
  return x - average
}
${network("return x |> conv(4, 1) |> Drift |> conv(3, 1)")}`) + EXPORT);
  });

  it.each(["let y = if training { x }\n return (x |> conv(3, 1)) + y", "return if training and 1 < 2 { x |> conv(3, 1) } else { x }"])("is refused where it is no plain choice: %s", (body) => {
    const { diagnostics } = emitProject(compileSpec("plain.gan", {}, around(network(body.replace("x |>", "x |> conv(3, 1) |>"))) + EXPORT));
    expect(diagnostics.map((d) => d.code)).toEqual(["G0802"]);
    expect(diagnostics[0]!.message).toContain("`training`");
  });

  it("is refused where its sides have other axes", () => {
    const { diagnostics } = emitProject(compileSpec("axes.gan", {}, around(network("return (x |> conv(3, 1)) + if training { x } else { mean(x, over: (h, w)) }")) + EXPORT));
    expect(diagnostics.map((d) => d.code)).toEqual(["G0802"]);
    expect(diagnostics[0]!.message).toContain("one side has the axes batch, h, w, c, the other batch, c");
  });
});

describe("draws are counted in the order of the text", () => {
  const LATER = `((x + sample normal like x) |> ${LAYERS})`;
  it.each([
    ["a share of `mix`", "mix(x, 2 * x, sample uniform like x)"],
    ["a share of `mix`, of vectors", "mix(mean(x, over: (h, w)), 2 * mean(x, over: (h, w)), sample uniform like x)"],
    ["the low bound of `clamp`", "clamp(x, sample uniform like x, 2)"],
    ["the high bound of `clamp`", "clamp(x, -2, sample uniform like x)"],
  ])("%s", async (_name, value) => {
    await sameAsOnnx(around(network(`return (${value} + ${LATER}) |> conv(3, 1)`)));
  });
});

describe("`clamp` between tensors", () => {
  it.each([
    ["vectors of each sample", "clamp(x |> conv(3, 1), mean(x, over: (h, w)), 0.3)"],
    ["a vector between pictures", "clamp(mean(x, over: (h, w)), x |> conv(3, 1), 0.3 * x)"],
  ])("%s", async (_name, value) => {
    await sameAsOnnx(around(network(`return ${value} |> conv(3, 1)`)) + EXPORT);
  });
});
