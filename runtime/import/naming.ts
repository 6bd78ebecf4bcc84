// A layout applied to a program: for each parameter and state of ours, the name and the axes it has there.
import type { Program, TensorSpec } from "../../compiler/program.ts";
import { UserError } from "../files/errors.ts";
import type { Axis, Layout, Rule } from "./layout.ts";
import { countOf, rowMajor, type StoredTensor } from "./tensor.ts";

/** One of our tensors and what it is there. */
export interface Pair {
  /** `param:AB.image.conv1.weight`. */
  readonly value: string;
  readonly ours: TensorSpec;
  /** Projected onto this range after each update. */
  readonly within: readonly [number, number] | undefined;
  /** `genA2B`, and the key inside it. */
  readonly net: string;
  readonly key: string;
  readonly shape: readonly number[];
  readonly order: Order;
}

/** How two orders of the same numbers belong together: both cut into axes that only change places. */
interface Order {
  /** The lengths that each axis of theirs is cut into. */
  readonly theirs: readonly (readonly number[])[];
  readonly ours: readonly number[];
  /** For each cut axis of theirs the index of ours, -1 for one of length 1. */
  readonly to: readonly number[];
}

export const nameThere = ({ net, key }: Pick<Pair, "net" | "key">): string => (net === "." ? key : `${net}.${key}`);

type Settings = Readonly<Record<string, string>>;

/** `content.conv1.weight` of net `AB`: their net, key and axes. Undefined if no line says. */
export function lookUp(layout: Layout, net: string, inside: string, settings: Settings = {}): { readonly net: string; readonly key: string; readonly rule: Rule } | undefined {
  const line = layout.nets.find((n) => n.ours === net);
  for (const rule of (line && layout.parts.get(line.part)) ?? []) {
    const caught = rule.when.every((w) => settings[w.param] === w.value) ? rule.ours.match(inside) : undefined;
    if (line && caught) return { net: line.theirs, key: rule.theirs(caught), rule };
  }
  return undefined;
}

/** Every parameter and state with its name there, in the program's order. A tensor that no line covers, or two of one name, are errors. */
export function pairsOf(layout: Layout, program: Program): Pair[] {
  const pairs = [
    ...program.params.map((p) => pairOf(layout, program, `param:${p.name}`, p, p.net, p.within)),
    ...program.states.map((s) => pairOf(layout, program, `state:${s.name}`, s, s.net, undefined)),
  ];
  const missing = pairs.flatMap((p) => (typeof p === "string" ? [p] : []));
  if (missing.length > 0) {
    const names = `${missing.slice(0, 4).join(", ")}${missing.length > 4 ? `, and ${missing.length - 4} more` : ""}`;
    throw new UserError(`${layout.path} has no line for ${names} of ${program.spec}`, "the layout is of another model, or the spec's settings are not those it knows (docs/layouts.md)");
  }
  const known = new Map<string, Pair>();
  for (const pair of pairs) {
    if (typeof pair === "string") continue;
    const name = nameThere(pair);
    const other = known.get(name);
    if (other) throw new UserError(`${layout.path} gives ${other.ours.name} and ${pair.ours.name} the same name, ${name}`);
    known.set(name, pair);
  }
  return [...known.values()];
}

function pairOf(layout: Layout, { settings }: Program, value: string, ours: TensorSpec, net: string, within: readonly [number, number] | undefined): Pair | string {
  const found = lookUp(layout, net, ours.name.slice(net.length + 1), settings);
  if (!found) return ours.name;
  const { rule, key } = found;
  const axes = rule.axes ?? ours.axes.map((axis): Axis => ({ axis }));
  const named = axes.map((a) => a.axis).filter((axis) => axis !== "1");
  if (named.length !== ours.axes.length || ours.axes.some((axis) => !named.includes(axis)))
    throw new UserError(`${layout.path}, line ${rule.line}: [${axes.map((a) => a.axis).join(", ")}] are not the axes of ${ours.name}, which has ${ours.axes.join(", ")}`);
  const order = orderOf(layout, settings, rule.line, ours, axes);
  return { value, ours, within, net: found.net, key, shape: order.theirs.map(countOf), order };
}

function orderOf(layout: Layout, settings: Settings, line: number, ours: TensorSpec, axes: readonly Axis[]): Order {
  const lengths = (axis: string, parts: readonly string[] | undefined): number[] => {
    const whole = ours.shape[ours.axes.indexOf(axis)] as number;
    if (!parts) return [whole];
    const dims = parts.map((part) => lengthOf(layout, settings, part));
    if (countOf(dims) !== whole) throw new UserError(`${layout.path}, line ${line}: ${axis} of ${ours.name} has ${whole}, not ${parts.map((p, i) => `${p} ${dims[i] as number}`).join(" × ")}`);
    return dims;
  };
  const cut = ours.axes.flatMap((axis) => {
    const parts = axes.find((a) => a.axis === axis)?.split?.ours;
    return lengths(axis, parts).map((length, i) => ({ name: parts ? `${axis}.${parts[i] as string}` : axis, length }));
  });
  const index = (name: string): number => cut.findIndex((c) => c.name === name);
  return {
    theirs: axes.map(({ axis, split }) => (axis === "1" ? [1] : lengths(axis, split?.theirs))),
    ours: cut.map((c) => c.length),
    to: axes.flatMap(({ axis, split }) => (split ? split.theirs.map((part) => index(`${axis}.${part}`)) : [axis === "1" ? -1 : index(axis)])),
  };
}

function lengthOf({ path, sizes }: Layout, settings: Settings, axis: string): number {
  const size = sizes.get(axis);
  if (!size) throw new UserError(`${path} says no size of the axis ${axis}`, `for example: size ${axis} 4*ch`);
  const base = size.param === undefined ? 1 : Number(settings[size.param] ?? NaN);
  if (!Number.isSafeInteger(base)) throw new UserError(`${path}: the size of ${axis} wants the param ${size.param ?? ""}, which the spec does not have as a whole number`);
  return (base * size.times) / size.over;
}

/** A tensor of theirs, read in our order. */
export function inOurOrder(tensor: StoredTensor, { order }: Pair): StoredTensor {
  const cut = order.theirs.flatMap((lengths, axis) => rowMajor(lengths).map((step, i) => ({ length: lengths[i] as number, stride: step * (tensor.strides[axis] as number) })));
  const mine = order.ours.map((_, i) => cut[order.to.indexOf(i)] as { length: number; stride: number });
  return { ...tensor, shape: mine.map((c) => c.length), strides: mine.map((c) => c.stride) };
}

/** A tensor of ours that begins at this byte, read in their order. */
export function inTheirOrder(begin: number, { order }: Pair): StoredTensor {
  const strides = rowMajor(order.ours);
  const pick = (list: readonly number[], none: number): number[] => order.to.map((i) => (i < 0 ? none : (list[i] as number)));
  return { dtype: "float32", begin, shape: pick(order.ours, 1), strides: pick(strides, 0) };
}
