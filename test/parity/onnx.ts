// The compiled step on stock onnxruntime, from what a reference evaluation holds.
import { emitGraphs } from "../../cli/emit";
import type { Compiled } from "../../compiler/compile";
import { OnnxEngine } from "../../runtime/engine/onnx";
import type { StateName } from "../../runtime/engine/types";
import { stepScalars } from "../../runtime/train/schedule";
import { batchOf, TOTAL } from "./cases";
import type { Feeds, Reference } from "./reference";

/** Memory is not shared, so that every gradient can be read when the step is over. */
export const openEngine = (compiled: Compiled): Promise<OnnxEngine> => OnnxEngine.create(compiled.program!, emitGraphs(compiled), { share: false });

/** Everything the reference holds, moments too. */
export function load(engine: OnnxEngine, from: Reference): void {
  for (const [name, { data }] of from.store) engine.write(name as StateName, Float32Array.from(data));
}

/** A batch of float32 numbers: both sides are fed the same. */
export function batch32(compiled: Compiled, step: number, seed: number): Feeds {
  const { data } = batchOf(compiled, step, seed);
  return { data: Object.fromEntries(Object.entries(data).map(([name, x]) => [name, x.map(Math.fround)])) };
}

/** The step counted from 1. */
export function stepEngine(engine: OnnxEngine, feeds: Feeds, step: number): Promise<Record<string, number>> {
  const updates = Object.fromEntries(engine.program.optimizers.map((o) => [o.name, step]));
  const data = Object.fromEntries(Object.entries(feeds.data).map(([name, x]) => [name, Float32Array.from(x)]));
  return engine.step({ data, samples: {}, scalars: stepScalars(engine.program, step, updates, { total: TOTAL, epoch: 1 }) });
}

export const gradientOf = (engine: OnnxEngine, param: string): Float64Array => Float64Array.from(engine.storage.transient(`grad:${param}`).data);
