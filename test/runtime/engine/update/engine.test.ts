import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { emitGraphs } from "../../../../cli/emit.ts";
import { compile } from "../../../../compiler/compile.ts";
import { drawInit } from "../../../../compiler/init.ts";
import { OnnxEngine } from "../../../../runtime/engine/onnx.ts";
import { initialize } from "../../../../runtime/train/init.ts";
import { stepScalars } from "../../../../runtime/train/schedule.ts";

it("gives U-GAT-IT the same weights and moments, bit for bit, whether the kernel or onnxruntime does the updates", async () => {
  const text = readFileSync("specs/ugatit.gan", "utf8");
  const compiled = compile({ path: "ugatit.gan", text }, { set: ["size=64", "ch=2", "blocks=1", "global_depth=6", "local_depth=3"] });
  const program = compiled.program!;
  const models = emitGraphs(compiled);
  const engines = [await OnnxEngine.create(program, models), await OnnxEngine.create(program, models, { update: "graph" })];
  for (const engine of engines) initialize(engine, 4);
  for (let t = 1; t <= 3; t++) {
    const data = Object.fromEntries(program.data.map((d) => [d.name, drawInit({ kind: "uniform", low: -1, high: 1 }, 3 * 64 * 64, t, d.name)]));
    const scalars = stepScalars(program, t, Object.fromEntries(program.optimizers.map((o) => [o.name, t])), { total: 10, epoch: 1 });
    const losses = [];
    for (const engine of engines) losses.push(await engine.step({ data, scalars, samples: {} }));
    expect(losses[0]).toEqual(losses[1]);
  }
  const [kernel, graph] = engines as [OnnxEngine, OnnxEngine];
  const moved = program.params.filter(({ name }) => kernel.read(`m:${name}`).some((x) => x !== 0));
  expect(moved.length).toBe(program.params.length);
  // Compared as numbers of their bits: many values, and -0 is not 0.
  const differing = kernel.stateNames.filter((name) => {
    const [a, b] = [kernel, graph].map((engine) => engine.read(name)).map((x) => new Uint32Array(x.buffer, x.byteOffset, x.length));
    return a!.some((bits, i) => bits !== b![i]);
  });
  expect(differing).toEqual([]);
  for (const engine of engines) await engine.close();
});
