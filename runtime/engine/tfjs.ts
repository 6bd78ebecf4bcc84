// The engine on TensorFlow.js: the code that `ganc compile --target tfjs` writes, bundled, under ganc's own data, checkpoints and report.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as tensorFlow from "@tensorflow/tfjs";
import { count } from "../../compiler/layout.ts";
import type { Program } from "../../compiler/program.ts";
import { permutation, ordered } from "../../backends/tfjs/writer/axes.ts";
import type { Training } from "../../backends/tfjs/kit/training.ts";
import type { Weights } from "../../backends/tfjs/kit/weights.ts";
import { UserError } from "../files/errors.ts";
import type { Engine, NamedTensor, StateName, StepFeeds } from "./types.ts";

type Tf = typeof tensorFlow;
type Tensor = tensorFlow.Tensor;

/** What the bundle of an emitted project exports. */
export interface TrainingModule {
  readonly Weights: new (options: { seed: number }) => Weights;
  readonly training: (store: Weights) => Training;
}

/** Under this name the bundle finds TensorFlow.js, one a bundle. */
export const TF_GLOBAL = "ganc tfjs";
let loaded = 0;

/** @param code an ES module that takes `tf` from the global of that name */
export async function importTraining(code: string, tf: Tf): Promise<TrainingModule> {
  const key = `${TF_GLOBAL} ${loaded++}`;
  (globalThis as Record<string, unknown>)[key] = tf;
  const folder = mkdtempSync(join(tmpdir(), "ganc-tfjs-"));
  try {
    const file = join(folder, "training.mjs");
    writeFileSync(file, code.replaceAll(TF_GLOBAL, key));
    return (await import(pathToFileURL(file).href)) as TrainingModule;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export class TfjsEngine implements Engine {
  readonly stateNames: readonly StateName[];
  readonly #shapes: ReadonlyMap<StateName, readonly number[]>;
  readonly #weights: Weights;
  readonly #training: Training;

  constructor(readonly program: Program, private readonly tf: Tf, module: TrainingModule) {
    const shapes = new Map<StateName, readonly number[]>();
    for (const { name, shape, optimizer } of program.params)
      for (const kind of optimizer === undefined ? (["param"] as const) : (["param", "m", "v"] as const)) shapes.set(`${kind}:${name}`, shape);
    for (const { name, shape } of program.states) shapes.set(`state:${name}`, shape);
    this.#shapes = shapes;
    this.stateNames = [...shapes.keys()];
    this.#weights = new module.Weights({ seed: 0 });
    this.#training = module.training(this.#weights);
  }

  async step({ data, samples, now, plan }: StepFeeds): Promise<Record<string, number>> {
    const { tf, program } = this;
    if (!now) throw new Error("this engine is told where the training stands");
    const streams = plan === undefined ? undefined : program.plans?.[plan]?.data;
    const read = program.data.filter(({ name }) => streams?.includes(name) ?? true);
    const batch = Object.fromEntries(read.map(({ name, channels, height, width }) => [name, this.#tensor(data[name]!, [program.batch, channels, height, width], ["batch", "c", "h", "w"])]));
    const drawn = Object.fromEntries(program.samples.map(({ name, shape, axes }) => [name, this.#tensor(samples[name]!, shape, axes)]));
    this.#weights.drawn = drawn;
    for (const [name, adams] of Object.entries(this.#training.optimizers)) for (const adam of adams) adam.updates = now.updates[name] ?? 0;
    const losses = this.#training.step(batch, { step: now.step, factor: now.factor });
    const names = Object.keys(losses);
    const all = tf.stack(Object.values(losses));
    const values = await all.data<"float32">();
    tf.dispose([batch, drawn, losses, all]);
    const found = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
    // In the program's order, which reports follow.
    const ordered = Object.fromEntries(program.losses.filter(({ name }) => name in found).map(({ name }) => [name, found[name]!]));
    const bad = Object.entries(ordered).find(([, value]) => !Number.isFinite(value));
    if (bad) throw new UserError(`the loss ${bad[0]} is ${bad[1]} at step ${now.step}`, "training has diverged: lower the rate, or go on from the last checkpoint");
    return ordered;
  }

  shape(name: StateName): readonly number[] {
    const shape = this.#shapes.get(name);
    if (!shape) throw new Error(`the program has no ${name}`);
    return shape;
  }

  read(name: StateName): Float32Array {
    return this.#weights.read(fileName(name))?.data ?? new Float32Array(count(this.shape(name)));
  }

  write(name: StateName, values: Float32Array): void {
    this.fill(name, (own) => own.set(values));
  }

  fill(name: StateName, make: (values: Float32Array) => void): void {
    const values = new Float32Array(count(this.shape(name)));
    make(values);
    this.#weights.load(new Map([[fileName(name), { shape: this.shape(name), data: values }]]));
  }

  export(name: string, inputs: Readonly<Record<string, NamedTensor>>): Promise<Record<string, NamedTensor>> {
    const spec = this.program.exports.find((each) => each.name === name);
    const run = this.#training.exports[name];
    if (!spec || !run) throw new Error(`the program has no export ${name}`);
    const made = this.tf.tidy(() => {
      const given = spec.inputs.map((port) => this.#tensor(inputs[port.name]!.data, inputs[port.name]!.shape, port.axes));
      const result = this.#weights.inference(() => run(given[0]!, ...given.slice(1)));
      return Object.fromEntries(spec.outputs.map(({ name: output, axes }) => {
        const tensor = result instanceof this.tf.Tensor ? result : result[output]!;
        return [output, this.#laidOut(tensor, ordered(axes), axes)];
      }));
    });
    const results = Object.fromEntries(Object.entries(made).map(([output, tensor]) => [output, { shape: tensor.shape, data: tensor.dataSync<"float32">().slice() }]));
    this.tf.dispose(made);
    return Promise.resolve(results);
  }

  close(): Promise<void> {
    this.#weights.dispose();
    return Promise.resolve();
  }

  /** A tensor as it lies in memory, from values whose axes follow one another as given. */
  #tensor(values: Float32Array, shape: readonly number[], axes: readonly string[]): Tensor {
    return this.tf.tidy(() => this.#laidOut(this.tf.tensor(values, [...shape]), axes, ordered(axes)));
  }

  #laidOut(tensor: Tensor, from: readonly string[], to: readonly string[]): Tensor {
    const order = permutation(from, to);
    return order ? tensor.transpose(order) : tensor.clone();
  }
}

const fileName = (name: StateName): string => name.replace(":", "/");

