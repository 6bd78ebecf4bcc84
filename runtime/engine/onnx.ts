// The engine on stock onnxruntime-node: the program's graphs in their order, over storage allocated once. Update graphs are
// handed the same tensors as inputs and outputs and so change parameters and moments in place.
import type { InferenceSession } from "onnxruntime-node";
import type { ExportSpec, Program, Segment } from "../../compiler/program.ts";
import { UserError } from "../files/errors.ts";
import { count } from "./layout.ts";
import { loadOrt, openSession, type Ort, type Tensors } from "./session.ts";
import { Storage, type Place } from "./storage.ts";
import type { Engine, NamedTensor, StateName, StepFeeds } from "./types.ts";

export interface OnnxEngineOptions {
  /** Threads of one operation; 2 unless said. */
  readonly threads?: number;
  /** Whether values of different times share memory; on unless said (tests compare). */
  readonly share?: boolean;
}

/** Model files by name, as `compile` gives them. */
export type Models = ReadonlyMap<string, Uint8Array>;

interface Stage {
  readonly segment: Segment;
  readonly session: InferenceSession;
  readonly feeds: Tensors;
  readonly fetches: Tensors;
}

export class OnnxEngine implements Engine {
  readonly program: Program;
  readonly stateNames: readonly StateName[];
  readonly storage: Storage;
  readonly #ort: Ort;
  readonly #models: Models;
  readonly #threads: number | undefined;
  readonly #stages: readonly Stage[];
  readonly #exports = new Map<string, Promise<InferenceSession>>();
  /** The states this step's graphs advance; a phase that rests advances none. */
  readonly #advancing: readonly string[];

  private constructor(program: Program, ort: Ort, models: Models, storage: Storage, stages: readonly Stage[], threads?: number) {
    this.program = program;
    this.storage = storage;
    this.stateNames = storage.stateNames;
    this.#ort = ort;
    this.#models = models;
    this.#stages = stages;
    this.#threads = threads;
    const written = new Set(program.segments.flatMap(({ outputs }) => outputs.map(({ value }) => value)));
    this.#advancing = program.states.map(({ name }) => name).filter((name) => written.has(`next:${name}`));
  }

  static async create(program: Program, models: Models, options: OnnxEngineOptions = {}): Promise<OnnxEngine> {
    const ort = await loadOrt();
    const storage = allocate(program, options.share ?? true);
    const tensor = ({ data, shape }: Place) => new ort.Tensor("float32", data, shape);
    const stages: Stage[] = [];
    for (const [index, segment] of program.segments.entries()) {
      const session = await openSession(modelOf(models, segment.model), { threads: options.threads });
      checkPorts(segment, session);
      const feeds: Tensors = {};
      const fetches: Tensors = {};
      const wanted = new Set(session.inputNames);
      for (const { port, value } of segment.inputs) if (wanted.has(port)) feeds[port] = tensor(storage.input(value, index));
      for (const { port, value } of segment.outputs) fetches[port] = tensor(storage.output(value, index));
      stages.push({ segment, session, feeds, fetches });
    }
    return new OnnxEngine(program, ort, models, storage, stages, options.threads);
  }

  async step(feeds: StepFeeds): Promise<Record<string, number>> {
    for (const { name } of this.program.data) this.#fill(`data:${name}`, feeds.data[name]);
    for (const { name } of this.program.samples) this.#fill(`sample:${name}`, feeds.samples[name]);
    for (const { name } of this.program.scalars) this.#fill(`scalar:${name}`, one(feeds.scalars[name]));
    for (const { session, feeds: from, fetches: into } of this.#stages) await session.run(from, into);
    const losses = this.#losses(); // a UserError here leaves the states as the last step did
    // Copied, not exchanged: states are small beside everything else, and every tensor keeps its address.
    for (const name of this.#advancing) this.write(`state:${name}`, this.storage.kept(`next:${name}`).data);
    return losses;
  }

  #losses(): Record<string, number> {
    const losses: Record<string, number> = {};
    for (const { name } of this.program.losses) losses[name] = this.storage.kept(`loss:${name}`).data[0] ?? NaN;
    for (const [name, value] of Object.entries(losses)) {
      if (Number.isFinite(value)) continue;
      const hint = "nothing is saved of this step: the last checkpoint is as it was; a lower rate or smaller weights may help";
      throw new UserError(`the loss ${name} is ${Number.isNaN(value) ? "not a number" : "infinite"}: training has diverged`, hint);
    }
    return losses;
  }

  #fill(name: string, values: Float32Array | undefined): void {
    const { data } = this.storage.kept(name);
    if (values?.length !== data.length) throw new Error(`${name} takes ${data.length} values, got ${values?.length ?? "none"}`);
    data.set(values);
  }

  shape(name: StateName): readonly number[] {
    return this.storage.kept(name).shape;
  }

  read(name: StateName): Float32Array {
    return this.storage.kept(name).data;
  }

  write(name: StateName, values: Float32Array): void {
    this.#fill(name, values);
  }

  async export(name: string, inputs: Readonly<Record<string, NamedTensor>>): Promise<Record<string, NamedTensor>> {
    const spec = this.program.exports.find((each) => each.name === name);
    if (!spec) throw new Error(`the program has no export ${name}`);
    const session = await this.#exportSession(spec);
    const feeds: Tensors = {};
    const known = new Set(session.inputNames);
    const feed = (port: string, { data, shape }: NamedTensor): void => {
      if (known.has(port)) feeds[port] = new this.#ort.Tensor("float32", data, shape);
    };
    for (const param of spec.params) feed(`param:${param}`, this.storage.kept(`param:${param}`));
    for (const state of spec.states) feed(`state:${state}`, this.storage.kept(`state:${state}`));
    for (const { name: port } of spec.inputs) {
      const given = inputs[port];
      if (!given || given.data.length !== count(given.shape)) throw new Error(`export ${name} needs its input ${port}`);
      feed(port, given);
    }
    const outputs: Record<string, NamedTensor> = {};
    for (const [port, { data, dims }] of Object.entries(await session.run(feeds)))
      outputs[port] = { data: data as Float32Array, shape: dims };
    return outputs;
  }

  #exportSession({ model }: ExportSpec): Promise<InferenceSession> {
    const open = this.#exports.get(model) ?? openSession(modelOf(this.#models, model), { threads: this.#threads });
    this.#exports.set(model, open);
    return open;
  }

  async close(): Promise<void> {
    for (const { session } of this.#stages) await session.release();
    for (const session of this.#exports.values()) await (await session).release();
    this.#exports.clear();
  }
}

/** Memory that JavaScript cannot give is the model's size, not a defect. */
function allocate(program: Program, share: boolean): Storage {
  try {
    return new Storage(program, share);
  } catch (e) {
    if (!(e instanceof RangeError)) throw e;
    throw new UserError("the model's tensors do not fit into memory", "ganc plan says how much it needs; a smaller size or ch needs less");
  }
}

function one(value: number | undefined): Float32Array | undefined {
  return value === undefined ? undefined : Float32Array.of(value);
}

function modelOf(models: Models, name: string): Uint8Array {
  const model = models.get(name);
  if (!model) throw new Error(`the compiler gave no model ${name}`);
  return model;
}

/** onnxruntime would say it too, but of a number, not of a name. */
function checkPorts(segment: Segment, session: InferenceSession): void {
  const given = new Set(segment.inputs.map(({ port }) => port));
  const missing = session.inputNames.filter((port) => !given.has(port));
  const absent = segment.outputs.filter(({ port }) => !session.outputNames.includes(port)).map(({ port }) => port);
  if (missing.length > 0) throw new Error(`${segment.model} has inputs the program does not name: ${missing.join(", ")}`);
  if (absent.length > 0) throw new Error(`${segment.model} lacks outputs the program names: ${absent.join(", ")}`);
}
