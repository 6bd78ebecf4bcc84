// Everything that a spec can name in a body is written, or belongs to what bodies do not hold.
import { describe, expect, it } from "vitest";
import { builtins } from "../../../../compiler/builtins/table";
import { data } from "../../../../compiler/builtins/data";
import { writers } from "../../../../backends/tfjs/writer/builtins/table";
import { compileSpec, formattedFiles, project } from "./kit";

/** `adam` stands in `optimizer` lines, and data steps in `data` lines: they are no text of a body. */
const ELSEWHERE = new Set(["adam", ...data.map((b) => b.name)]);

describe("the writer's table", () => {
  it.each([...builtins.keys()].filter((name) => !ELSEWHERE.has(name)))("%s", (name) => {
    expect(writers[name]).toBeTypeOf("function");
  });
});

const OWN = `
import { mse } from "std/losses"
/// Root mean square normalization.
norm RMS(x: image[C, H, W], eps = 1e-5) {
  learn gamma: vector[C] = 1.0
  return gamma * x / sqrt(mean(x^2, over: (c, h, w)) + eps)
}
param norm: Norm = RMS(eps: 1e-3)
network G(x: image[3, H, W]) {
  return x |> conv(8, 3, pad: 1) |> norm |> relu |> conv(3, 3, pad: 1)
}
train {
  data A: image[3, 16, 16]
  net AB: G
  phase p trains AB { loss power += mse(AB(A), 0) }
  optimizer p = adam(rate: 1e-4)
}
export A2B(x: image[3, H, W]) = AB(x)
`;

it("a user's own norm becomes a function of its name", async () => {
  const files = await formattedFiles(project(compileSpec("own.gan", {}, OWN)));
  const norms = files.get("src/norms.ts")!;
  expect(norms).toContain("export function RMS(w: Scope, x: Tensor, ");
  expect(norms).toMatch(/Root mean square normalization\.\n \* norm RMS, own\.gan:4/);
  expect([...files.keys()].some((f) => f === "src/heads.ts" || f === "src/reparams.ts")).toBe(false);
});
