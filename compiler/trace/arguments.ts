// From the arguments of a call expression to values. A builtin reads axes and words as names, not as expressions.
import type { Arg, Expr } from "../../dsl/tree";
import type { Span } from "../../dsl/source";
import { rules } from "../diagnostics/table";
import { nearest } from "../diagnostics/near";
import { Args, type Builtin, type BuiltinParameter, type DimsArg } from "../builtins/signature";
import { asRecipe } from "./initfor";
import { DimsError } from "../graph/builder";
import { BATCH } from "../graph/shape";
import { dimOfType } from "./bodies";
import { describeProblem } from "./problems";
import { evaluate } from "./expressions";
import type { Env } from "./env";
import type { Tracer } from "./tracer";
import { isKind, isNone, isPoison, isStage, isTensor, kindName, NONE, POISON, type Value } from "./values";

export function callExpression(t: Tracer, e: Extract<Expr, { kind: "call" }>, env: Env): Value {
  const callee = evaluate(t, e.callee, env);
  if (isPoison(callee)) {
    for (const a of e.args) if (!a.name) evaluate(t, a.value, env);
    return POISON;
  }
  if (isKind(callee, "builtin")) return callBuiltin(t, callee.spec, e.args, env, e.span);
  const positional: Value[] = [];
  const named = new Map<string, Value>();
  for (const a of e.args) {
    const v = isWordSetting(callee, a) ? wordOf(a.value) : evaluate(t, a.value, env);
    if (!a.name) positional.push(v);
    else if (named.has(a.name.text)) t.report(rules.argumentTwice, { callee: kindName(callee), name: a.name.text }, a.span);
    else named.set(a.name.text, v);
  }
  return t.apply(callee, positional, named, e.span, e.args);
}

/** A declared parameter whose default is a bare word (`form = variance`) takes a word. */
function isWordSetting(callee: Value, a: Arg): boolean {
  const inner = isKind(callee, "slot") ? callee.value : callee;
  if (!a.name || !isKind(inner, "function") || a.value.kind !== "name") return false;
  const p = inner.decl.parameters.find((q) => q.name.text === a.name?.text);
  return p?.type?.kind === "named" && p.type.name.text === "word";
}
const wordOf = (e: Expr): Value => (e.kind === "name" ? e.name : POISON);

/** How a builtin is called, without what its doc says about it: `conv(out, kernel, stride: 1, ...)`. */
export function usageOf(spec: Builtin): string {
  const open = spec.doc.indexOf("(");
  if (open !== spec.name.length) return spec.name;
  let depth = 0;
  for (let i = open; i < spec.doc.length; i++) {
    depth += spec.doc[i] === "(" ? 1 : spec.doc[i] === ")" ? -1 : 0;
    if (depth === 0) return spec.doc.slice(0, i + 1);
  }
  return spec.doc;
}

function readAxes(e: Expr): string[] | undefined {
  if (e.kind === "name") return [e.name];
  if (e.kind === "tuple") {
    const all = e.items.map((i) => (i.kind === "name" ? i.name : undefined));
    return all.every((a): a is string => a !== undefined) ? all : undefined;
  }
  return undefined;
}

/** Binds the written arguments of a builtin, then runs it, or keeps it as a stage if its tensor is still to come. */
function callBuiltin(t: Tracer, spec: Builtin, args: readonly Arg[], env: Env, span: Span): Value {
  const values = new Map<string, Value>();
  const axes = new Map<string, readonly string[]>();
  const dims = new Map<string, DimsArg>();
  const rest: Value[] = [];
  const label = `\`${spec.name}\``;
  const written = new Set(args.flatMap((a) => (a.name ? [a.name.text] : [])));
  const positional = args.filter((a) => !a.name);
  const open = spec.parameters.filter((p) => !written.has(p.name));
  let failed = false;
  const give = (p: BuiltinParameter, e: Expr): void => {
    if (p.kind === "axis" || p.kind === "axes") {
      const read = readAxes(e);
      if (read && checkAxes(t, read, label, e)) axes.set(p.name, read);
      else if (!read) t.report(rules.wrongKind, { what: `\`${p.name}\` of ${label}`, expected: p.kind === "axis" ? "the name of an axis" : "names of axes, as (h, w)", got: "an expression" }, e.span);
      failed ||= !axes.has(p.name);
    } else if (p.kind === "word") {
      const found = e.kind === "name" ? (p.words?.includes(e.name) ? e.name : env.find(e.name)?.value) : undefined;
      if (typeof found === "string" && p.words?.includes(found)) values.set(p.name, found);
      else {
        // A param's word is what is wrong, not the param's name.
        const said = typeof found === "string" ? found : e.kind === "name" ? e.name : undefined;
        t.report(rules.unknownName, { name: said ?? "this", what: `no ${p.name} of ${label}`, near: said === undefined ? undefined : nearest(said, p.words ?? []), known: p.words ?? [] }, e.span);
        failed = true;
      }
    } else if (p.kind === "dims" && e.kind === "axes") {
      const entries = e.entries.map((x) => ({ axis: x.axis.text, dim: dimOfType(t, x.axis.text, x.dim, env) }));
      if (entries.every((x): x is { axis: string; dim: number } => x.dim !== undefined)) dims.set(p.name, { entries });
      else failed = true;
    } else if (p.kind === "dims") {
      t.report(rules.wrongKind, { what: `\`${p.name}\` of ${label}`, expected: "named dims, as [block: 4, c: 256]", got: "an expression" }, e.span);
      failed = true;
    } else values.set(p.name, evaluate(t, e, env));
  };

  // A stage's tensor may be left out: the first argument then belongs to the second parameter.
  let next = 0;
  if (spec.stage && open[0]?.name === spec.parameters[0]?.name && positional.length > 0) {
    const first = positional[0]!.value;
    // `unflatten(c, into: ...)` names an axis, unless `c` is a tensor here; an axis that may be left out is given by name.
    const named = first.kind === "name" ? env.find(first.name)?.value : undefined;
    const looksAxis = open[1]?.kind === "axis" && !open[1].optional && first.kind === "name" && positional.length < 2 && !(named !== undefined && isTensor(named));
    const v = looksAxis ? undefined : evaluate(t, first, env);
    const isData = v !== undefined && (isTensor(v) || isNone(v) || isPoison(v) || isKind(v, "list") || (spec.parameters[0]!.kind === "any" && !isStage(v)));
    if (isData) {
      values.set(open[0]!.name, v);
      positional.shift();
    }
    next = 1;
  }
  for (const a of positional) {
    const p = open[next];
    if (p && !(spec.rest && p.kind !== "any" && p.kind !== "tensor" && next > 0)) {
      next++;
      give(p, a.value);
    } else if (spec.rest) rest.push(evaluate(t, a.value, env));
    else {
      t.report(rules.tooManyArguments, { callee: label, takes: usageOf(spec) }, a.span);
      failed = true;
    }
  }
  for (const a of args) {
    if (!a.name) continue;
    const p = spec.parameters.find((q) => q.name === a.name!.text);
    if (!p) {
      const known = spec.parameters.map((q) => q.name);
      t.report(rules.unknownArgument, { callee: label, name: a.name.text, near: nearest(a.name.text, known), known }, a.name.span);
      failed = true;
    } else if (values.has(p.name) || axes.has(p.name)) t.report(rules.argumentTwice, { callee: label, name: p.name }, a.span);
    else give(p, a.value);
  }
  if (failed) return POISON;
  const bound: BoundBuiltin = { spec, values, axes, dims, rest, span };
  if (spec.stage && !values.has(spec.parameters[0]!.name)) return stageOf(bound);
  return runBuiltin(t, bound);
}

interface BoundBuiltin {
  readonly spec: Builtin;
  readonly values: ReadonlyMap<string, Value>;
  readonly axes: ReadonlyMap<string, readonly string[]>;
  readonly dims: ReadonlyMap<string, DimsArg>;
  readonly rest: readonly Value[];
  readonly span: Span;
}
/** The arguments that a builtin stage waits with, beside its value. */
const waiting = new WeakMap<object, BoundBuiltin>();
function stageOf(bound: BoundBuiltin): Value {
  const value: Value = { kind: "builtin", spec: bound.spec, bound: bound.values };
  waiting.set(value as object, bound);
  return value;
}

/** Applies a builtin value, bare (`relu`) or with its settings bound (`conv(64, 3)`). */
export function applyBuiltin(t: Tracer, stage: Extract<Value, { kind: "builtin" }>, positional: readonly Value[], span: Span): Value {
  const bound = waiting.get(stage) ?? { spec: stage.spec, values: new Map(), axes: new Map(), dims: new Map(), rest: [], span };
  const values = new Map(bound.values);
  const first = stage.spec.parameters[0];
  if (first && positional.length > 0) values.set(first.name, positional[0]!);
  return runBuiltin(t, { ...bound, values, rest: [...bound.rest, ...positional.slice(1)] });
}

const EXPECTED: Record<BuiltinParameter["kind"], string> = {
  tensor: "a tensor", number: "a number", int: "a whole number", bool: "true or false", axis: "an axis", axes: "axes", word: "a word",
  dims: "named dims", pad: "a padding such as reflect(1)", reparam: "a reparam such as spectral", init: "an initialization",
  steps: "preprocessing steps such as random_flip |> random_crop(256)", any: "a value",
};

function fits(p: BuiltinParameter, v: Value): boolean {
  switch (p.kind) {
    case "tensor": return isTensor(v);
    case "number": return typeof v === "number";
    case "int": return typeof v === "number" && Number.isInteger(v);
    case "bool": return typeof v === "boolean";
    case "pad": return isKind(v, "pad") || (typeof v === "number" && Number.isInteger(v) && v >= 0);
    case "reparam": return isNone(v) || isStage(v);
    case "word": return typeof v === "string";
    case "steps": return isKind(v, "data-steps") || (isKind(v, "builtin") && !v.spec.stage);
    default: return true;
  }
}

function runBuiltin(t: Tracer, bound: BoundBuiltin): Value {
  const { spec, span } = bound;
  const values = new Map(bound.values);
  const label = `\`${spec.name}\``;
  for (const p of spec.parameters) {
    const v = values.get(p.name);
    if (v === undefined) {
      if (p.default !== undefined) values.set(p.name, p.default);
      else if (!p.optional && !bound.axes.has(p.name) && !bound.dims.has(p.name))
        return t.report(rules.missingArgument, { callee: label, name: p.name, usage: usageOf(spec) }, span);
      continue;
    }
    if (isPoison(v)) return POISON;
    // A function of none is none (rule 4), for every operand that is a tensor.
    if (isNone(v) && (p.kind === "tensor" || p.kind === "any")) return NONE;
    if (p.kind === "init") {
      const recipe = asRecipe(t, v);
      if (recipe) values.set(p.name, { kind: "init", recipe });
    } else if (!fits(p, v)) {
      return t.report(rules.wrongKind, { what: `\`${p.name}\` of ${label}`, expected: EXPECTED[p.kind], got: typeof v === "number" ? String(v) : kindName(v) }, span);
    } else if (typeof v === "number") {
      const [least, most] = rangeOf(p);
      if (v < least || v > most) {
        const kind = p.kind === "int" ? "a whole number" : "a number";
        const expected = v > most ? `${kind}, at most ${most}` : `${kind}, ${least} or more`;
        return t.report(rules.badAmount, { what: `\`${p.name}\` of ${label}`, expected, got: String(v) }, span);
      }
    }
  }
  if (bound.rest.some(isPoison)) return POISON;
  const args = new Args(values, bound.axes, bound.dims, bound.rest);
  try {
    return spec.learns ? t.within(t.segment(spec.name), () => spec.run(t, args, span)) : spec.run(t, args, span);
  } catch (error) {
    // A builtin made of several operations may find a misfit behind its first one.
    if (error instanceof DimsError) return describeProblem(t, error, [], span, spec.name);
    throw error;
  }
}

/** Counts begin at 1 and fit into 32 bits, unless a builtin says otherwise. */
const rangeOf = (p: BuiltinParameter): readonly [number, number] =>
  p.kind === "int" ? [p.least ?? 1, p.most ?? 2 ** 31 - 1] : [p.least ?? -Infinity, p.most ?? Infinity];

/** Each axis once; the batch only where a norm's statistics run over it (rule 2). */
function checkAxes(t: Tracer, axes: readonly string[], label: string, e: Expr): boolean {
  const twice = axes.find((a, i) => axes.indexOf(a) !== i);
  if (twice !== undefined) t.report(rules.argumentTwice, { callee: label, name: twice }, e.span);
  const inNorm = t.frames.at(-1)?.label.startsWith("norm ") ?? false;
  if (axes.includes(BATCH) && !inNorm) t.report(rules.outsideTraining, { what: "the axis `batch`", hint: "a network is written for one sample: only a norm's statistics may run over the batch" }, e.span);
  return twice === undefined && (inNorm || !axes.includes(BATCH));
}
