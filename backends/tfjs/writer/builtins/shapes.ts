// What only moves values: resampling, concatenation, flattening.
import { aligned } from "../arithmetic";
import { missing, ordered, permutation } from "../axes";
import type { Body } from "../body";
import type { Arguments } from "../builtin-call";
import { textOf } from "../evaluate";
import { NONE, type TensorValue, type TextValue, tight, unionOf } from "../values";
import { options } from "./layers";
import type { Writer } from "./table";

const setting = (a: Arguments, name: string): string | undefined => (a.written(name) ? textOf(a.written(name)!) : undefined);
const like = (b: Body, x: TensorValue, text: string, axes: readonly string[] = x.axes): TextValue => b.project.tensor(text, axes, { nets: x.nets, effect: x.effect });

const tensors = (a: Arguments): TensorValue[] => [a.value("x"), ...a.rest].flatMap((v) => (v.kind === "list" ? v.items : [v])).flatMap((v) => (v.kind === "tensor" ? [v] : []));

/** Tensors joined along an axis; each gets the axes of all, as far as it lacks some. */
const joined = (b: Body, a: Arguments, along: string, text: (parts: readonly string[], place: number) => string): TextValue => {
  const all = tensors(a);
  const axes = ordered([...all.flatMap((t) => [...t.axes]), along]);
  const parts = ordered(all.flatMap((t) => [...t.axes]));
  return b.project.tensor(text(all.map((t) => aligned(t, parts)), axes.indexOf(along)), axes, { nets: unionOf(all.map((t) => t.nets)), effect: all.some((t) => t.effect) });
};

const transposed = (x: TensorValue, to: readonly string[]): string => {
  const order = permutation(x.axes, to);
  return order ? `${tight(x)}.transpose([${order.join(", ")}])` : tight(x);
};

export const shapes: Readonly<Record<string, Writer>> = {
  upsample: (b, a) => {
    const x = a.tensor("x");
    return x ? like(b, x, `upsample(${x.text}, ${textOf(a.value("factor"))})`) : NONE;
  },
  avg_pool: (b, a) => {
    const x = a.tensor("x");
    const given = options([["stride", setting(a, "stride")], ["pad", setting(a, "pad")], ["countPad", a.flag("count_pad") ? undefined : "false"]]);
    return x ? like(b, x, `avgPool(${x.text}, ${textOf(a.value("kernel"))}${given})`) : NONE;
  },
  pad: (b, a) => {
    const x = a.tensor("x");
    return x ? like(b, x, `pad(${x.text}, ${textOf(a.value("by"))})`) : NONE;
  },
  flatten: (b, a) => {
    const x = a.tensor("x");
    if (!x) return NONE;
    // The language's own order is that of the tensor's axes as they were written: channels, height, width.
    const order = a.axes("order") ?? [...x.axes.filter((n) => n !== "batch" && n !== "h" && n !== "w"), ...x.axes.filter((n) => n === "h" || n === "w")];
    const into = a.axes("into")?.[0] ?? "c";
    const rest = x.axes.filter((n) => !order.includes(n));
    const line = b.spill(x, "flat");
    const moved = transposed(line, [...rest, ...order]);
    const sizes = [...rest.map((n) => `${line.text}.shape[${x.axes.indexOf(n)}]!`), "-1"];
    const made = [...rest, into];
    const flat = `${moved}.reshape([${sizes.join(", ")}])`;
    const after = permutation(made, ordered(made));
    return like(b, x, after ? `${flat}.transpose([${after.join(", ")}])` : flat, made);
  },
  unflatten: (b, a) => {
    const x = a.tensor("x");
    const into = a.bound.dims.get("into");
    const axis = a.axes("axis")?.[0] ?? "c";
    if (!x || !into) return NONE;
    const line = b.spill(x, "flat");
    const sizes = x.axes.flatMap((n, i) => (n === axis ? into.map((d) => d.dim.text) : [`${line.text}.shape[${i}]!`]));
    const made = x.axes.flatMap((n) => (n === axis ? into.map((d) => d.axis) : [n]));
    const text = `${tight(line)}.reshape([${sizes.join(", ")}])`;
    const order = permutation(made, ordered(made));
    return like(b, x, order ? `${text}.transpose([${order.join(", ")}])` : text, made);
  },
  concat: (b, a) => joined(b, a, a.axes("along")?.[0] ?? "c", (parts, k) => `tf.concat([${parts.join(", ")}], ${k})`),
  stack: (b, a) => joined(b, a, a.axes("along")?.[0] ?? "c", (parts, k) => `tf.stack([${parts.join(", ")}], ${k})`),
  spread: (b, a) => {
    const [x, y] = [a.tensor("x"), a.tensor("like")];
    if (!x || !y) return NONE;
    const axes = ordered([...x.axes, ...y.axes]);
    const [code, shape] = [b.spill(x, "code"), b.spill(y, "like")];
    const sizes = axes.map((n) => (code.axes.includes(n) ? `${code.text}.shape[${code.axes.indexOf(n)}]!` : `${shape.text}.shape[${shape.axes.indexOf(n)}]!`));
    const places = missing(code.axes, axes);
    const spread = places.length > 0 ? `unsqueeze(${code.text}, [${places.join(", ")}])` : code.text;
    return b.project.tensor(`tf.broadcastTo(${spread}, [${sizes.join(", ")}])`, axes, { nets: unionOf([x.nets, y.nets]) });
  },
  zip: (_b, a) => {
    const lists = [a.value("x"), ...a.rest].flatMap((v) => (v.kind === "list" || v.kind === "tuple" ? [v] : []));
    const count = Math.min(...lists.map((l) => l.items.length));
    const items = Array.from({ length: count }, (_, k): TextValue => ({ kind: "tuple", items: lists.map((l) => l.items[k]!) }));
    return { kind: "list", items, text: `zip(${lists.map(textOf).join(", ")})`, effect: lists.some((l) => l.kind === "list" && l.effect === true) };
  },
  history: (b, a) => {
    const x = a.tensor("x");
    return x ? b.project.tensor(`history(${b.scope.text()}, ${x.text}, ${textOf(a.value("size"))})`, x.axes, { effect: true }) : NONE;
  },
  identity: (_b, a) => a.value("x"),
  plain: (_b, a) => a.value("x"),
};
