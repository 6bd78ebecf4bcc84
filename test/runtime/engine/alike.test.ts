// One session for all graphs that do the same: the same bits as with a session each.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { trainingModels } from "../../../cli/emit";
import { compile } from "../../../compiler/compile";
import { drawInit } from "../../../compiler/init";
import { OnnxEngine } from "../../../runtime/engine/onnx";
import type { StateName } from "../../../runtime/engine/types";
import { initialize, Sampler } from "../../../runtime/train/init";
import { stepScalars } from "../../../runtime/train/schedule";

const TINY = ["size=32", "load_size=36", "ch=4", "blocks=1", "global_depth=5", "local_depth=4"];

it.each([["ugatit", TINY], ["unit", ["size=64", "ch=4"]]] as const)("%s", async (name, set) => {
  const source = { path: `${name}.gan`, text: readFileSync(`specs/${name}.gan`, "utf8") };
  const [alike, apart] = [[], ["alike"]].map((without) => compile(source, { set, without })) as [ReturnType<typeof compile>, ReturnType<typeof compile>];
  expect(alike.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  const files = (c: typeof alike): number => new Set(c.program!.segments.map((s) => s.model)).size;
  expect(files(alike)).toBeLessThan(files(apart));
  // Compared with the very forms, threads and memory: one thread, as two share sums differently from run to run.
  const engines = [await OnnxEngine.create(alike.program!, trainingModels(alike), { threads: 1 }), await OnnxEngine.create(apart.program!, trainingModels(apart), { threads: 1 })];
  const program = alike.program!;
  const sampler = new Sampler(program, 3);
  for (const engine of engines) initialize(engine, 3);
  for (let t = 1; t <= 2; t++) {
    const data = Object.fromEntries(program.data.map((d) => [d.name, drawInit({ kind: "uniform", low: -1, high: 1 }, program.batch * d.channels * d.height * d.width, t, d.name)]));
    const scalars = stepScalars(program, t, Object.fromEntries(program.optimizers.map((o) => [o.name, t])), { total: 10, epoch: 1 });
    const losses = [];
    for (const engine of engines) losses.push(await engine.step({ data, scalars, samples: sampler.draw(t) }));
    expect(losses[0]).toEqual(losses[1]);
  }
  const bits = (engine: OnnxEngine, state: StateName): Uint32Array => { const { buffer, byteOffset, length } = engine.read(state); return new Uint32Array(buffer, byteOffset, length); };
  for (const state of engines[0]!.stateNames) expect(bits(engines[0]!, state), state).toEqual(bits(engines[1]!, state));
  for (const engine of engines) await engine.close();
}, 120_000);
