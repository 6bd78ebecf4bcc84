// Expressions and values as text: for messages, `explain` and what a run compares.
import type { Expr } from "../../dsl/tree";
import type { DataStepSpec } from "../program";
import { isPoison, type Value } from "../trace/values";

export function writeExpr(e: Expr): string {
  switch (e.kind) {
    case "number": return e.text;
    case "string": return JSON.stringify(e.value);
    case "bool": return String(e.value);
    case "none": return "none";
    case "name": return e.name;
    case "field": return `${writeExpr(e.object)}.${e.field.text}`;
    case "call": return `${writeExpr(e.callee)}(${e.args.map((a) => (a.name ? `${a.name.text}: ` : "") + writeExpr(a.value)).join(", ")})`;
    case "index": return `${writeExpr(e.object)}[${e.entries.map((x) => (x.axis ? `${x.axis.text}: ` : "") + writeExpr(x.index)).join(", ")}]`;
    case "binary": return `${wrap(e.left)} ${e.op} ${wrap(e.right)}`;
    case "pipe": return `${writeExpr(e.left)} |> ${writeExpr(e.right)}`;
    case "unary": return e.op === "-" ? `-${wrap(e.operand)}` : `not ${wrap(e.operand)}`;
    case "lambda": return `${e.parameter.text} => ${writeExpr(e.body)}`;
    case "if": return `if ${writeExpr(e.condition)} { ${writeExpr(e.then)} }${e.otherwise ? ` else { ${writeExpr(e.otherwise)} }` : ""}`;
    case "repeat": return `repeat(${writeExpr(e.count)}${e.index ? ` as ${e.index.text}` : ""}) { ${writeExpr(e.body)} }`;
    case "record": return `{ ${e.fields.map((f) => (f.value ? `${f.name.text}: ${writeExpr(f.value)}` : f.name.text)).join(", ")} }`;
    case "list": return `[${e.items.map(writeExpr).join(", ")}]`;
    case "tuple": return `(${e.items.map(writeExpr).join(", ")})`;
    case "axes": return `[${e.entries.map((x) => `${x.axis.text}: ${writeExpr(x.dim)}`).join(", ")}]`;
    case "comprehension": {
      const body = `for ${e.clauses.map((c) => `${c.names.map((n) => n.text).join(", ")} in ${writeExpr(c.source)}`).join(", ")}: ${writeExpr(e.body)}`;
      return e.form === "list" ? `[${body}]` : body;
    }
    case "sample": return `sample ${writeExpr(e.distribution)}${e.like ? ` like ${writeExpr(e.like)}` : ""}${e.training ? " while training" : ""}`;
  }
}

const wrap = (e: Expr): string => (e.kind === "binary" || e.kind === "pipe" || e.kind === "if" || e.kind === "lambda" ? `(${writeExpr(e)})` : writeExpr(e));

export function showValue(v: Value): string {
  if (typeof v !== "object") return String(v);
  if (isPoison(v)) return "(an error)";
  switch (v.kind) {
    case "none": return "none";
    case "record": return `{ ${[...v.fields].map(([k, f]) => `${k}: ${showValue(f)}`).join(", ")} }`;
    case "list": return `[${v.items.map(showValue).join(", ")}]`;
    case "tuple": return `(${v.items.map(showValue).join(", ")})`;
    case "slot": return showValue(v.value);
    case "function": return v.decl.name.text + settings(v.bound);
    case "builtin": return v.spec.name + settings(v.bound);
    case "instance": return v.name;
    case "init": {
      const { kind, ...numbers } = v.recipe;
      const given = Object.values(numbers);
      return given.length === 0 ? kind : kind === "constant" ? String(given[0]) : `${kind}(${given.join(", ")})`;
    }
    case "pad": {
      const { top, bottom, left, right } = v.amounts;
      return top === bottom && left === right && top === left ? `${v.mode}(${top})` : `${v.mode}(${top}, ${bottom}, ${left}, ${right})`;
    }
    case "data-steps": return v.steps.map(showStep).join(" |> ");
    default: return v.kind;
  }
}

/** A step of a `data` line as it would be written. */
export function showStep(s: DataStepSpec): string {
  if (s.op === "all_or_none") return `${s.op}(${s.steps.map(showStep).join(" |> ")}${s.p === 0.5 ? "" : `, p: ${s.p}`})`;
  if (s.op === "random_flip") return s.p === undefined || s.p === 0.5 ? s.op : `${s.op}(p: ${s.p})`;
  const size = s.op === "resize_short" ? [String(s.size)] : [String(s.height)];
  const filter = "filter" in s && s.filter !== "bilinear" ? [s.filter] : [];
  const width = "width" in s && s.width !== s.height ? [`width: ${s.width}`] : [];
  return `${s.op}(${[...size, ...filter, ...width].join(", ")})`;
}

const settings = (bound: ReadonlyMap<string, Value>): string =>
  bound.size === 0 ? "" : `(${[...bound].map(([k, v]) => `${k}: ${showValue(v)}`).join(", ")})`;
