// The three engines of the bench, begun from equal weights: the emitted step and the hand-written one on one TensorFlow.js, and ONNX.
import { readFileSync } from "node:fs";
import { emitProject } from "../../backends/tfjs/project";
import { trainingModels } from "../../cli/emit";
import { bundled } from "../../cli/emit-tfjs";
import { compile } from "../../compiler/compile";
import { drawInit } from "../../compiler/init";
import type { Program } from "../../compiler/program";
import { OnnxEngine } from "../../runtime/engine/onnx";
import { importTraining, TfjsEngine } from "../../runtime/engine/tfjs";
import type { Engine, StateName } from "../../runtime/engine/types";
import type { Tf } from "../../runtime/tfjs/load";
import { initialize } from "../../runtime/train/init";
import { handStep, type HandStep } from "./hand/step";

const SPEC = "specs/ugatit.gan";

export interface Model {
  readonly program: Program;
  readonly set: readonly string[];
  readonly compiled: ReturnType<typeof compile>;
  /** One batch, by the stream's name, channels first. */
  readonly data: Readonly<Record<string, Float32Array>>;
}

/** @param set the spec's params, `size=64` */
export function model(set: readonly string[]): Model {
  const compiled = compile({ path: SPEC, text: readFileSync(SPEC, "utf8") }, { set: [...set] });
  const { program } = compiled;
  if (!program) throw new Error(JSON.stringify(compiled.diagnostics));
  const noise = (name: string, count: number): Float32Array => drawInit({ kind: "uniform", low: -1, high: 1 }, count, 1, name);
  return { program, set, compiled, data: Object.fromEntries(program.data.map((d) => [d.name, noise(d.name, program.batch * d.channels * d.height * d.width)])) };
}

export async function emitted({ program, compiled }: Model, tf: Tf): Promise<TfjsEngine> {
  const engine = new TfjsEngine(program, tf, await importTraining(await bundled(emitProject(compiled)), tf));
  initialize(engine, 1);
  return engine;
}

export async function onnx({ program, compiled }: Model): Promise<OnnxEngine> {
  const engine = await OnnxEngine.create(program, trainingModels(compiled));
  initialize(engine, 1);
  return engine;
}

/** One step of an engine, the t-th, counted from 1. */
export function stepOf(engine: Engine, { program, data }: Model, t: number): Promise<Record<string, number>> {
  const scalars: Record<string, number> = {};
  for (const s of program.scalars) {
    const o = program.optimizers.find((x) => x.name === s.optimizer)!;
    scalars[s.name] = s.kind === "step-size" ? o.rate / (1 - o.betas[0] ** t) : 1 / Math.sqrt(1 - o.betas[1] ** t);
  }
  return engine.step({ data, scalars, samples: {}, now: { step: t, factor: 1, updates: Object.fromEntries(program.optimizers.map(({ name }) => [name, t - 1])) } });
}

export interface Hand {
  step(t: number): Promise<Record<string, number>>;
  /** In the order of files' axes; `m:` as the hand-written step keeps it, divided by 1 - beta. */
  read(name: StateName): Float32Array;
  close(): void;
}

/** The hand-written step with an engine's weights. */
export function hand({ program, data, set }: Model, tf: Tf, from: Engine): Hand {
  const setting = (name: string, otherwise: number): number => Number(set.find((s) => s.startsWith(`${name}=`))?.split("=")[1] ?? otherwise);
  const tensor = (name: StateName, to: (t: ReturnType<Tf["tensor"]>) => ReturnType<Tf["tensor"]>) => tf.tidy(() => to(tf.tensor(from.read(name), [...from.shape(name)])));
  const params = new Map(program.params.map(({ name }) => [name, tensor(`param:${name}`, (t) => (t.rank === 4 ? t.transpose([2, 3, 1, 0]) : t.rank === 2 ? t.transpose() : t.clone()))]));
  // v follows its weight's axes but the last.
  const weightOf = (state: string) => params.get(state.replace(/\.spectral1\.v$/, ".weight"));
  const states = new Map(program.states.map(({ name }) => [name, tensor(`state:${name}`, (t) => {
    const w = weightOf(name);
    const [kh, kw, c] = w?.shape ?? [];
    return w?.rank === 4 && name.endsWith(".v") ? t.reshape([c!, kh!, kw!]).transpose([1, 2, 0]).reshape([-1]) : t.clone();
  })]));
  const made: HandStep = handStep(tf, params, states, { blocks: setting("blocks", 4), depths: [setting("global_depth", 7), setting("local_depth", 5)], rate: setting("rate", 1e-4), decay: setting("decay", 1e-4) });
  const shapes = new Map([...params].map(([name, t]) => [name, t.shape]));
  tf.dispose([...params.values(), ...states.values()]);
  const pictures = Object.fromEntries(program.data.map((d) => [d.name, tf.tidy(() => tf.tensor(data[d.name]!, [program.batch, d.channels, d.height, d.width]).transpose([0, 2, 3, 1]))]));
  return {
    async step(t) {
      const losses = made.step(pictures["A"]!, pictures["B"]!, t);
      const all = tf.stack(Object.values(losses));
      const values = await all.data<"float32">();
      const names = Object.keys(losses);
      tf.dispose([losses, all]);
      return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
    },
    read(name) {
      const [kind, path] = [name.slice(0, name.indexOf(":")), name.slice(name.indexOf(":") + 1)];
      const t = (kind === "m" ? made.moments : made.tensors).get(path)!;
      const [kh, kw, c] = kind === "state" ? (shapes.get(path.replace(/\.spectral1\.v$/, ".weight")) ?? []) : [];
      const inFile = (): ReturnType<Tf["tensor"]> => {
        if (kw !== undefined && c !== undefined && path.endsWith(".v")) return t.reshape([kh!, kw, c]).transpose([2, 0, 1]);
        return t.rank === 4 ? t.transpose([3, 2, 0, 1]) : t.rank === 2 ? t.transpose() : t;
      };
      return tf.tidy(() => inFile().dataSync<"float32">().slice());
    },
    close: () => tf.dispose([...Object.values(pictures), ...made.tensors.values(), ...made.moments.values()]),
  };
}
