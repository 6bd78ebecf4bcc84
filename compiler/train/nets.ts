// `net` lines: instances, alone or in lists.
import type { Expr, TrainItem } from "../../dsl/tree";
import { rules } from "../diagnostics/table";
import type { Env } from "../trace/env";
import { evaluate } from "../trace/expressions";
import type { Tracer } from "../trace/tracer";
import { checkInit } from "../trace/initfor";
import type { Span } from "../../dsl/source";
import { type InstanceValue, isKind, isPoison, isTensor, kindName, POISON, type Value } from "../trace/values";

type NetItem = Extract<TrainItem, { kind: "net" }>;

/** Names of params that the arguments mention: what a hint may propose to change. */
function paramsIn(e: Expr, names: ReadonlySet<string>): string[] {
  if (e.kind !== "call") return [];
  return e.args.flatMap((a) => (a.value.kind === "name" && names.has(a.value.name) ? [a.value.name] : []));
}

export function elaborateNet(t: Tracer, item: NetItem, env: Env, params: ReadonlySet<string>, instances: Map<string, InstanceValue>): void {
  const written = item.init ? evaluate(t, item.init, env) : undefined;
  const init = written !== undefined && item.init && checkInit(t, written, item.init.span) ? written : undefined;
  for (const name of item.names) {
    env.set(name.text, instantiate(t, item.value, name.text, init, env, params, instances, name.span));
  }
}

function instantiate(t: Tracer, e: Expr, name: string, init: Value | undefined, env: Env, params: ReadonlySet<string>, instances: Map<string, InstanceValue>, at: Span): Value {
  if (e.kind === "list") return { kind: "list", items: e.items.map((i, k) => instantiate(t, i, `${name}.${k}`, init, env, params, instances, at)) };
  const made = evaluate(t, e, env);
  if (isPoison(made)) return POISON;
  if (isKind(made, "list")) {
    return { kind: "list", items: made.items.map((v, k) => instance(t, v, e, `${name}.${k}`, init, params, instances, at)) };
  }
  return instance(t, made, e, name, init, params, instances, at);
}

function instance(t: Tracer, made: Value, e: Expr, name: string, init: Value | undefined, params: ReadonlySet<string>, instances: Map<string, InstanceValue>, at: Span): Value {
  const tensor = isKind(made, "function") ? [...made.bound].find(([, v]) => isTensor(v)) : undefined;
  if (tensor) return t.report(rules.wrongKind, { what: `\`${tensor[0]}\` of net \`${name}\``, expected: "a setting or another net", got: "a tensor" }, e.span);
  if (!isKind(made, "function") || (made.decl.keyword !== "network" && made.decl.keyword !== "block"))
    return t.report(rules.wrongKind, { what: `net \`${name}\``, expected: "a network", got: kindName(made) }, e.span);
  const value: InstanceValue = { kind: "instance", name, make: made, init, span: at, params: paramsIn(e, params) };
  instances.set(name, value);
  return value;
}

/** The instances that an expression after `trains` stands for: through lists, and with what each was handed, once each. */
export function instancesOf(t: Tracer, v: Value, found: InstanceValue[] = [], at?: Span): InstanceValue[] {
  if (isKind(v, "instance")) {
    if (!found.includes(v)) found.push(v);
    for (const inner of v.make.bound.values()) if (isKind(inner, "instance")) instancesOf(t, inner, found, at);
  } else if (isKind(v, "list") || isKind(v, "tuple")) v.items.forEach((i) => instancesOf(t, i, found, at));
  else if (!isPoison(v)) t.report(rules.notNet, { got: kindName(v) }, at);
  return found;
}
