// `net` lines: instances, alone or in lists.
import type { Expr, TrainItem } from "../../dsl/tree";
import { rules } from "../diagnostics/table";
import type { Env } from "../trace/env";
import { evaluate } from "../trace/expressions";
import type { Tracer } from "../trace/tracer";
import { type InstanceValue, isKind, isPoison, kindName, POISON, type Value } from "../trace/values";

type NetItem = Extract<TrainItem, { kind: "net" }>;

/** Names of params that the arguments mention: what a hint may propose to change. */
function paramsIn(e: Expr, names: ReadonlySet<string>): string[] {
  if (e.kind !== "call") return [];
  return e.args.flatMap((a) => (a.value.kind === "name" && names.has(a.value.name) ? [a.value.name] : []));
}

export function elaborateNet(t: Tracer, item: NetItem, env: Env, params: ReadonlySet<string>, instances: Map<string, InstanceValue>): void {
  for (const name of item.names) {
    const init = item.init ? evaluate(t, item.init, env) : undefined;
    env.set(name.text, instantiate(t, item.value, name.text, init, env, params, instances));
  }
}

function instantiate(t: Tracer, e: Expr, name: string, init: Value | undefined, env: Env, params: ReadonlySet<string>, instances: Map<string, InstanceValue>): Value {
  if (e.kind === "list") return { kind: "list", items: e.items.map((i, k) => instantiate(t, i, `${name}.${k}`, init, env, params, instances)) };
  const made = evaluate(t, e, env);
  if (isPoison(made)) return POISON;
  if (isKind(made, "list")) {
    return { kind: "list", items: made.items.map((v, k) => instance(t, v, e, `${name}.${k}`, init, params, instances)) };
  }
  return instance(t, made, e, name, init, params, instances);
}

function instance(t: Tracer, made: Value, e: Expr, name: string, init: Value | undefined, params: ReadonlySet<string>, instances: Map<string, InstanceValue>): Value {
  if (!isKind(made, "function") || (made.decl.keyword !== "network" && made.decl.keyword !== "block"))
    return t.report(rules.wrongKind, { what: `net \`${name}\``, expected: "a network", got: kindName(made) }, e.span);
  const value: InstanceValue = { kind: "instance", name, make: made, init, span: e.span, params: paramsIn(e, params) };
  instances.set(name, value);
  return value;
}

/** The instances that an expression after `trains` stands for: through lists, and with what each was handed, once each. */
export function instancesOf(t: Tracer, v: Value, found: InstanceValue[] = [], at?: Expr): InstanceValue[] {
  if (isKind(v, "instance")) {
    if (!found.includes(v)) found.push(v);
    for (const inner of v.make.bound.values()) if (isKind(inner, "instance")) instancesOf(t, inner, found, at);
  } else if (isKind(v, "list") || isKind(v, "tuple")) v.items.forEach((i) => instancesOf(t, i, found, at));
  else if (!isPoison(v)) t.report(rules.notNet, { got: kindName(v) }, at?.span);
  return found;
}
