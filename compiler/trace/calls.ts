// Applying stages, declarations and instances (rules 6, 7, 11).
import type { Arg, BodyDecl } from "../../dsl/tree";
import type { Span } from "../../dsl/source";
import { rules } from "../diagnostics/table";
import { nearest } from "../diagnostics/near";
import { applyBuiltin } from "./arguments";
import { bindParameter } from "./parameters";
import { applyReparam } from "./reparam";
import { showDim } from "../graph/dim";
import { hasAxis } from "../graph/shape";
import { runBody } from "./bodies";
import { Env } from "./env";
import { evaluate } from "./expressions";
import type { CallMade, Tracer } from "./tracer";
import { type FunctionValue, type InstanceValue, isKind, isNone, isPoison, isTensor, kindName, NONE, POISON, type SlotValue, type Value } from "./values";

export function apply(t: Tracer, callee: Value, positional: readonly Value[], named: ReadonlyMap<string, Value>, span: Span, args?: readonly Arg[]): Value {
  if (isPoison(callee) || positional.some(isPoison)) return POISON;
  if (typeof callee !== "object") return t.report(rules.notCallable, { got: kindName(callee) }, span);
  switch (callee.kind) {
    case "builtin": return applyBuiltin(t, callee, positional, span);
    case "function": {
      const [first] = positional;
      // A reparam sees any weight as a matrix; a weight that is none yet is made one, and turned back.
      if (callee.decl.keyword === "reparam" && first !== undefined && isTensor(first) && !hasAxis(t.shape(first), "rest")) return applyReparam(t, callee, first.id, span);
      return applyFunction(t, callee, positional, named, span, args);
    }
    case "slot": return applySlot(t, callee, positional, named, span, args);
    case "instance": return applyInstance(t, callee, positional, named, span, args);
    case "composed": {
      const first = apply(t, callee.first, positional, named, span);
      return apply(t, callee.second, [first], new Map(), span);
    }
    case "lambda": {
      const inner = new Env(callee.env);
      inner.set(callee.parameter, positional[0] ?? NONE);
      return evaluate(t, callee.body, inner);
    }
    case "repeat": {
      let value: Value = positional[0] ?? NONE;
      for (let i = 0; i < callee.count; i++) {
        const inner = new Env(callee.env);
        if (callee.index) inner.set(callee.index, i);
        value = apply(t, evaluate(t, callee.body, inner), [value], new Map(), span);
        if (isPoison(value)) return POISON;
      }
      return value;
    }
    case "none": return NONE;
    default: return t.report(rules.notCallable, { got: kindName(callee) }, span);
  }
}

const TENSOR_TYPES = ["image", "vector", "weight", "scalar"];
const takesTensor = (decl: BodyDecl): boolean => {
  const type = decl.parameters[0]?.type;
  return type !== undefined && (type.kind !== "named" || TENSOR_TYPES.includes(type.name.text) || type.name.text === "list");
};

function applyFunction(t: Tracer, f: FunctionValue, positional: readonly Value[], named: ReadonlyMap<string, Value>, span: Span, args?: readonly Arg[]): Value {
  const decl = f.decl;
  const bound = new Map(f.bound);
  const known = [...decl.parameters, ...decl.styles].map((p) => p.name.text);
  const label = `${decl.keyword} ${decl.name.text}`;
  for (const [name, v] of named) {
    if (!known.includes(name)) {
      const at = args?.find((a) => a.name?.text === name)?.name?.span ?? span;
      return t.report(rules.unknownArgument, { callee: label, name, near: nearest(name, known), known }, at);
    }
    bound.set(name, v);
  }
  const first = decl.parameters[0];
  const isInput = (v: Value): boolean => typeof v === "object";
  const skipFirst = first !== undefined && takesTensor(decl) && positional.length > 0 && !isInput(positional[0]!) && decl.keyword !== "loss";
  let next = skipFirst ? 1 : 0;
  for (const v of positional) {
    while (next < decl.parameters.length && named.has(decl.parameters[next]!.name.text)) next++;
    const p = decl.parameters[next++];
    if (!p) return t.report(rules.tooManyArguments, { callee: label, takes: known.join(", ") }, span);
    bound.set(p.name.text, v);
  }
  const value: FunctionValue = { ...f, bound, span: named.size > 0 ? span : (f.span ?? span) };
  if (first && takesTensor(decl) && !bound.has(first.name.text)) return value;
  if (decl.keyword === "init" && positional.length === 0 && named.size === 0 && decl.parameters.some((p) => !p.default && !bound.has(p.name.text))) return value;
  return t.within(t.segment(decl.name.text), () => runFunction(t, value, span), decl.keyword === "norm" || decl.keyword === "head" ? decl.name.text : undefined);
}

/** Runs a declaration in the scope that the tracer stands in. */
export function runFunction(t: Tracer, f: FunctionValue, span: Span, instance?: InstanceValue): Value {
  const decl = f.decl;
  if (t.frames.some((frame) => frame.decl === decl) && !t.frames.some((frame) => frame.instance)) return recursion(t, decl, span);
  if (t.frames.filter((frame) => frame.decl === decl).length > 0 && t.frames.some((frame) => frame.decl === decl && frame.instance === instance)) return recursion(t, decl, span);
  const env = new Env(f.home);
  const label = instance ? `the net ${instance.name}` : `${decl.keyword} ${decl.name.text}`;
  t.frames.push({ label, span, decl, ...(instance ? { instance } : {}) });
  try {
    for (const p of [...decl.parameters, ...decl.styles]) {
      let v = f.bound.get(p.name.text);
      if (v === undefined && p.default) v = p.default.kind === "name" && p.type?.kind === "named" && p.type.name.text === "word" ? p.default.name : evaluate(t, p.default, env);
      if (v === undefined) {
        if (decl.styles.includes(p)) return t.report(rules.styleUnbound, { norm: decl.name.text, needs: `\`${p.name.text}\`` }, span);
        return t.report(rules.missingArgument, { callee: label, name: p.name.text }, span);
      }
      if (isPoison(v)) return POISON;
      if (isNone(v) && decl.keyword !== "head" && p === decl.parameters[0]) return NONE;
      // Style inputs are given where the norm is chosen, which may be far from where it is applied.
      if (!bindParameter(t, p, v, env, label, decl.styles.includes(p) ? (f.span ?? span) : span)) return POISON;
    }
    return runBody(t, decl, env);
  } finally {
    t.frames.pop();
  }
}

function recursion(t: Tracer, decl: BodyDecl, span: Span): Value {
  const names = t.frames.flatMap((frame) => (frame.label.startsWith("the net") ? [] : [frame.label.split(" ").at(-1)!]));
  const from = names.indexOf(decl.name.text);
  return t.report(rules.recursion, { chain: [...names.slice(Math.max(0, from)), decl.name.text].join(" → ") }, span);
}

/** Style inputs that the slot offers and its norm does not want are ignored (rule 7). */
function applySlot(t: Tracer, slot: SlotValue, positional: readonly Value[], named: ReadonlyMap<string, Value>, span: Span, args?: readonly Arg[]): Value {
  const inner = slot.value;
  const wants = isKind(inner, "function") ? [...inner.decl.parameters, ...inner.decl.styles].map((p) => p.name.text) : [];
  const kept = new Map([...named].filter(([name]) => wants.includes(name) || !slot.offers.includes(name)));
  if (positional.length === 0 && kept.size === 0) return inner;
  return apply(t, inner, positional, kept, span, args);
}

function applyInstance(t: Tracer, net: InstanceValue, positional: readonly Value[], named: ReadonlyMap<string, Value>, span: Span, args?: readonly Arg[]): Value {
  t.calledNets.add(net.name);
  if (!t.firstCalls.has(net.name)) t.firstCalls.set(net.name, { net, positional, named });
  const key = `${net.name}@${versionOf(t, net)}(${[...positional.map((v) => keyOf(t, v)), ...[...named].map(([n, v]) => `${n}:${keyOf(t, v)}`)].join(",")})`;
  const known = t.calls.get(key);
  if (known !== undefined) {
    countCall(t, known.nodes);
    return known.value;
  }
  const from = t.b.nodes.length;
  const bound = new Map(net.make.bound);
  const open = net.make.decl.parameters.filter((p) => !bound.has(p.name.text));
  let tooMany = false;
  positional.forEach((v, i) => {
    const p = open[i];
    if (p) bound.set(p.name.text, v);
    else tooMany = isPoison(t.report(rules.tooManyArguments, { callee: `the net ${net.name}`, takes: open.map((q) => q.name.text).join(", ") || "nothing more" }, span));
  });
  if (tooMany) return POISON;
  const names = net.make.decl.parameters.map((p) => p.name.text);
  for (const [name, v] of named) {
    if (names.includes(name)) bound.set(name, v);
    else return t.report(rules.unknownArgument, { callee: `the net ${net.name}`, name, near: nearest(name, names), known: names }, args?.find((a) => a.name?.text === name)?.span ?? span);
  }
  const scope = { path: net.name, net: net.name, netInit: net.init, counters: new Map<string, number>() };
  const result = t.inScope(scope, () => runFunction(t, { ...net.make, bound }, span, net));
  const nodes = [from, t.b.nodes.length] as const;
  t.calls.set(key, { value: result, nodes });
  countCall(t, nodes);
  return result;
}

/** A call inside another net's is part of that one. */
function countCall(t: Tracer, nodes: CallMade["nodes"]): void {
  const inPhase = t.frames.find(({ phase }) => phase !== undefined)?.phase;
  if (inPhase !== undefined && !t.frames.some((f) => f.instance !== undefined)) t.callsMade.push({ phase: inPhase, nodes });
}

/** Counts the updates of a net and of every net it was handed: what a memory of its results must be told apart by. */
function versionOf(t: Tracer, net: InstanceValue): string {
  const inner = [...net.make.bound.values()].flatMap((v) => (isKind(v, "instance") ? [versionOf(t, v)] : []));
  return [String(t.versions.get(net.name) ?? 0), ...inner].join("/");
}

/** Equal keys are equal values: what decides whether two calls are one. */
function keyOf(t: Tracer, v: Value): string {
  if (typeof v !== "object") return JSON.stringify(v);
  switch (v.kind) {
    case "tensor": return `#${v.id}`;
    case "record": return t.intern(v, () => `{${[...v.fields].map(([n, f]) => `${n}:${keyOf(t, f)}`).join(",")}}`);
    case "list":
    case "tuple": return t.intern(v, () => `[${v.items.map((i) => keyOf(t, i)).join(",")}]`);
    case "instance": return v.name;
    case "slot": return keyOf(t, v.value);
    case "none":
    case "poison": return v.kind;
    case "dim": return showDim(v.dim);
    // Stages are the same where they were made once.
    default: return t.intern(v, () => `${v.kind}:${t.fresh()}`);
  }
}
