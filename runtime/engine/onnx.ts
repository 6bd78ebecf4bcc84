// The engine on stock onnxruntime-node: the program's graphs in their order, over storage allocated once. Updates are done by a
// kernel of ours (update/); or by the program's update graphs, which are handed the same tensors as inputs and outputs and so
// change parameters and moments in place.
import type { InferenceSession } from "onnxruntime-node";
import type { AdamUpdate, ExportSpec, Program, Segment } from "../../compiler/program.ts";
import { UserError } from "../files/errors.ts";
import { count } from "../../compiler/layout.ts";
import { loadOrt, openSession, type Ort, type Tensors } from "./session.ts";
import { canBeSilent, knownSilence, runInto, type Silence } from "./silent.ts";
import { Storage, type Place } from "./storage.ts";
import type { Engine, NamedTensor, StateName, StepFeeds } from "./types.ts";
import type { Begun } from "./update/begun.ts";
import type { AdamTensors, Updater } from "./update/updates.ts";

export interface OnnxEngineOptions {
  /** Threads of one operation; 2 unless said. */
  readonly threads?: number;
  /** Whether values of different times share memory; on unless said (tests compare). */
  readonly share?: boolean;
  /** What runs the updates: one pass in WebAssembly, unless said, or the program's graphs. The bits are the same. */
  readonly update?: "kernel" | "graph";
  /** Bytes of the kernel's memory at most; all that WebAssembly gives, 4 GiB, unless said (tests let tensors find no room). */
  readonly room?: number;
  /** The kernel's memory, begun before all was known that lies in it. */
  readonly begun?: Begun;
  /** Whether results only lie where they are asked for, and no copy of them is handed over; unless said, where the models allow it. */
  readonly silent?: boolean;
  /** Told after each segment of a step. */
  readonly observe?: (run: SegmentRun) => void;
  /** Where onnxruntime writes its times of a segment's operators, until `endProfiling`: a path without its end. */
  readonly profile?: (segment: string) => string;
}

/** One segment of one step: when it ran, in milliseconds of performance.now(). */
export interface SegmentRun {
  readonly segment: Segment;
  readonly began: number;
  readonly ended: number;
}

/** Model files by name: a map, or whoever is still making them. */
export interface Models {
  get(name: string): Uint8Array | Promise<Uint8Array> | undefined;
  /** A step's model that has been opened already, by `openSession`; it is closed by whoever takes it. */
  opened?(name: string): Promise<InferenceSession> | undefined;
  /** Once all of them are made; rejects if one could not be. */
  complete?(): Promise<void>;
}

/** One of the program's segments, ready to run. */
type Stage =
  | { readonly kind: "graph"; readonly segment: Segment; readonly session: InferenceSession; readonly feeds: Tensors; readonly fetches: Tensors; readonly silence: Silence | undefined }
  | { readonly kind: "kernel"; readonly segment: Segment; readonly updater: Updater; readonly updates: readonly (readonly [AdamUpdate, AdamTensors])[] };

export class OnnxEngine implements Engine {
  readonly program: Program;
  readonly stateNames: readonly StateName[];
  readonly storage: Storage;
  readonly #ort: Ort;
  readonly #models: Models;
  readonly #options: OnnxEngineOptions;
  readonly #stages: readonly Stage[];
  readonly #exports = new Map<string, Promise<InferenceSession>>();

  private constructor(program: Program, ort: Ort, models: Models, storage: Storage, stages: readonly Stage[], options: OnnxEngineOptions) {
    this.program = program;
    this.storage = storage;
    this.stateNames = storage.stateNames;
    this.#ort = ort;
    this.#models = models;
    this.#stages = stages;
    this.#options = options;
  }

  static async create(program: Program, models: Models, options: OnnxEngineOptions = {}): Promise<OnnxEngine> {
    const ort = await loadOrt();
    const byKernel = options.update !== "graph" && program.segments.some(({ updates }) => updates !== undefined);
    const storage = allocate(program, byKernel, options);
    const { updater } = storage;
    const silence = options.silent === false ? undefined : await knownSilence();
    const stages: Stage[] = [];
    const sessions = new Map<string, InferenceSession>();
    for (const [index, segment] of program.segments.entries()) {
      if (updater && segment.updates) {
        stages.push(kernelStage(segment, index, storage, updater));
        continue;
      }
      const known = options.profile ? undefined : sessions.get(segment.model); // a profile is a session's
      const session = known ?? (await openStep(segment, models, options));
      sessions.set(segment.model, session);
      stages.push(graphStage(segment, index, storage, session, ort, silence));
    }
    return new OnnxEngine(program, ort, models, storage, stages, options);
  }

  async step(feeds: StepFeeds): Promise<Record<string, number>> {
    const stages = this.#stages.filter(({ segment }) => segment.plan === undefined || segment.plan === feeds.plan);
    const streams = feeds.plan === undefined ? undefined : this.program.plans?.[feeds.plan]?.data;
    for (const { name } of this.program.data) if (streams?.includes(name) ?? true) this.#fill(`data:${name}`, feeds.data[name]);
    for (const { name } of this.program.samples) this.#fill(`sample:${name}`, feeds.samples[name]);
    for (const { name } of this.program.scalars) this.#fill(`scalar:${name}`, one(feeds.scalars[name]));
    const scalar = (name: string): number => feeds.scalars[name] ?? NaN;
    for (const stage of stages) {
      const began = performance.now();
      if (stage.kind === "graph") await runInto(stage.session, stage.feeds, stage.fetches, stage.silence);
      else for (const [update, tensors] of stage.updates) stage.updater.run(update, tensors, scalar);
      this.#options.observe?.({ segment: stage.segment, began, ended: performance.now() });
    }
    const written = new Set(stages.flatMap(({ segment }) => segment.outputs.map(({ value }) => value)));
    const losses = this.#losses(written); // a UserError here leaves the states as the last step did
    // Copied, not exchanged: states are small beside everything else, and every tensor keeps its address. A phase that rests advances none.
    for (const { name } of this.program.states) if (written.has(`next:${name}`)) this.write(`state:${name}`, this.storage.kept(`next:${name}`).data);
    return losses;
  }

  /** Of the phases that ran. */
  #losses(written: ReadonlySet<string>): Record<string, number> {
    const losses: Record<string, number> = {};
    for (const { name } of this.program.losses) if (written.has(`loss:${name}`)) losses[name] = this.storage.kept(`loss:${name}`).data[0] ?? NaN;
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

  fill(name: StateName, make: (values: Float32Array) => void): void {
    make(this.read(name));
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
    const open = this.#exports.get(model) ?? modelOf(this.#models, model).then((bytes) => openSession(bytes, { threads: this.#options.threads }));
    this.#exports.set(model, open);
    return open;
  }

  endProfiling(): void {
    for (const stage of this.#stages) if (stage.kind === "graph") stage.session.endProfiling();
  }

  async close(): Promise<void> {
    for (const session of new Set(this.#stages.flatMap((stage) => (stage.kind === "graph" ? [stage.session] : [])))) await session.release();
    for (const session of this.#exports.values()) await (await session).release();
    this.#exports.clear();
  }
}

/** Memory that JavaScript cannot give is the model's size, not a defect. */
function allocate(program: Program, kernel: boolean, { share = true, room, begun }: OnnxEngineOptions): Storage {
  try {
    return new Storage(program, share, kernel, room, begun);
  } catch (e) {
    if (!(e instanceof RangeError)) throw e;
    throw new UserError("the model's tensors do not fit into memory", "ganc plan says how much it needs; a smaller size or ch needs less");
  }
}

function one(value: number | undefined): Float32Array | undefined {
  return value === undefined ? undefined : Float32Array.of(value);
}

async function modelOf(models: Models, name: string): Promise<Uint8Array> {
  const model = await models.get(name);
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

async function openStep({ model, name }: Segment, models: Models, { threads, profile }: OnnxEngineOptions): Promise<InferenceSession> {
  return models.opened?.(model) ?? openSession(await modelOf(models, model), { threads, step: true, profile: profile?.(name) });
}

/** @param session which other segments may share */
function graphStage(segment: Segment, index: number, storage: Storage, session: InferenceSession, ort: Ort, silence: Silence | undefined): Stage {
  checkPorts(segment, session);
  const tensor = ({ data, shape }: Place, dims = shape): Tensors[string] => new ort.Tensor("float32", data, dims);
  const feeds: Tensors = {};
  const fetches: Tensors = {};
  const wanted = new Set(session.inputNames);
  for (const { port, value } of segment.inputs) if (wanted.has(port)) feeds[port] = tensor(storage.input(value, index), dimsOf(session.inputMetadata, port));
  for (const { port, value } of segment.outputs) fetches[port] = tensor(storage.output(value, index), dimsOf(session.outputMetadata, port));
  return { kind: "graph", segment, session, feeds, fetches, silence: canBeSilent(session) ? silence : undefined };
}

/** A port may have other dims than the storage, of the same elements (`unshaped` of the backend). Undefined where they are no numbers. */
function dimsOf(ports: readonly InferenceSession.ValueMetadata[], port: string): readonly number[] | undefined {
  const found = ports.find((o) => o.name === port);
  const dims = found?.isTensor ? found.shape : undefined;
  return dims?.every((d): d is number => typeof d === "number") ? dims : undefined;
}

function kernelStage(segment: Segment, index: number, storage: Storage, updater: Updater): Stage {
  const at = (value: string): Float32Array => storage.input(value, index).data;
  const updates = (segment.updates ?? []).map((update) => {
    const { param } = update;
    return [update, { param: at(`param:${param}`), m: at(`m:${param}`), v: at(`v:${param}`), gradient: at(`grad:${param}`) }] as const;
  });
  return { kind: "kernel", segment, updater, updates };
}
