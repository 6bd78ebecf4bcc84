// A loss written out: params folded, lets and loop variables replaced by what they stand for.
import type { Expr } from "../../dsl/tree";
import { showValue } from "../resolve/write";
import type { Env } from "../trace/env";
import { isKind, type Value } from "../trace/values";

const DEPTH = 40;

/** A value that has a name of its own in a formula. */
function named(v: Value): string | undefined {
  if (typeof v === "number" || typeof v === "boolean") return String(v);
  if (isKind(v, "instance")) return v.name;
  if (isKind(v, "slot") || isKind(v, "function") || isKind(v, "builtin")) return showValue(v);
  if (isKind(v, "none")) return "none";
  return undefined;
}

/** The field or item that an expression picks, as the expression it was made from. */
function pick(e: Expr, env: Env, depth: number): { expr: Expr; env: Env } | undefined {
  if (depth > DEPTH) return undefined;
  if (e.kind === "if") {
    const taken = branch(e, env);
    return taken && (pick(taken, env, depth + 1) ?? { expr: taken, env });
  }
  if (e.kind === "name") {
    const source = env.find(e.name)?.source;
    return source ? (pick(source.expr, source.env, depth + 1) ?? source) : undefined;
  }
  if (e.kind === "field") {
    const object = pick(e.object, env, depth + 1);
    if (object?.expr.kind !== "record") return undefined;
    const field = object.expr.fields.find((f) => f.name.text === e.field.text);
    if (!field) return undefined;
    const expr: Expr = field.value ?? { kind: "name", name: field.name.text, span: field.name.span };
    return pick(expr, object.env, depth + 1) ?? { expr, env: object.env };
  }
  if (e.kind === "index" && e.entries.length === 1 && !e.entries[0]!.axis && e.entries[0]!.index.kind === "number") {
    const list = pick(e.object, env, depth + 1) ?? { expr: e.object, env };
    const at = e.entries[0]!.index.value;
    const item = list.expr.kind === "list" ? list.expr.items[at] : undefined;
    if (item) return pick(item, list.env, depth + 1) ?? { expr: item, env: list.env };
    return undefined;
  }
  return undefined;
}

/** The side of an `if` that holds. */
function branch(e: Extract<Expr, { kind: "if" }>, env: Env): Expr | undefined {
  const holds = quiet(e.condition, env);
  return holds === true ? e.then : holds === false ? e.otherwise : undefined;
}

const COMPARE: Partial<Record<string, (a: number, b: number) => boolean>> = { ">": (a, b) => a > b, "<": (a, b) => a < b, ">=": (a, b) => a >= b, "<=": (a, b) => a <= b };

function quiet(e: Expr, env: Env): Value | undefined {
  if (e.kind === "name") return env.find(e.name)?.value;
  if (e.kind === "number" || e.kind === "bool") return e.value;
  if (e.kind === "binary") {
    const [a, b] = [quiet(e.left, env), quiet(e.right, env)];
    return typeof a === "number" && typeof b === "number" ? COMPARE[e.op]?.(a, b) : undefined;
  }
  if (e.kind === "field") {
    const object = quiet(e.object, env);
    return object !== undefined && isKind(object, "record") ? object.fields.get(e.field.text) : undefined;
  }
  if (e.kind === "index" && e.entries.length === 1) {
    const object = quiet(e.object, env);
    const at = e.entries[0]!.index;
    return object !== undefined && isKind(object, "list") && at.kind === "number" ? object.items[at.value] : undefined;
  }
  return undefined;
}

export function formulaOf(e: Expr, env: Env, depth = 0): string {
  const go = (x: Expr): string => formulaOf(x, env, depth + 1);
  const wrap = (x: Expr): string => (x.kind === "binary" ? `(${go(x)})` : go(x));
  if (depth > DEPTH) return "…";
  const value = quiet(e, env);
  const name = value === undefined ? undefined : named(value);
  if (name !== undefined) return name;
  switch (e.kind) {
    case "number": return e.text;
    case "name":
    case "field":
    case "index": {
      const source = pick(e, env, depth);
      if (source && source.expr !== e) return formulaOf(source.expr, source.env, depth + 1);
      if (e.kind === "name") return e.name;
      return e.kind === "field" ? `${go(e.object)}.${e.field.text}` : `${go(e.object)}[${e.entries.map((x) => (x.axis ? `${x.axis.text}: ` : "") + go(x.index)).join(", ")}]`;
    }
    case "call": return `${go(e.callee)}(${e.args.map((a) => (a.name ? `${a.name.text}: ` : "") + go(a.value)).join(", ")})`;
    case "binary": {
      if (e.op === "+" || e.op === "-") return `${go(e.left)} ${e.op} ${e.op === "-" ? wrap(e.right) : go(e.right)}`;
      return `${wrap(e.left)} ${e.op} ${wrap(e.right)}`;
    }
    case "unary": return e.op === "-" ? `-${wrap(e.operand)}` : `not ${wrap(e.operand)}`;
    case "pipe": return `${go(e.left)} |> ${go(e.right)}`;
    case "comprehension": return `for ${e.clauses.map((c) => `${c.names.map((n) => n.text).join(", ")} in ${go(c.source)}`).join(", ")}: ${go(e.body)}`;
    case "tuple":
    case "list": return `(${e.items.map(go).join(", ")})`;
    case "if": {
      const taken = branch(e, env);
      return taken ? go(taken) : "…";
    }
    case "sample": return "a draw";
    default: return "…";
  }
}
