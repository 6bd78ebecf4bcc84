import { addDim, type Dim, scaleDim } from "../../compiler/graph/dim";
import { axesOf, numbersOf, type Shape } from "../../compiler/graph/shape";
import type { Graph, GraphNode, NodeId } from "../../compiler/graph/types";
import { type Extent, numberOf, sameExtent, sameExtents } from "./extent";
import { Chooser } from "./forms/choice";
import { type Attributes, type Initializer, int, ints, type Operator } from "./operator";

/** Why a node has no form in ONNX operators. Caught by `lowerGraph`, which reports it with the node. */
export class CannotLower extends Error {}

/** How far ONNX's Slice goes when it should go to the end; and below the first element, for steps of −1. */
const TO_END = 2 ** 31 - 1;
const BEFORE_START = -(2 ** 31) + 1;

export interface Cut {
  /** Position of the axis. */
  readonly axis: number;
  readonly start: number;
  readonly size: Dim;
  readonly step?: number;
  /** Length of the axis before the cut. */
  readonly total: Dim;
}

/** From `start` on so many elements of the value's `total` along the axis. */
export interface Part {
  readonly value: string;
  readonly axis: number;
  readonly start: number;
  readonly size: number;
  readonly total: number;
}

interface Reshaped {
  readonly source: string;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Operators that combine operands element by element, and broadcast them. */
const ELEMENTWISE: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div", "Max", "Min", "Neg", "Sqrt", "Reciprocal", "Abs", "Exp", "Log", "Tanh", "Sigmoid", "Relu", "HardSigmoid"]);

const NONE: Attributes = {};

const allNumbers = (extents: readonly Extent[]): number[] | undefined => {
  const numbers = extents.map(numberOf);
  return numbers.every((n): n is number => n !== undefined) ? numbers : undefined;
};
const sameNumbers = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

/** NumPy's rule, of dims that fit. */
function broadcastDims(all: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...all.map((d) => d.length));
  return Array.from({ length: rank }, (_, i) => Math.max(...all.map((d) => d[d.length - rank + i] ?? 1)));
}

/**
 * Grows the ONNX graph. Values are their names. Equal operators on equal values are written once, so a lowering may ask
 * for what it needs (a transposed weight, a dim vector) without keeping books.
 */
export class Emitter {
  readonly operators: Operator[] = [];
  readonly initializers = new Map<string, Initializer>();
  private readonly values = new Map<NodeId, string>();
  private readonly known = new Map<string, string>();
  private readonly taken = new Set<string>();
  private made = 0;
  /** What each Reshape was made of, where all its dims are numbers. */
  private readonly reshaped = new Map<string, Reshaped>();
  /** Slices that are one stretch of a value along one axis. */
  readonly parts = new Map<string, Part>();
  private readonly symbols = new Map<string, { value: string; at: number; dim: Dim }>();
  /** Names of the constants, by what they hold. */
  private readonly constants = new Map<string, string>();
  /** Prefix of the names made now: the place in the spec and the node. */
  private place = "";

  /**
   * @param readers how many take each node's value, outputs of the model included
   * @param brief whether names are made for nobody to read: a runtime allocates, hashes and compares each some ten times while it opens a model
   */
  constructor(readonly graph: Graph, readonly forms = new Chooser(), private readonly readersOf: Uint32Array = new Uint32Array(0), private readonly brief = false) {}

  readers(id: NodeId): number {
    return this.readersOf[id] ?? 0;
  }

  node(id: NodeId): GraphNode {
    return this.graph.nodes[id]!;
  }
  shape(id: NodeId): Shape {
    return this.node(id).shape;
  }
  value(id: NodeId): string {
    const value = this.values.get(id);
    if (value === undefined) throw new Error(`defect: node ${id} is not lowered yet`);
    return value;
  }
  /** Undefined for a node that another one has taken in. */
  find(id: NodeId): string | undefined {
    return this.values.get(id);
  }
  setValue(id: NodeId, value: string): void {
    this.values.set(id, value);
  }

  /**
   * An input of the model; its free dims become known to `dims`. With `dims` it comes with them, which are its own and ones behind: how it
   * meets pictures.
   */
  input(id: NodeId, name: string, dims?: readonly number[]): void {
    this.taken.add(name);
    this.values.set(id, dims ? this.reshapeTo(name, dims, numbersOf(this.shape(id))) : name);
    this.shape(id).forEach(({ dim }, at) => {
      if (typeof dim === "number" || dim.terms.length !== 1) return;
      const symbol = dim.terms[0]!.symbol;
      if (!this.symbols.has(symbol)) this.symbols.set(symbol, { value: name, at, dim });
    });
  }
  reserve(name: string): void {
    this.taken.add(name);
  }
  /** Names of what follows start with this. */
  enter(place: string): void {
    this.place = place;
  }

  private fresh(hint: string): string {
    // Names of inputs and outputs have a colon or are words.
    if (this.brief) return `${this.made++}`;
    const base = `${this.place}.${hint}`;
    let name = base;
    for (let i = 2; this.taken.has(name); i++) name = `${base}${i}`;
    this.taken.add(name);
    return name;
  }

  op(type: string, inputs: readonly string[], attributes: Attributes = NONE): string {
    const key = `${type}(${inputs.join("\0")})${attributes === NONE ? "" : JSON.stringify(attributes)}`;
    const same = this.known.get(key);
    if (same !== undefined) return same;
    const small = ELEMENTWISE.has(type) ? this.behindOnes(type, inputs, attributes) : undefined;
    if (small !== undefined) return small;
    const output = this.fresh(type.toLowerCase());
    this.operators.push({ type, inputs, outputs: [output], attributes });
    this.known.set(key, output);
    return output;
  }

  /** The value in pieces of these sizes along an axis: one pass, where as many slices take one each. */
  split(value: string, axis: number, sizes: readonly number[]): string[] {
    const outputs = sizes.map(() => this.fresh("split"));
    this.operators.push({ type: "Split", inputs: [value, this.ints(sizes)], outputs, attributes: { axis: int(axis) } });
    return [...outputs];
  }

  /** An int64 vector. */
  ints(data: readonly number[]): string {
    return this.initializer(`ints.${data.join(",")}`, (name) => ({ name, type: "int64", dims: [data.length], data }));
  }
  scalar(value: number): string {
    const data = new Float32Array([value]);
    return this.initializer(`const.${data[0]}`, (name) => ({ name, type: "float", dims: [], data }));
  }
  floats(hint: string, dims: readonly number[], data: Float32Array | (() => Float32Array)): string {
    const name = `${hint}.${dims.join("x")}`;
    return this.initializer(name, (short) => ({ name: short, type: "float", dims, data: typeof data === "function" ? data() : data }));
  }
  private initializer(name: string, make: (name: string) => Initializer): string {
    const known = this.constants.get(name);
    if (known !== undefined) return known;
    // A long list makes a poor name.
    const short = this.brief ? this.fresh("") : name.length <= 48 ? name : `${name.slice(0, 32)}~${name.length}.${hash(name)}`;
    this.constants.set(name, short);
    this.initializers.set(short, make(short));
    return short;
  }

  transpose(value: string, order: readonly number[]): string {
    if (order.every((from, to) => from === to)) return value;
    return this.op("Transpose", [value], { perm: ints(order) });
  }

  /** The same elements in the same order under other dims: costs nothing when the model runs. */
  reshape(value: string, from: readonly Extent[], to: readonly Extent[]): string {
    if (sameExtents(from, to)) return value;
    const [before, after] = [allNumbers(from), allNumbers(to)];
    if (before && after) return this.reshapeTo(value, before, after);
    const fixed = to.map((e, i) => numberOf(e) ?? (from[i] && sameExtent(e, from[i]) ? 0 : undefined));
    const open = fixed.filter((d) => d === undefined).length;
    const target = open <= 1 ? this.ints(fixed.map((d) => d ?? -1)) : this.dims(to);
    return this.op("Reshape", [value, target]);
  }

  private reshapeTo(value: string, before: readonly number[], after: readonly number[]): string {
    const inner = this.reshaped.get(value);
    const [source, dims] = inner ? [inner.source, inner.before] : [value, before];
    if (sameNumbers(dims, after)) return source;
    const result = this.op("Reshape", [source, this.ints(after)]);
    this.reshaped.set(result, { source, before: dims, after });
    return result;
  }
  /** A value of the same elements with the dims that it has, made before it was reshaped. */
  unshaped(value: string): { readonly value: string; readonly dims: readonly number[] } | undefined {
    const found = this.reshaped.get(value);
    return found && { value: found.source, dims: found.before };
  }

  /**
   * Numbers of channels that lost their axes of length one, as every mean over pixels did, and will need them again to meet a picture: they are
   * combined with these axes on, and a Reshape is written only for who wants them without.
   */
  private behindOnes(type: string, inputs: readonly string[], attributes: Attributes): string | undefined {
    const operands = inputs.map((value) => (this.isScalar(value) ? "scalar" : this.reshaped.get(value)));
    const cut = operands.filter((o): o is Reshaped => o !== undefined && o !== "scalar");
    if (cut.length === 0 || operands.some((o) => o === undefined)) return undefined;
    const ones = cut[0]!.before.length - cut[0]!.after.length;
    if (ones <= 0 || !cut.every((o) => sameNumbers(o.before, [...o.after, ...Array.from({ length: ones }, () => 1)]))) return undefined;
    const after = broadcastDims(cut.map((o) => o.after));
    const value = this.op(type, operands.map((o, i) => (o === "scalar" || o === undefined ? inputs[i]! : o.source)), attributes);
    return this.reshapeTo(value, [...after, ...Array.from({ length: ones }, () => 1)], after);
  }
  private isScalar(value: string): boolean {
    return this.initializers.get(value)?.dims.length === 0;
  }
  /** A value with axes of length one behind its own, where it was made with them. */
  withOnes(value: string): { readonly value: string; readonly ones: number } {
    const found = this.reshaped.get(value);
    const ones = found ? found.before.length - found.after.length : 0;
    return found && ones > 0 && sameNumbers(found.before, [...found.after, ...Array.from({ length: ones }, () => 1)]) ? { value: found.source, ones } : { value, ones: 0 };
  }

  cut(value: string, cuts: readonly Cut[]): string {
    const kept = cuts.filter((c) => c.start !== 0 || (c.step ?? 1) !== 1 || !sameExtent([c.size], [c.total]));
    if (kept.length === 0) return value;
    const ends = kept.map((c) => this.endOf(c));
    const steps = kept.map((c) => c.step ?? 1);
    const part = this.op("Slice", [
      value,
      this.ints(kept.map((c) => c.start)),
      this.ints(ends),
      this.ints(kept.map((c) => c.axis)),
      ...(steps.every((s) => s === 1) ? [] : [this.ints(steps)]),
    ]);
    const [only] = kept;
    if (kept.length === 1 && steps[0] === 1 && typeof only!.size === "number" && typeof only!.total === "number") this.parts.set(part, { value, axis: only!.axis, start: only!.start, size: only!.size, total: only!.total });
    return part;
  }
  private endOf({ start, size, step = 1, total }: Cut): number {
    const end = addDim(scaleDim(size, step), start - step + 1);
    if (typeof end === "number") return end;
    const behind = addDim(total, scaleDim(end, -1));
    if (typeof behind !== "number") throw new CannotLower("the end of a slice along a free dim is not fixed from either side");
    return behind === 0 ? TO_END : -behind;
  }
  /** Backwards along these axes. */
  flip(value: string, axes: readonly number[]): string {
    const all = (n: number): string => this.ints(axes.map(() => n));
    return this.op("Slice", [value, all(-1), all(BEFORE_START), this.ints(axes), all(-1)]);
  }

  concat(values: readonly string[], axis: number): string {
    return values.length === 1 ? values[0]! : this.op("Concat", values, { axis: int(axis) });
  }

  /** The int64 vector of these lengths, computed from the model's inputs where they are free. */
  dims(extents: readonly Extent[]): string {
    const numbers = extents.map(numberOf);
    if (numbers.every((n): n is number => n !== undefined)) return this.ints(numbers);
    const parts = extents.map((e) => e.map((d) => this.dim(d)).reduce((a, b) => this.op("Mul", [a, b])));
    return this.concat(parts, 0);
  }
  /** One dim as an int64 vector of length one. */
  private dim(dim: Dim): string {
    if (typeof dim === "number") return this.ints([dim]);
    const terms = dim.terms.map((t) => this.scaled(this.symbol(t.symbol), t.num, t.den));
    const sum = terms.reduce((a, b) => this.op("Add", [a, b]));
    return dim.constant === 0 ? sum : this.op("Add", [sum, this.ints([dim.constant])]);
  }
  private scaled(value: string, num: number, den: number): string {
    const up = num === 1 ? value : this.op("Mul", [value, this.ints([num])]);
    return den === 1 ? up : this.op("Div", [up, this.ints([den])]);
  }
  private symbol(name: string): string {
    const source = this.symbols.get(name);
    if (!source) throw new CannotLower(`the free dim ${name} is not a dim of any input`);
    const read = this.op("Shape", [source.value], { start: int(source.at), end: int(source.at + 1) });
    if (typeof source.dim === "number") return read;
    const { terms, constant } = source.dim;
    const symbolPart = constant === 0 ? read : this.op("Sub", [read, this.ints([constant])]);
    return this.scaled(symbolPart, terms[0]!.den, terms[0]!.num);
  }
}

function hash(text: string): string {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return (h >>> 0).toString(16);
}

export const extentsOf = (shape: Shape): Extent[] => shape.map((a) => [a.dim]);
export const positions = (shape: Shape, axes: readonly string[]): number[] =>
  axes.map((axis) => {
    const at = axesOf(shape).indexOf(axis);
    if (at < 0) throw new Error(`defect: no axis ${axis} in ${axesOf(shape).join(", ")}`);
    return at;
  });
