import { addDim, type Dim, scaleDim } from "../../compiler/graph/dim";
import { axesOf, type Shape } from "../../compiler/graph/shape";
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
  /** Dims before each Reshape, where they are numbers. */
  private readonly before = new Map<string, readonly number[]>();
  private readonly symbols = new Map<string, { value: string; at: number; dim: Dim }>();
  /** Prefix of the names made now: the place in the spec and the node. */
  private place = "";

  /** @param readers how many take each node's value, outputs of the model included */
  constructor(readonly graph: Graph, readonly forms = new Chooser(), private readonly readersOf: ReadonlyMap<NodeId, number> = new Map()) {}

  readers(id: NodeId): number {
    return this.readersOf.get(id) ?? 0;
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

  /** An input of the model; its free dims become known to `dims`. */
  input(id: NodeId, name: string): void {
    this.taken.add(name);
    this.values.set(id, name);
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
    const base = `${this.place}.${hint}`;
    let name = base;
    for (let i = 2; this.taken.has(name); i++) name = `${base}${i}`;
    this.taken.add(name);
    return name;
  }

  op(type: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const key = `${type}(${inputs.join("\0")})${JSON.stringify(attributes)}`;
    const same = this.known.get(key);
    if (same !== undefined) return same;
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
  floats(hint: string, dims: readonly number[], data: Float32Array): string {
    const name = `${hint}.${dims.join("x")}`;
    return this.initializer(name, () => ({ name, type: "float", dims, data }));
  }
  private initializer(name: string, make: (name: string) => Initializer): string {
    // A long list makes a poor name.
    const short = name.length <= 48 ? name : `${name.slice(0, 32)}~${name.length}.${hash(name)}`;
    if (!this.initializers.has(short)) this.initializers.set(short, make(short));
    return short;
  }

  transpose(value: string, order: readonly number[]): string {
    if (order.every((from, to) => from === to)) return value;
    return this.op("Transpose", [value], { perm: ints(order) });
  }

  /** The same elements in the same order under other dims: costs nothing when the model runs. */
  reshape(value: string, from: readonly Extent[], to: readonly Extent[]): string {
    if (sameExtents(from, to)) return value;
    const fixed = to.map((e, i) => numberOf(e) ?? (from[i] && sameExtent(e, from[i]) ? 0 : undefined));
    const open = fixed.filter((d) => d === undefined).length;
    const target = open <= 1 ? this.ints(fixed.map((d) => d ?? -1)) : this.dims(to);
    const result = this.op("Reshape", [value, target]);
    const dims = from.map(numberOf);
    if (dims.every((d): d is number => d !== undefined)) this.before.set(result, dims);
    return result;
  }
  /** A value of the same elements with the dims that it has, made before it was reshaped. */
  unshaped(value: string): { readonly value: string; readonly dims: readonly number[] } | undefined {
    const dims = this.before.get(value);
    const source = dims && this.operators.find((o) => o.outputs[0] === value)?.inputs[0];
    return dims && source !== undefined ? (this.unshaped(source) ?? { value: source, dims }) : undefined;
  }

  cut(value: string, cuts: readonly Cut[]): string {
    const kept = cuts.filter((c) => c.start !== 0 || (c.step ?? 1) !== 1 || !sameExtent([c.size], [c.total]));
    if (kept.length === 0) return value;
    const ends = kept.map((c) => this.endOf(c));
    const steps = kept.map((c) => c.step ?? 1);
    return this.op("Slice", [
      value,
      this.ints(kept.map((c) => c.start)),
      this.ints(ends),
      this.ints(kept.map((c) => c.axis)),
      ...(steps.every((s) => s === 1) ? [] : [this.ints(steps)]),
    ]);
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
