// A step whose critics are large enough for `batched`, which the small ones of the other tests are not: the same losses and critics' gradients
// as without it.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { emitGraphs } from "../../cli/emit";
import { compile } from "../../compiler/compile";
import { drawInit } from "../../compiler/init";
import { OnnxEngine } from "../../runtime/engine/onnx";
import { initialize } from "../../runtime/train/init";
import { stepScalars } from "../../runtime/train/schedule";

const text = readFileSync("specs/ugatit.gan", "utf8");
/**
 * Relative L2 of float32 against float32. The critics' slopes are leaky, so a sum in another order moves a gradient by little; the field notes
 * have 1e-6 for them against PyTorch.
 */
const BOUND = 1e-5;

async function step(without: readonly string[]): Promise<{ pairs: number; forms: number; losses: Record<string, number>; gradients: Map<string, Float32Array> }> {
  const compiled = compile({ path: "ugatit.gan", text }, { set: ["size=64", "ch=32", "blocks=1", "global_depth=6", "local_depth=4"], without });
  const program = compiled.program!;
  const pairs = compiled.graphs.flatMap((g) => g.graph.nodes).filter((n) => (n.op === "conv" || n.op === "conv_input_adjoint") && n.shape[0]!.dim === 2).length;
  const models = emitGraphs(compiled);
  const forms = [...models.values()].reduce((n, bytes) => n + (Buffer.from(bytes).includes("places.4.4") ? 1 : 0), 0);
  const engine = await OnnxEngine.create(program, models, { share: false });
  initialize(engine, 2);
  const data = Object.fromEntries(program.data.map((d) => [d.name, drawInit({ kind: "uniform", low: -1, high: 1 }, 3 * 64 * 64, 1, d.name)]));
  const scalars = stepScalars(program, 1, Object.fromEntries(program.optimizers.map((o) => [o.name, 1])), { total: 10, epoch: 1 });
  const losses = await engine.step({ data, scalars, samples: {} });
  const critics = program.params.filter(({ net }) => net.startsWith("D"));
  const gradients = new Map(critics.map(({ name }) => [name, engine.storage.transient(`grad:${name}`).data.slice()]));
  await engine.close();
  return { pairs, forms, losses, gradients };
}

it("of a critic's deep layers gives what two pictures give one by one", async () => {
  const [alone, together] = [await step(["batched"]), await step([])];
  expect([alone.pairs, alone.forms]).toEqual([0, 0]);
  expect(together.pairs).toBeGreaterThan(1);
  expect(together.forms).toBeGreaterThan(0);
  for (const [name, loss] of Object.entries(alone.losses)) if (name.startsWith("discriminators")) expect(Math.abs(together.losses[name]! / loss - 1), name).toBeLessThan(BOUND);
  const wrong = [...alone.gradients].map(([name, wanted]) => {
    const got = together.gradients.get(name)!;
    const [off, size] = wanted.reduce(([a, b], w, i) => [a! + (got[i]! - w) ** 2, b! + w ** 2], [0, 0]) as [number, number];
    return { name, error: Math.sqrt(off / Math.max(size, 1e-30)) };
  }).filter(({ error }) => !(error <= BOUND));
  expect(wrong).toEqual([]);
  expect(alone.gradients.size).toBeGreaterThan(20);
}, 300_000);
