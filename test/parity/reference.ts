// The whole training step in double precision: the program's graphs in their order, run by the compiler's own reference
// evaluation over storage kept by name. What an engine does, without one: every engine is held against it, and it is held against
// PyTorch.
import type { Compiled } from "../../compiler/compile";
import { drawInit } from "../../compiler/init";
import { evaluate } from "../../compiler/graph/evaluate";
import type { NdArray } from "../../compiler/graph/ndarray";
import { axesOf, numbersOf, type Shape } from "../../compiler/graph/shape";
import type { Program } from "../../compiler/program";
import type { GraphFile } from "../../compiler/train/graph-file";
import { planOf } from "../../compiler/train/at-step";
import { stepScalars, updatesAfter } from "../../runtime/train/schedule";

export interface Feeds {
  /** By the stream's name, batch first. */
  readonly data: Readonly<Record<string, Float64Array>>;
  readonly samples?: Readonly<Record<string, Float64Array>>;
}

/** What one step gave, by the program's names. */
export interface StepResult {
  readonly losses: ReadonlyMap<string, number>;
  readonly gradients: ReadonlyMap<string, Float64Array>;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

export class Reference {
  readonly program: Program;
  /** `param:`, `m:`, `v:`, `state:` by full name; row-major as the program says. */
  readonly store = new Map<string, NdArray>();
  readonly #graphs: ReadonlyMap<string, GraphFile>;
  /** Steps done, and the updates of each optimizer. */
  #done = 0;
  #updates: Readonly<Record<string, number>> = {};

  /** @param total steps of the whole training, for the schedule; the spec's own length unless said */
  constructor(
    readonly compiled: Compiled,
    readonly total?: number,
  ) {
    if (!compiled.program) throw new Error(`does not compile: ${compiled.diagnostics.map((d) => `${d.code} ${d.message}`).join("; ")}`);
    this.program = compiled.program;
    this.#graphs = new Map(compiled.graphs.map((g) => [g.file, g]));
    for (const { name, axes, shape, optimizer } of this.program.params)
      for (const kind of optimizer === undefined ? ["param"] : ["param", "m", "v"]) this.#make(`${kind}:${name}`, axes, shape);
    for (const { name, axes, shape } of this.program.states) this.#make(`state:${name}`, axes, shape);
  }

  #make(name: string, axes: readonly string[], shape: readonly number[]): void {
    this.store.set(name, { shape: axes.map((axis, i) => ({ axis, dim: shape[i]! })), data: new Float64Array(sizeOf(shape)) });
  }

  get(name: string): Float64Array {
    const found = this.store.get(name);
    if (!found) throw new Error(`no ${name} in the program`);
    return found.data;
  }

  /** First values from the seed, as a run would draw them (float32 numbers, held in double). */
  initialize(seed: number): this {
    for (const { name, init, shape } of this.program.params) this.get(`param:${name}`).set(drawInit(init, sizeOf(shape), seed, name));
    for (const { name, init, shape } of this.program.states) this.get(`state:${name}`).set(drawInit(init, sizeOf(shape), seed, name));
    return this;
  }

  step(feeds: Feeds): StepResult {
    this.#done++;
    const values = new Map<string, NdArray>(this.store);
    const plan = planOf(this.program, this.#done);
    const streams = plan === undefined ? undefined : this.program.plans![plan]!.data;
    for (const d of this.program.data) if (streams?.includes(d.name) ?? true) values.set(`data:${d.name}`, this.#data(d, feeds));
    for (const s of this.program.samples) values.set(`sample:${s.name}`, { shape: s.axes.map((axis, i) => ({ axis, dim: s.shape[i]! })), data: given(feeds.samples, s.name) });
    for (const [name, value] of Object.entries(this.#scalars())) values.set(`scalar:${name}`, { shape: [], data: Float64Array.of(value) });
    for (const segment of this.program.segments) {
      if (segment.plan !== undefined && segment.plan !== plan) continue;
      const file = this.#graphs.get(segment.model)!;
      const made = runGraph(file, new Map(segment.inputs.map((p) => [p.port, taken(values, p.value, segment.name)])));
      for (const { port, value } of segment.outputs) values.set(value, this.#checked(value, made.get(port)!));
    }
    for (const name of this.store.keys()) {
      const next = values.get(name.replace(/^state:/, "next:"))!;
      this.store.set(name, next ?? values.get(name)!);
    }
    const losses = new Map(this.program.losses.flatMap((l) => (values.has(`loss:${l.name}`) ? [[l.name, values.get(`loss:${l.name}`)!.data[0]!] as const] : [])));
    const gradients = new Map([...values].flatMap(([name, v]) => (name.startsWith("grad:") ? [[name.slice(5), v.data] as const] : [])));
    return { losses, gradients };
  }

  /** An export with the present parameters, as `translate` would run it. */
  export(name: string, inputs: Readonly<Record<string, NdArray>>): Map<string, NdArray> {
    const spec = this.program.exports.find((e) => e.name === name);
    if (!spec) throw new Error(`no export ${name} in the program`);
    const { graph, inputs: ports, outputs } = this.#graphs.get(spec.model)!;
    const feeds = new Map(ports.map((p) => [p.node, inputs[p.name] ?? taken(this.store, p.name, spec.name)]));
    const made = evaluate(graph, outputs.map((o) => o.node), feeds);
    return new Map(outputs.map((o) => [o.name, made.get(o.node)!]));
  }

  /** The streams of one batch, with their axes. */
  batch(feeds: Feeds): Map<string, NdArray> {
    return new Map(this.program.data.map((d) => [d.name, this.#data(d, feeds)]));
  }

  #scalars(): Record<string, number> {
    const { length } = this.program;
    const total = this.total ?? (length.unit === "steps" ? length.count : 1);
    this.#updates = updatesAfter(this.program, this.#done, this.#updates);
    return stepScalars(this.program, this.#done, this.#updates, { total, epoch: 1 });
  }

  #data(d: Program["data"][number], feeds: Feeds): NdArray {
    const shape = [this.program.batch, d.channels, d.height, d.width];
    const axes = ["batch", "c", "h", "w"];
    return { shape: axes.map((axis, i) => ({ axis, dim: shape[i]! })), data: given(feeds.data, d.name) };
  }

  /** Storage is bytes without names: a graph that wrote its axes in another order would be wrong in silence. */
  #checked(value: string, made: NdArray): NdArray {
    const kept = this.store.get(value.replace(/^(grad|next):/, (_, kind) => (kind === "grad" ? "param:" : "state:")));
    const show = (x: NdArray): string => x.shape.map((a) => `${a.axis}: ${a.dim}`).join(", ");
    if (kept && show(kept) !== show(made)) throw new Error(`defect: ${value} is [${show(made)}], its storage is [${show(kept)}]`);
    return made;
  }
}

function given(from: Readonly<Record<string, Float64Array>> | undefined, name: string): Float64Array {
  const found = from?.[name];
  if (!found) throw new Error(`nothing is fed for ${name}`);
  return found;
}

function taken(values: ReadonlyMap<string, NdArray>, value: string, segment: string): NdArray {
  const found = values.get(value);
  if (!found) throw new Error(`defect: ${segment} reads ${value}, which nothing has written`);
  return found;
}

/** One graph on its ports, each array in the order of axes of the port's node, as bytes would be read. */
export function runGraph(file: GraphFile, ports: ReadonlyMap<string, NdArray>): Map<string, NdArray> {
  const feeds = new Map(file.inputs.map(({ node, name }) => [node, reread(ports.get(name)!, file.graph.shape(node), name)]));
  const made = evaluate(file.graph, file.outputs.map((o) => o.node), feeds);
  return new Map(file.outputs.map((o) => [o.name, made.get(o.node)!]));
}

function reread(x: NdArray, shape: Shape, name: string): NdArray {
  const dims = numbersOf(shape);
  if (sizeOf(dims) !== x.data.length) throw new Error(`defect: ${name} has ${x.data.length} values, the graph wants ${dims.join("x")}`);
  return { shape: axesOf(shape).map((axis, i) => ({ axis, dim: dims[i]! })), data: x.data };
}
