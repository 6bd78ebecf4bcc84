// States in emitted code beside the ONNX engine: what a name holds before and after `next`, in steps and in exports.
import { describe, expect, it } from "vitest";
import { around, sameAsOnnx } from "./beside";

const norm = (body: string): string => `
norm Drift(x: image[C, H, W], momentum = 0.3) {
  state average: vector[C] = 0.0
  ${body}
}
network Maker(x: image[3, H, W]) { return x |> conv(4, 3, pad: 1) |> Drift |> conv(3, 1) }
`;
const ADVANCE = "next average = mix(average, mean(x, over: (batch, h, w)), momentum)";

describe("`next` without `while training`", () => {
  const always = norm(`${ADVANCE}\n return x - average`);
  const inTraining = norm(`${ADVANCE} while training\n return x - average`);
  const EXPORT = "export A2B(x: image[3, H, W]) = G(x)";

  it("gives an export the new value, and leaves the state as it is", async () => {
    const made = await sameAsOnnx(around(always) + EXPORT);
    const others = await sameAsOnnx(around(inTraining) + EXPORT);
    // The two specs differ in an export alone, and do differ there.
    const [a, b] = [made, others].map((m) => Object.values(m)[0]!);
    expect(Math.max(...a!.map((v, i) => Math.abs(v - b![i]!)))).toBeGreaterThan(0.01);
  });

  it("advances a state with each other call in an export, and once for calls that are the same", async () => {
    await sameAsOnnx(around(always) + "export Twice(x: image[3, H, W]) = G(G(x))\nexport Same(x: image[3, H, W]) = { image: G(x), again: G(x) }");
  });

  it("goes before one that stands still in an export", async () => {
    await sameAsOnnx(around(norm(`${ADVANCE}\n next average = 2 * average while training\n return x - average`)) + EXPORT);
  });

  it("advances in a loop", async () => {
    await sameAsOnnx(around(norm(`for i in 0..3 { ${ADVANCE} }\n return x - average`)) + EXPORT);
  });
});

describe("a name for a state keeps the value that it was given", () => {
  const EXPORT = "export A2B(x: image[3, H, W]) = G(x)";
  it.each([
    ["a let", `let old = average\n ${ADVANCE} while training\n return x - old + 0.5 * average`],
    ["a let, in exports, too", `let old = average\n ${ADVANCE}\n return x - old + 0.5 * average`],
    ["a let of a let", `let older = average\n let old = older\n ${ADVANCE} while training\n return x - old`],
    ["a let after the first `next`", `${ADVANCE} while training\n let old = average\n next average = 2 * average while training\n return x - old`],
    ["a record", `let kept = { old: average }\n ${ADVANCE} while training\n return x - kept.old`],
    ["a list", `let kept = [average, 2 * average]\n ${ADVANCE} while training\n return x - kept[0] - kept[1]`],
    ["a stage's argument", `let f = Less(by: 2 * average)\n ${ADVANCE} while training\n return f(x)`],
    ["what a function gives back", `let old = Itself(average)\n ${ADVANCE} while training\n return x - old`],
    ["a lambda's argument", `let old = average |> (s => s)\n ${ADVANCE} while training\n return x - old`],
  ])("%s", async (_name, body) => {
    const itself = "norm Itself(v: vector[C]) { return v }\n";
    const less = "norm Less(x: image[C, H, W], by: vector[C]) { return x - by }\n";
    await sameAsOnnx(around((body.includes("Itself") ? itself : "") + (body.includes("Less") ? less : "") + norm(body)) + EXPORT);
  });

  it("a state that a net returns", async () => {
    const net = `
network Maker(x: image[3, H, W]) {
  state average: vector[3] = 0.0
  next average = 0.9 * average + 0.1 while training
  return { image: x |> conv(3, 1), average: average }
}`;
    await sameAsOnnx(around(net, "let a = G(A)\n let b = G(B)\n loss power += mse(a.image - a.average, B) + mse(b.image - b.average, A)") + "export A2B(x: image[3, H, W]) = G(x).image - G(x).average");
  });
});
