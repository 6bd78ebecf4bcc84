// Layers with weights. Weights are laid out as PyTorch lays them out, so that published checkpoints map one to one.
import type { Span } from "../../dsl/source";
import { addDim, type Dim, scaleDim } from "../graph/dim";
import { dimOf, type Shape, showShape } from "../graph/shape";
import type { NodeId, PadMode, Window2d } from "../graph/types";
import { rules } from "../diagnostics/table";
import { initFor } from "../trace/initfor";
import { applyReparam } from "../trace/reparam";
import type { Tracer } from "../trace/tracer";
import { isKind, isTensor, NONE, POISON, type Value } from "../trace/values";
import { type Args, type Builtin, x } from "./signature";

interface Padding {
  readonly mode: PadMode;
  readonly amounts: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number };
}

function paddingOf(v: Value): Padding {
  if (isKind(v, "pad")) return v;
  const n = typeof v === "number" ? v : 0;
  return { mode: "zero", amounts: { top: n, bottom: n, left: n, right: n } };
}

/** Pads as a node of its own, unless a convolution can do it: zeros, the same on both sides. */
function padded(t: Tracer, id: NodeId, p: Padding, span: Span, label: string): { value: Value; inside: [number, number] } {
  const { top, bottom, left, right } = p.amounts;
  if (p.mode === "zero" && top === bottom && left === right) return { value: { kind: "tensor", id }, inside: [top, left] };
  return { value: t.op("pad", { mode: p.mode, amounts: p.amounts }, [id], span, label), inside: [0, 0] };
}

function channels(t: Tracer, id: NodeId, label: string, span: Span): number | undefined {
  const c = dimOf(t.b.shape(id), "c");
  if (typeof c === "number") return c;
  if (c === undefined) t.report(rules.missingAxis, { op: label, axis: "c", shape: showShape(t.b.shape(id)) }, span);
  else t.report(rules.dimNeedsNumber, { op: label, axis: "c", shape: showShape(t.b.shape(id)) }, span);
  return undefined;
}

function weight(t: Tracer, args: Args, shape: Shape, fans: { in: number; out: number }, layer: string, span: Span): Value {
  const made = t.parameter("weight", shape, initFor(t, layer, "weight"), fans, { role: "weight" }, span);
  return isTensor(made) ? applyReparam(t, args.value("weight"), made.id, span) : made;
}

function withBias(t: Tracer, args: Args, y: Value, out: number, fanIn: number, layer: string, span: Span): Value {
  if (!args.flag("bias") || !isTensor(y)) return y;
  const bias = t.parameter("bias", [{ axis: "c", dim: out }], initFor(t, layer, "bias"), { in: fanIn, out }, { role: "bias" }, span);
  return isTensor(bias) ? t.op("add", {}, [y.id, bias.id], span, layer) : bias;
}

const conv: Builtin = {
  name: "conv",
  doc: "conv(out, kernel, stride: 1, pad: 0, bias: true, weight: plain): 2-D convolution (cross-correlation)",
  parameters: [
    x,
    { name: "out", kind: "int" },
    { name: "kernel", kind: "int" },
    { name: "stride", kind: "int", default: 1 },
    { name: "pad", kind: "pad", default: 0 },
    { name: "bias", kind: "bool", default: true },
    { name: "weight", kind: "reparam", default: NONE },
  ],
  stage: true,
  learns: true,
  run(t, args, span) {
    const [out, k, stride] = [args.number("out"), args.number("kernel"), args.number("stride")];
    const label = `conv(${out}, ${k})`;
    const cin = channels(t, args.tensor("x"), label, span);
    if (cin === undefined) return POISON;
    const shape: Shape = [{ axis: "out", dim: out }, { axis: "in", dim: cin }, { axis: "kh", dim: k }, { axis: "kw", dim: k }];
    const w = weight(t, args, shape, { in: cin * k * k, out: out * k * k }, "conv", span);
    const p = padded(t, args.tensor("x"), paddingOf(args.value("pad")), span, label);
    if (!isTensor(p.value) || !isTensor(w)) return POISON;
    const window: Window2d = { kernel: [k, k], stride: [stride, stride], pad: p.inside };
    return withBias(t, args, t.op("conv", { window }, [p.value.id, w.id], span, label), out, cin * k * k, "conv", span);
  },
};

const convTranspose: Builtin = {
  name: "conv_transpose",
  doc: "conv_transpose(out, kernel, stride: 1, pad: 0, output_pad: 0, bias: true): transposed convolution, PyTorch's sizes",
  parameters: [
    x,
    { name: "out", kind: "int" },
    { name: "kernel", kind: "int" },
    { name: "stride", kind: "int", default: 1 },
    { name: "pad", kind: "int", default: 0, least: 0 },
    { name: "output_pad", kind: "int", default: 0, least: 0 },
    { name: "bias", kind: "bool", default: true },
    { name: "weight", kind: "reparam", default: NONE },
  ],
  stage: true,
  learns: true,
  run(t, args, span) {
    const [out, k, stride] = [args.number("out"), args.number("kernel"), args.number("stride")];
    const [pad, extra] = [args.number("pad"), args.number("output_pad")];
    const label = `conv_transpose(${out}, ${k})`;
    const id = args.tensor("x");
    const cin = channels(t, id, label, span);
    if (cin === undefined) return POISON;
    const [h, w] = ["h", "w"].map((a) => dimOf(t.b.shape(id), a));
    if (h === undefined || w === undefined)
      return t.report(rules.missingAxis, { op: label, axis: h === undefined ? "h" : "w", shape: showShape(t.b.shape(id)) }, span);
    if (extra >= stride && extra > 0) return t.report(rules.badAmount, { what: `\`output_pad\` of ${label}`, expected: `smaller than its stride of ${stride}`, got: String(extra) }, span);
    const grown = (d: Dim): Dim => addDim(scaleDim(addDim(d, -1), stride), k - 2 * pad + extra);
    if ([h, w].some((d) => typeof d === "number" && Number(grown(d)) < 1))
      return t.report(rules.badAmount, { what: `\`pad\` of ${label}`, expected: `so small that it leaves pixels of ${showShape(t.b.shape(id))}`, got: String(pad) }, span);
    // PyTorch takes the fan in of ConvTranspose2d from its weight's second dim: the channels that come out.
    const fan = out * k * k;
    const shape: Shape = [{ axis: "out", dim: cin }, { axis: "in", dim: out }, { axis: "kh", dim: k }, { axis: "kw", dim: k }];
    const wt = weight(t, args, shape, { in: fan, out: cin * k * k }, "conv", span);
    if (!isTensor(wt)) return wt;
    const window: Window2d = { kernel: [k, k], stride: [stride, stride], pad: [pad, pad] };
    const y = t.op("conv_input_adjoint", { window, h: grown(h), w: grown(w) }, [id, wt.id], span, label);
    return withBias(t, args, y, out, fan, "conv", span);
  },
};

const linear: Builtin = {
  name: "linear",
  doc: "linear(out, bias: true, weight: plain): a linear map of the axis c",
  parameters: [
    x,
    { name: "out", kind: "int" },
    { name: "bias", kind: "bool", default: true },
    { name: "weight", kind: "reparam", default: NONE },
  ],
  stage: true,
  learns: true,
  run(t, args, span) {
    const out = args.number("out");
    const label = `linear(${out})`;
    const id = args.tensor("x");
    const cin = channels(t, id, label, span);
    if (cin === undefined) return POISON;
    const w = weight(t, args, [{ axis: "out", dim: out }, { axis: "in", dim: cin }], { in: cin, out }, "linear", span);
    if (!isTensor(w)) return w;
    const map = t.must("rename", { names: { in: "c" } }, [w.id]);
    const y = t.op("contract", { over: ["c"] }, [id, map], span, label);
    const named = isTensor(y) ? t.op("rename", { names: { out: "c" } }, [y.id], span, label) : y;
    return withBias(t, args, named, out, cin, "linear", span);
  },
};

const padOf = (mode: PadMode): Builtin => ({
  name: mode === "edge" ? "edge" : mode,
  doc: `${mode}(n) or ${mode}(top, bottom, left, right): ${mode === "reflect" ? "mirrors without repeating the border" : mode === "zero" ? "zeros" : "repeats the border"}`,
  parameters: [
    { name: "n", kind: "int", least: 0 },
    { name: "bottom", kind: "int", optional: true, least: 0 },
    { name: "left", kind: "int", optional: true, least: 0 },
    { name: "right", kind: "int", optional: true, least: 0 },
  ],
  stage: false,
  run(_t, args) {
    const top = args.number("n");
    const or = (name: string): number => (args.has(name) ? args.number(name) : top);
    return { kind: "pad", mode, amounts: { top, bottom: or("bottom"), left: or("left"), right: or("right") } };
  },
});

export const layers: readonly Builtin[] = [conv, convTranspose, linear, padOf("reflect"), padOf("zero"), padOf("edge")];
