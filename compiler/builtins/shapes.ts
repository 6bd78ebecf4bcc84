// Building blocks that only move values: resampling, concatenation, flattening.
import { axesOf, BATCH, dimOf, hasAxis, type Shape, showShape } from "../graph/shape";
import type { NodeId } from "../graph/types";
import { rules } from "../diagnostics/table";
import type { Tracer } from "../trace/tracer";
import { isTensor, kindName, POISON, type Value } from "../trace/values";
import type { Span } from "../../dsl/source";
import { type Args, type Builtin, x } from "./signature";

const upsample: Builtin = {
  name: "upsample",
  doc: "upsample(factor): nearest neighbour",
  parameters: [x, { name: "factor", kind: "int", default: 2 }],
  stage: true,
  run: (t, args, span) => t.op("upsample", { factor: args.number("factor") }, [args.tensor("x")], span, `upsample(${args.number("factor")})`),
};

const avgPool: Builtin = {
  name: "avg_pool",
  doc: "avg_pool(kernel, stride: kernel, pad: 0, count_pad: true): mean of windows; count_pad: false leaves the padding out of the mean",
  parameters: [
    x,
    { name: "kernel", kind: "int" },
    { name: "stride", kind: "int", optional: true },
    { name: "pad", kind: "int", default: 0, least: 0 },
    { name: "count_pad", kind: "bool", default: true },
  ],
  stage: true,
  run(t, args, span) {
    const [k, p] = [args.number("kernel"), args.number("pad")];
    const s = args.has("stride") ? args.number("stride") : k;
    if (2 * p > k) return t.report(rules.badAmount, { what: `\`pad\` of avg_pool(${k})`, expected: `at most half its window of ${k}`, got: String(p) }, span);
    return t.op("avg_pool", { window: { kernel: [k, k], stride: [s, s], pad: [p, p] }, countPad: args.flag("count_pad") }, [args.tensor("x")], span, `avg_pool(${k})`);
  },
};

const padWith: Builtin = {
  name: "pad",
  doc: "pad(reflect(1)): pads pictures",
  parameters: [x, { name: "by", kind: "pad" }],
  stage: true,
  run(t, args, span) {
    const by = args.value("by");
    const amounts = typeof by === "object" && by.kind === "pad" ? by : undefined;
    const n = typeof by === "number" ? by : 0;
    const use = amounts ?? { mode: "zero" as const, amounts: { top: n, bottom: n, left: n, right: n } };
    return t.op("pad", { mode: use.mode, amounts: use.amounts }, [args.tensor("x")], span, "pad");
  },
};

const flatten: Builtin = {
  name: "flatten",
  doc: "flatten(x, into: c, order: (c, h, w)): all axes into one, slowest first",
  parameters: [x, { name: "into", kind: "axis", optional: true }, { name: "order", kind: "axes", optional: true }],
  stage: true,
  run(t, args, span) {
    const id = args.tensor("x");
    return t.op("flatten", { axes: args.axes("order") ?? t.axesWithoutBatch(id), into: args.axis("into") ?? "c" }, [id], span, "flatten");
  },
};

const unflatten: Builtin = {
  name: "unflatten",
  doc: "unflatten(c, into: [block: 4, c: 256]): one axis into several, slowest first",
  parameters: [x, { name: "axis", kind: "axis" }, { name: "into", kind: "dims" }],
  stage: true,
  run(t, args, span) {
    const into: Shape = args.dims.get("into")?.entries ?? [];
    return t.op("unflatten", { axis: args.axis("axis") ?? "c", into }, [args.tensor("x")], span, "unflatten");
  },
};

function tensors(t: Tracer, args: Args, what: string, span: Span): NodeId[] | Value {
  const all = [args.value("x"), ...args.rest].flatMap((v) => (typeof v === "object" && v.kind === "list" ? v.items : [v]));
  const ids = all.map((v) => (isTensor(v) ? v.id : undefined));
  const bad = ids.indexOf(undefined);
  if (all.some((v) => typeof v === "object" && v.kind === "poison")) return POISON;
  if (bad >= 0) return t.report(rules.wrongKind, { what: `\`${what}\``, expected: "tensors", got: kindName(all[bad]!) }, span);
  if (ids.length === 0) return t.report(rules.wrongKind, { what: `\`${what}\``, expected: "at least one tensor", got: "an empty list" }, span);
  return ids as NodeId[];
}

const concat: Builtin = {
  name: "concat",
  doc: "concat(a, b, ..., along: c)",
  parameters: [{ name: "x", kind: "any" }, { name: "along", kind: "axis" }],
  stage: false,
  rest: true,
  run(t, args, span) {
    const ids = tensors(t, args, "concat", span);
    return Array.isArray(ids) ? t.op("concat", { along: args.axis("along") ?? "c" }, ids, span, "concat") : ids;
  },
};

const stack: Builtin = {
  name: "stack",
  doc: "stack(a, b, ..., along: axis): a new axis, one place a value",
  parameters: [{ name: "x", kind: "any" }, { name: "along", kind: "axis" }],
  stage: false,
  rest: true,
  run(t, args, span) {
    const ids = tensors(t, args, "stack", span);
    if (!Array.isArray(ids)) return ids;
    const axis = args.axis("along") ?? "c";
    const taken = ids.find((id) => hasAxis(t.b.shape(id), axis));
    if (taken !== undefined) return t.report(rules.takenAxis, { op: "stack", axis, shape: showShape(t.b.shape(taken)) }, span);
    return t.op("concat", { along: axis }, ids.map((id) => t.must("unsqueeze", { axis }, [id])), span, "stack");
  },
};

const spread: Builtin = {
  name: "spread",
  doc: "spread(code, like: y): the code at every place of y's further axes",
  parameters: [x, { name: "like", kind: "tensor" }],
  stage: false,
  run(t, args, span) {
    const [id, like] = [args.tensor("x"), args.tensor("like")];
    const own = t.b.shape(id);
    const shape = t.b.shape(like).map((a) => ({ axis: a.axis, dim: dimOf(own, a.axis) ?? a.dim }));
    const lacking = axesOf(own).find((a) => !hasAxis(shape, a));
    if (lacking !== undefined && lacking !== BATCH) return t.report(rules.missingAxis, { op: "spread", axis: lacking, shape: showShape(shape) }, span);
    return t.op("expand", { shape }, [id], span, "spread");
  },
};

const same = (name: string, doc: string): Builtin => ({
  name,
  doc,
  parameters: [{ name: "x", kind: "any" }],
  stage: true,
  run: (_t, args) => args.value("x"),
});

export const shapes: readonly Builtin[] = [
  upsample, avgPool, padWith, flatten, unflatten, concat, stack, spread, same("identity", "identity(x): x itself"), same("plain", "plain(w): a weight as it is"),
];
