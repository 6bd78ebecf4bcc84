// The engines that are held against the reference evaluation in float32: an entry each in ENGINES, which every test of an engine's numbers in
// this folder walks. What an entry opens takes any program (plans of phases that rest, draws) and says what gradients a step had; an
// engine that keeps none is `byMoments(engine)`.
import { formNames } from "../../backends/onnx/forms/choice";
import { emitModel } from "../../backends/onnx/model";
import { trainingModels } from "../../cli/emit";
import type { Compiled } from "../../compiler/compile";
import type { Lowerings } from "../../compiler/lowering";
import { planOf } from "../../compiler/train/at-step";
import { OnnxEngine } from "../../runtime/engine/onnx";
import type { Engine } from "../../runtime/engine/types";
import { scheduleFactor, stepScalars, updatesAfter } from "../../runtime/train/schedule";
import { batchOf, TOTAL } from "./cases";
import type { Feeds, Reference } from "./reference";

/** What a run began with: `param:X`, `m:X`, ... */
export type Before = ReadonlyMap<string, Float64Array>;

export interface Opened {
  readonly engine: Engine;
  /** A parameter's gradient in the step that was just done, before weight decay. */
  gradient(param: string, before: Before): Float64Array;
}

export interface Tested {
  readonly name: string;
  readonly open: (compiled: Compiled) => Promise<Opened>;
}

/**
 * Memory is not shared, so that every gradient can be read when the step is over. One thread, as the oracles have it: with two, sums have another
 * order and a hundred steps another course, and test files run beside each other, one a core.
 */
const OPTIONS = { share: false, threads: 1 };

export const ENGINES: readonly Tested[] = [
  { name: "onnxruntime", open: async (compiled) => byGradients(await openEngine(compiled)) },
];

/** Products dear and all else for nothing: so every form that saves products is chosen, as it is in bigger nets. */
const TILED: Lowerings = { costs: { mac: 1, gather: 0, scatter: 0, copy: 0, turn: 0, tile: 0, tileKernel: 0, untile: 0, untangle: 0, kernel: 0, kernelTurned: 0, operator: 0 } };
/** onnxruntime with convolutions in other forms than their cost would choose. */
export const FORMS: readonly Tested[] = [
  { name: "onnxruntime, convolutions as they stand", open: (compiled) => openWith(compiled, { without: formNames }) },
  { name: "onnxruntime, convolutions over tiles", open: (compiled) => openWith(compiled, TILED) },
];

async function openWith(compiled: Compiled, lowerings: Lowerings): Promise<Opened> {
  const made = compiled.graphs.map(({ file, ...graph }) => [file, emitModel({ name: file, ...graph, lowerings })] as const);
  const tiled = made.some(([, { chosen }]) => Object.values(chosen).includes("winograd"));
  if (tiled !== (lowerings === TILED)) throw new Error(`winograd is ${tiled ? "" : "not "}among the forms`);
  return byGradients(await OnnxEngine.create(compiled.program!, new Map(made.map(([file, { bytes }]) => [file, bytes])), OPTIONS));
}

/** With the very models that a training runs: outputs under other dims, and nothing handed over. */
export const openEngine = (compiled: Compiled): Promise<OnnxEngine> => OnnxEngine.create(compiled.program!, trainingModels(compiled), OPTIONS);

const byGradients = (engine: OnnxEngine): Opened => ({ engine, gradient: (param) => Float64Array.from(engine.storage.transient(`grad:${param}`).data) });

/** For an engine that keeps no gradients: after m = beta1·m + (1 - beta1)·(g + decay·w), g from what Adam's first moment has become. */
export function byMoments(engine: Engine): Opened {
  const gradient = (param: string, before: Before): Float64Array => {
    const { optimizer, role } = engine.program.params.find((p) => p.name === param)!;
    const { betas, decay, decayOn } = engine.program.optimizers.find((o) => o.name === optimizer)!;
    const [old, w] = [before.get(`m:${param}`)!, before.get(`param:${param}`)!];
    const rate = decayOn === "all" || role === "weight" ? decay : 0;
    return Float64Array.from(engine.read(`m:${param}`), (m, i) => (m - betas[0] * old[i]!) / (1 - betas[0]) - rate * w[i]!);
  };
  return { engine, gradient };
}

/** Everything the reference holds, moments too. */
export function load(engine: Engine, from: Pick<Reference, "get">): void {
  for (const name of engine.stateNames) engine.write(name, Float32Array.from(from.get(name)));
}

const fround = (from: Readonly<Record<string, Float64Array>>): Record<string, Float64Array> => Object.fromEntries(Object.entries(from).map(([name, x]) => [name, x.map(Math.fround)]));
/** Feeds of float32 numbers: both sides are fed the same. */
export const feeds32 = ({ data, samples }: Feeds): Feeds => ({ data: fround(data), ...(samples ? { samples: fround(samples) } : {}) });
export const batch32 = (compiled: Compiled, step: number, seed: number): Feeds => feeds32(batchOf(compiled, step, seed));

/** The step counted from 1, of `total`. What rests at this step is fed nothing. */
export function stepEngine(engine: Engine, feeds: Feeds, step: number, total = TOTAL): Promise<Record<string, number>> {
  const { program } = engine;
  let before: Record<string, number> = {};
  for (let k = 1; k < step; k++) before = updatesAfter(program, k, before);
  const updates = updatesAfter(program, step, before);
  const plan = planOf(program, step);
  const streams = plan === undefined ? undefined : program.plans![plan]!.data;
  const float = (from: Readonly<Record<string, Float64Array>> = {}): Record<string, Float32Array> => Object.fromEntries(Object.entries(from).map(([name, x]) => [name, Float32Array.from(x)]));
  const data = Object.fromEntries(Object.entries(float(feeds.data)).filter(([name]) => streams?.includes(name) ?? true));
  const length = { total, epoch: 1 };
  const now = { step, factor: scheduleFactor(program.schedule, step, length, program.held), updates: before };
  return engine.step({ data, samples: float(feeds.samples), scalars: stepScalars(program, step, updates, length), plan, now });
}
