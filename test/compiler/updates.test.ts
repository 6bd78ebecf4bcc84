// Updates beyond the plain one, in double precision: gradients clipped together, and a net that two phases of a step train.
import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile";
import { Random } from "../../compiler/random";
import { type Feeds, Reference, type StepResult } from "../parity/reference";

const NETS = `
network G(x: image[3, H, W]) { return x |> conv(4, 3, pad: 1) |> leaky_relu(0.2) |> conv(3, 3, pad: 1) }
train {
  data A: image[3, 6, 6]
  net AB, BA: G
`;
function referenceOf(rest: string): Reference {
  const compiled = compile({ path: "updates.gan", text: `${NETS}${rest}\n}` });
  expect(compiled.diagnostics.filter((d) => d.severity === "error").map((d) => d.message)).toEqual([]);
  return new Reference(compiled, 100).initialize(2);
}
const feeds = (): Feeds => {
  const random = Random.of(1, "A");
  return { data: { A: Float64Array.from({ length: 108 }, () => 2 * random.unit() - 1) } };
};
const norm = (all: Iterable<Float64Array>): number => Math.sqrt([...all].reduce((sum, g) => sum + g.reduce((s, v) => s + v * v, 0), 0));

describe("clip_norm", () => {
  const PHASES = `
    phase p trains AB, BA { loss x += 7 * mean(AB(A)^2) + mean(BA(A)^2) }`;
  const step = (optimizers: string): StepResult => referenceOf(`${PHASES}\n${optimizers}`).step(feeds());
  const free = step("optimizer AB = adam(rate: 1e-2)\n optimizer BA = adam(rate: 1e-2)").gradients;
  const of = (net: string, gradients = free): Float64Array[] => [...gradients].filter(([name]) => name.startsWith(net)).map(([, g]) => g);

  it.each([
    ["all that one optimizer covers, together", "optimizer p = adam(rate: 1e-2, clip_norm: 0.05)", ["AB.", "BA."]],
    ["what another one covers, not at all", "optimizer AB = adam(rate: 1e-2, clip_norm: 0.05)\n optimizer BA = adam(rate: 1e-2)", ["AB."]],
    ["nothing where the norm is smaller", "optimizer p = adam(rate: 1e-2, clip_norm: 1000)", []],
  ] as const)("scales %s", (_, optimizers, clipped) => {
    const made = step(optimizers).gradients;
    // torch.nn.utils.clip_grad_norm_: the coefficient is max_norm / (total_norm + 1e-6), at most 1.
    const factor = Math.min(1, 0.05 / (norm(clipped.flatMap((net) => of(net))) + 1e-6));
    if (clipped.length > 0) expect(factor).toBeLessThan(0.5);
    for (const [name, g] of free) {
      const f = clipped.some((net) => name.startsWith(net)) ? factor : 1;
      made.get(name)!.forEach((v, i) => expect(v).toBeCloseTo(f * g[i]!, 13));
    }
  });
});

describe("a net that two phases of a step train", () => {
  // With betas of 0 Adam has no memory and no count: two phases are then two programs run one after the other.
  const [P, Q] = ["phase p trains AB, BA { loss x += mean((AB(BA(A)) - A)^2) }", "phase q trains AB { loss y += mean(abs(AB(A))) }"];
  const OPTIMIZERS = "optimizer AB = adam(rate: 1e-2, betas: (0.0, 0.0), eps: 0.1)\n optimizer BA = adam(rate: 1e-2, betas: (0.0, 0.0), eps: 0.1)";

  it("is what each phase by itself would make of it, in turn", () => {
    const both = referenceOf(`${P}\n${Q}\n${OPTIMIZERS}`);
    const first = referenceOf(`${P}\n${OPTIMIZERS}`);
    const second = referenceOf(`${Q}\n phase rest trains BA { loss z += 0.0001 * mean(BA(A)^2) }\n${OPTIMIZERS}`);
    for (let step = 1; step <= 3; step++) {
      const losses = both.step(feeds()).losses;
      expect(losses.get("p.x")).toBeCloseTo(first.step(feeds()).losses.get("p.x")!, 13);
      for (const { name } of first.program.params) second.get(`param:${name}`).set(first.get(`param:${name}`));
      expect(losses.get("q.y")).toBeCloseTo(second.step(feeds()).losses.get("q.y")!, 13);
      for (const { name, net } of first.program.params) {
        // The other program's phase `rest` is only there so that BA is trained: BA is as the first left it.
        if (net === "AB") first.get(`param:${name}`).set(second.get(`param:${name}`));
        both.get(`param:${name}`).forEach((v, i) => expect(v).toBeCloseTo(first.get(`param:${name}`)[i]!, 13));
      }
    }
  });
});
