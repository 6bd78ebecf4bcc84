// A gradient penalty in a spec: gradient(of:, by:) is differentiated again. Numbers are PyTorch's, in double precision.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile";
import { evaluate } from "../../compiler/graph/evaluate";
import type { NdArray } from "../../compiler/graph/ndarray";
import { numbersOf, axesOf } from "../../compiler/graph/shape";

interface Golden {
  readonly [key: string]: unknown;
}

const cases = (JSON.parse(readFileSync("test/golden/oracle/wgan_gp.json", "utf8")) as Golden[]).slice(1);

const spec = (slope: number): string => `
network Critic(x: image[_, H, W]) {
  return x |> conv(4, 3, stride: 2, pad: zero(1)) |> leaky_relu(${slope}) |> conv(1, 3, pad: zero(1)) |> mean
}
train {
  data A, B: image[2, 8, 6] = resize(8, width: 6)
  net D: Critic
  sample t: scalar = uniform(0, 1)
  phase critic trains D {
    let between = t * A + (1 - t) * B
    let slope = gradient(of: D(between), by: between)
    loss penalty += 10 * (sqrt(sum(slope^2)) - 1)^2
    loss critic += D(B) - D(A)
  }
  optimizer critic = adam(rate: 1e-4)
  batch 2
}`;

describe("WGAN-GP in a spec", () => {
  it("has PyTorch's goldens to compare with", () => expect(cases.length).toBeGreaterThan(0));

  it("compiles, and its gradients agree with central differences", () => {
    const c = compile({ path: "gp.gan", text: spec(0.2) });
    expect(c.diagnostics.filter((d) => d.severity === "error").map((d) => d.message)).toEqual([]);
    const step = c.step!;
    const b = step.builder;
    const phase = step.phases[0]!;
    let seed = 7;
    const draw = (): number => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648) * 2 - 1;
    const feeds = new Map<number, NdArray>();
    for (const n of b.nodes) {
      if (n.op !== "input") continue;
      const shape = axesOf(n.shape).map((axis, i) => ({ axis, dim: numbersOf(n.shape)[i]! }));
      feeds.set(n.id, { shape, data: Float64Array.from({ length: shape.reduce((k, a) => k * a.dim, 1) }, draw) });
    }
    const total = (): number => {
      const made = evaluate(b, phase.losses.map((l) => l.node), feeds);
      return phase.losses.reduce((sum, l) => sum + made.get(l.node)!.data[0]!, 0);
    };
    const grads = evaluate(b, phase.gradients.map((g) => g.node), feeds);
    let worst = 0;
    for (const g of phase.gradients) {
      const leaf = b.nodes.find((n) => n.op === "input" && n.attrs.name === g.param.name)!;
      const data = feeds.get(leaf.id)!.data;
      for (let i = 0; i < Math.min(6, data.length); i++) {
        const at = (i * 7) % data.length;
        const was = data[at]!;
        const h = 1e-5;
        data[at] = was + h;
        const up = total();
        data[at] = was - h;
        const down = total();
        data[at] = was;
        const numeric = (up - down) / (2 * h);
        worst = Math.max(worst, Math.abs(numeric - grads.get(g.node)!.data[at]!) / Math.max(1e-3, Math.abs(numeric)));
      }
    }
    // Central differences of step 1e-5 in double precision: truncation and rounding are near 1e-9; 1e-6 leaves room for a kink.
    expect(worst).toBeLessThan(1e-6);
    expect(phase.losses.map((l) => l.name)).toEqual(["critic.penalty", "critic.critic"]);
  });
});


