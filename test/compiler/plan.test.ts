// `ganc plan`'s FLOPs of a phase's calls, from PyTorch's own counters of one call (test/oracle/flops.py made the figures).
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { compile } from "../../compiler/compile";
import { plan } from "../../compiler/describe/plan";

type Counted = Readonly<Record<"generator" | "global critic" | "local critic", { readonly forward: number }>>;
const golden = JSON.parse(readFileSync("test/golden/oracle/flops.json", "utf8")) as { configs: Record<string, Counted & { config: Readonly<Record<string, number | boolean>> }> };

it("counts each call of a phase forward, back by its input and back by its weights", () => {
  // The smallest: what is compared does not depend on the size.
  const [{ config, ...nets }] = Object.values(golden.configs).filter((c) => c.config["full"] !== true).sort((a, b) => a.generator.forward - b.generator.forward) as [Counted & { config: Readonly<Record<string, number | boolean>> }];
  const set = Object.entries(config).flatMap(([k, v]) => (k === "full" ? [] : [`${k}=${String(v)}`]));
  const found = plan(compile({ path: "specs/ugatit.gan", text: readFileSync("specs/ugatit.gan", "utf8") }, { set }))!;
  const critics = nets["global critic"].forward + nets["local critic"].forward;
  const wanted = { discriminators: { calls: 2 + 8, flops: 3 * (2 * nets.generator.forward + 4 * critics) }, generators: { calls: 6 + 4, flops: 3 * (6 * nets.generator.forward + 2 * critics) } };
  expect(found.flopsByPhase.map(({ phase, calls, callFlops, flops }) => ({ phase, calls, off: callFlops / wanted[phase as keyof typeof wanted].flops, less: flops < callFlops }))).toEqual(
    // Above PyTorch's: its counter does not see the matrix-vector products of spectral norm, nor those of CAM's logits.
    [{ phase: "discriminators", calls: 10, off: expect.closeTo(1.02, 1), less: true }, { phase: "generators", calls: 10, off: expect.closeTo(1.01, 1), less: true }],
  );
});
