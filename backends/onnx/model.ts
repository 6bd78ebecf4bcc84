import { type Dim, showDim } from "../../compiler/graph/dim";
import type { Lowerings } from "../../compiler/lowering";
import type { NamedPort } from "../../compiler/train/graph-file";
import { PLAIN } from "../../compiler/program";
import { BATCH, countOf, numbersOf, type Shape } from "../../compiler/graph/shape";
import type { Graph, NodeId } from "../../compiler/graph/types";
import { bytesOf, encodeModel, type ExternalPlace, IR_VERSION, OPSET } from "./encode";
import type { Emitter } from "./emitter";
import { formsOf, lowerGraph, type OnnxProblem, placeOf, reached } from "./lower/index";
import type { Initializer, Operator, ValueDim, ValueInfo } from "./operator";
import { sortedForWalk } from "./order";
import { isPlain } from "./plain";
import { splitOnce } from "./split";

/** An input node whose values travel with the model. */
export interface StoredConstant extends NamedPort {
  readonly data: Float32Array;
}

export interface ModelSpec {
  readonly name: string;
  readonly graph: Graph;
  readonly inputs: readonly NamedPort[];
  readonly outputs: readonly NamedPort[];
  readonly constants?: readonly StoredConstant[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Where constants go once their bytes pass `threshold` together (default 1 GB: a protobuf message ends at 2). */
  readonly externalData?: { readonly file: string; readonly threshold?: number };
  readonly opset?: number;
  readonly irVersion?: number;
  /** How operations of several forms are written. */
  readonly lowerings?: Lowerings;
  /**
   * Inputs and outputs may have other dims than their nodes: the same elements in the same order. An output has those it was made with, as a
   * Reshape of an output is a copy (of a critic's kernel gradient at 256 px: 134 MB); an input of a number a channel has ones behind, and one that is only reshaped those
   * that it is reshaped to. Whoever runs the model asks it for its dims.
   */
  readonly unshaped?: boolean;
  /**
   * The first output is an empty sequence. onnxruntime-node refuses to hand one over and so hands over nothing: whoever gave it memory for the
   * results has them there, and is spared a copy of each (runtime/engine/silent.ts).
   */
  readonly silent?: boolean;
  /** Names of values say nothing but their number: models open some tenth quicker. For who looks at no operator. */
  readonly brief?: boolean;
  /** Notes the shape of every node's value in the model: for tests and viewers. */
  readonly annotate?: boolean;
}

/** A file beside the model, piece by piece, so that nobody needs its bytes twice. */
export interface ExternalFile {
  readonly file: string;
  readonly length: number;
  readonly pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}
export interface EmittedModel {
  readonly bytes: Uint8Array;
  readonly external?: ExternalFile;
  /** The form chosen for each convolution, by what it was chosen for. */
  readonly chosen: Readonly<Record<string, string>>;
}

const NOTHING: Operator = { type: "SequenceEmpty", inputs: [], outputs: ["nothing"], attributes: {} };

const GIGABYTE = 1e9;
/** Constants this small stay in the model: a viewer shows them, and alignment would cost more than they are. */
const SMALL = 1024;
/** Pieces start at multiples of this, so that a runtime may map them instead of reading them. */
const ALIGNMENT = 65536;

/** What keeps these outputs from being ONNX; asked before `emitModel`, which takes their absence for granted. */
export function problemsOf(graph: Graph, outputs: readonly NodeId[]): readonly OnnxProblem[] {
  const inputs = reached(graph, outputs).filter((id) => graph.nodes[id]!.op === "input");
  return lowerGraph(graph, new Map(inputs.map((id) => [id, `input/${id}`])), outputs).problems;
}

/** The form of every convolution of a graph, by what it is chosen for; without writing the graph. */
export function chosenForms(graph: Graph, outputs: readonly NodeId[], lowerings: Lowerings = {}): Record<string, string> {
  return formsOf(graph, outputs, lowerings);
}

export function emitModel(spec: ModelSpec): EmittedModel {
  const { graph } = spec;
  const constants = spec.constants ?? [];
  const given = new Map([...spec.inputs, ...constants].map((v) => [v.node, v.name]));
  const wanted = spec.outputs.map((o) => o.node);
  const wide = spec.unshaped ? withOnes(graph, spec.inputs) : new Map<NodeId, readonly number[]>();
  const { emitter, problems } = lowerGraph(graph, given, wanted, { reserved: spec.outputs.map((o) => o.name), ...(spec.lowerings ? { lowerings: spec.lowerings } : {}), dims: wide, brief: spec.brief ?? false });
  if (problems.length > 0) throw new Error(`defect: ${spec.name} has no ONNX form: ${problems.map((p) => p.reason).join("; ")}`);
  const { operators: written, names, dims } = named(emitter, spec);
  const { operators, dims: asRead } = asInputsAreRead(written, spec, emitter.initializers);
  const used = new Set(operators.flatMap((o) => o.inputs));
  const stored = constants.filter((c) => used.has(c.name)).map((c) => storedInitializer(graph, c));
  const own = [...emitter.initializers.values()].filter((i) => used.has(i.name));
  const external = placed(stored, spec.externalData);
  const bytes = encodeModel({
    name: spec.name,
    operators: spec.silent ? [NOTHING, ...operators] : operators,
    inputs: spec.inputs.map((i) => {
      const other = asRead.get(i.name) ?? wide.get(i.node);
      return { ...info(i.name, graph.nodes[i.node]!.shape), ...(other ? { dims: other } : {}) };
    }),
    outputs: [
      ...(spec.silent ? NOTHING.outputs.map((name) => ({ name, dims: "sequence" as const })) : []),
      ...spec.outputs.map((o) => ({ ...info(o.name, graph.nodes[o.node]!.shape), ...(dims.has(o.name) ? { dims: dims.get(o.name)! } : {}) })),
    ],
    inner: spec.annotate ? annotations(emitter, spec, names) : [],
    initializers: [...stored, ...own],
    places: external?.places ?? new Map(),
    metadata: { ...spec.metadata, ...(spec.silent && isPlain(operators) ? { [PLAIN]: "yes" } : {}) },
    opset: spec.opset ?? OPSET,
    irVersion: spec.irVersion ?? IR_VERSION,
  });
  const chosen = Object.fromEntries([...emitter.forms.made].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { bytes, chosen, ...(external ? { external: external.file } : {}) };
}

/** The dims of inputs that hold a number a channel, or a picture, with ones in place of what pictures have more. */
function withOnes(graph: Graph, inputs: readonly NamedPort[]): Map<NodeId, readonly number[]> {
  const found = new Map<NodeId, readonly number[]>();
  for (const { node } of inputs) {
    const { shape } = graph.nodes[node]!;
    const ones = ONES_BEHIND[shape.map((a) => a.axis).join()];
    if (ones !== undefined && shape.every((a) => typeof a.dim === "number")) found.set(node, [...numbersOf(shape), ...ones]);
  }
  return found;
}
const ONES_BEHIND: Readonly<Record<string, readonly number[]>> = { [BATCH]: [1, 1, 1], [`${BATCH},c`]: [1, 1], c: [1, 1] };

/**
 * Gives values their final names: outputs their own, others the place of the node they are of. An output that is nobody's
 * fresh result (an input, a constant, a second name for one value) is copied, so that no two outputs share a buffer.
 */
function named(e: Emitter, spec: ModelSpec): { operators: Operator[]; names: Map<string, string>; dims: Map<string, readonly number[]> } {
  const made = new Set(e.operators.flatMap((o) => o.outputs));
  const names = new Map<string, string>();
  const copies: Operator[] = [];
  const dims = new Map<string, readonly number[]>();
  for (const { node, name } of spec.outputs) {
    const value = e.value(node);
    const before = spec.unshaped ? e.unshaped(value) : undefined;
    if (before && made.has(before.value) && !names.has(before.value)) {
      names.set(before.value, name);
      dims.set(name, before.dims);
    } else if (made.has(value) && !names.has(value)) names.set(value, name);
    else copies.push({ type: "Identity", inputs: [value], outputs: [name], attributes: {} });
  }
  for (const id of spec.brief ? [] : reached(spec.graph, spec.outputs.map((o) => o.node))) {
    const value = e.find(id);
    if (value !== undefined && made.has(value) && !names.has(value)) names.set(value, placeOf(spec.graph.nodes[id]!));
  }
  const operators = [...splitOnce(e.operators, e), ...copies].map((o) => ({ ...o, inputs: renamed(o.inputs, names), outputs: renamed(o.outputs, names) }));
  const wanted = live(reshapedOnce(operators, e.initializers), new Set(spec.outputs.map((o) => o.name)));
  return { operators: spec.lowerings?.without?.includes("walk") ? wanted : sortedForWalk(wanted), names, dims };
}

const renamed = (values: readonly string[], names: ReadonlyMap<string, string>): readonly string[] => (values.some((v) => names.has(v)) ? values.map((v) => names.get(v) ?? v) : values);

/** What a Reshape makes, if the operand has no say: a 0 or -1 means a length of it. */
function targetOf({ type, inputs }: Operator, initializers: ReadonlyMap<string, Initializer>): readonly number[] | undefined {
  const target = type === "Reshape" ? initializers.get(inputs[1]!)?.data : undefined;
  return target?.every((d: number) => d > 0) ? [...target] : undefined;
}

/**
 * A reshape of a reshape reads what the first one reads. The runtime would find that, too, where its optimizers run, but its new operator would stand
 * behind all others, and so be run before them (order.ts).
 */
function reshapedOnce(operators: readonly Operator[], initializers: ReadonlyMap<string, Initializer>): Operator[] {
  const sources = new Map<string, string>();
  return operators.map((o) => {
    if (o.type !== "Reshape") return o;
    const [value, target] = o.inputs as [string, string];
    const source = (targetOf(o, initializers) ? sources.get(value) : undefined) ?? value;
    sources.set(o.outputs[0]!, source);
    return { ...o, inputs: [source, target] };
  });
}

/** Inputs that are only read reshaped come with the dims of the first Reshape, which goes. (Equal ones are one.) */
function asInputsAreRead(operators: Operator[], spec: ModelSpec, initializers: ReadonlyMap<string, Initializer>): { operators: Operator[]; dims: ReadonlyMap<string, readonly number[]> } {
  const dims = new Map<string, readonly number[]>();
  if (!spec.unshaped) return { operators, dims };
  const [inputs, outputs] = [spec.inputs, spec.outputs].map((list) => new Set(list.map(({ name }) => name))) as [Set<string>, Set<string>];
  const first = new Map<string, { readonly result: string; readonly target: readonly number[] }>();
  const direct = new Set<string>();
  for (const o of operators) {
    const target = targetOf(o, initializers);
    const result = o.outputs[0]!;
    for (const name of o.inputs) {
      if (!inputs.has(name)) continue;
      // A number alone keeps its dims. An output of the model stays a copy.
      if (!target || target.length === 0 || outputs.has(result)) direct.add(name);
      else if (!first.has(name)) first.set(name, { result, target });
    }
  }
  const instead = new Map<string, string>();
  for (const [name, { result, target }] of first) {
    if (direct.has(name)) continue;
    dims.set(name, target);
    instead.set(result, name);
  }
  return { operators: operators.filter((o) => !instead.has(o.outputs[0]!)).map((o) => ({ ...o, inputs: renamed(o.inputs, instead) })), dims };
}

/** Without the operators whose results nobody reads. */
function live(operators: readonly Operator[], wanted: Set<string>): Operator[] {
  const kept = [...operators].reverse().filter((o) => {
    if (!o.outputs.some((name) => wanted.has(name))) return false;
    for (const i of o.inputs) wanted.add(i);
    return true;
  });
  return kept.reverse();
}

function storedInitializer(graph: Graph, { node, name, data }: StoredConstant): Initializer {
  const { shape } = graph.nodes[node]!;
  if (countOf(shape) !== data.length) throw new Error(`defect: ${name} has ${data.length} values where its shape wants ${countOf(shape)}`);
  return { name, type: "float", dims: numbersOf(shape), data };
}

function placed(stored: readonly Initializer[], where: ModelSpec["externalData"]): { places: Map<string, ExternalPlace>; file: ExternalFile } | undefined {
  const threshold = where?.threshold ?? GIGABYTE;
  const total = stored.reduce((n, s) => n + 4 * s.data.length, 0);
  if (!where || total <= threshold) return undefined;
  const places = new Map<string, ExternalPlace>();
  const pieces: { offset: number; bytes: Uint8Array }[] = [];
  let end = 0;
  for (const s of stored) {
    if (s.type !== "float" || s.data.byteLength < SMALL) continue;
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    pieces.push({ offset, bytes: bytesOf(s.data) });
    places.set(s.name, { file: where.file, offset, length: s.data.byteLength });
    end = offset + s.data.byteLength;
  }
  return { places, file: { file: where.file, length: end, pieces } };
}

const valueDim = (d: Dim): ValueDim => (typeof d === "number" ? d : showDim(d));
const info = (name: string, shape: Shape): ValueInfo => ({ name, dims: shape.map((a) => valueDim(a.dim)) });

function annotations(e: Emitter, spec: ModelSpec, names: ReadonlyMap<string, string>): ValueInfo[] {
  const known = new Set([...spec.inputs, ...spec.outputs].map((v) => v.name));
  const infos: ValueInfo[] = [];
  for (const id of reached(spec.graph, spec.outputs.map((o) => o.node))) {
    const name = names.get(e.find(id) ?? "");
    if (name === undefined || known.has(name)) continue;
    known.add(name);
    infos.push(info(name, spec.graph.nodes[id]!.shape));
  }
  return infos;
}
