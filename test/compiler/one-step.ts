// One step of a compiled spec on onnxruntime, from the same beginning whatever it was compiled to.
import type { Compiled } from "../../compiler/compile";
import { drawInit } from "../../compiler/init";
import { count } from "../../compiler/layout";
import type { Program } from "../../compiler/program";
import { OnnxEngine, type Models, type OnnxEngineOptions } from "../../runtime/engine/onnx";
import { initialize } from "../../runtime/train/init";

/** All that stays, and the losses. */
export async function afterOneStep(compiled: Compiled, models: Models, options: OnnxEngineOptions = {}): Promise<{ program: Program; state: Map<string, Float32Array>; losses: Record<string, number> }> {
  const program = compiled.program!;
  const engine = await OnnxEngine.create(program, models, options);
  initialize(engine, 5);
  const noise = (name: string, length: number): Float32Array => drawInit({ kind: "uniform", low: -1, high: 1 }, length, 7, name);
  const losses = await engine.step({
    data: Object.fromEntries(program.data.map((d) => [d.name, noise(d.name, program.batch * d.channels * d.height * d.width)])),
    samples: Object.fromEntries(program.samples.map((s) => [s.name, noise(s.name, count(s.shape))])),
    scalars: Object.fromEntries(program.scalars.map((s) => [s.name, s.kind === "step-size" ? 1e-4 : 1])),
  });
  const state = new Map(engine.stateNames.map((name) => [name, Float32Array.from(engine.read(name))]));
  await engine.close();
  return { program, state, losses };
}
