// From a call of something built in to the text of one of the kit's functions.
import type { BuiltinParameter } from "../../../compiler/builtins/signature";
import type { Value } from "../../../compiler/trace/values";
import type { Span } from "../../../dsl/source";
import type { Expr } from "../../../dsl/tree";
import type { Body } from "./body";
import { writers } from "./builtins/table";
import { evaluate } from "./evaluate";
import type { Names } from "./names";
import { type BoundBuiltin, type BuiltinValue, isStage, NONE, type NumberValue, type TensorValue, type TextValue } from "./values";

/** The arguments of a call, with the defaults of what was not written. */
export class Arguments {
  constructor(
    readonly bound: BoundBuiltin,
    private readonly parameters: readonly BuiltinParameter[],
    readonly span: Span,
    readonly hint: string,
  ) {}

  /** What was written; undefined where the default holds. */
  written(name: string): TextValue | undefined {
    return this.bound.values.get(name);
  }
  value(name: string): TextValue {
    return this.written(name) ?? plain(this.parameters.find((p) => p.name === name)?.default) ?? NONE;
  }
  tensor(name: string): TensorValue | undefined {
    const v = this.value(name);
    return v.kind === "tensor" ? v : undefined;
  }
  number(name: string): NumberValue | undefined {
    const v = this.value(name);
    return v.kind === "number" ? v : undefined;
  }
  flag(name: string): boolean {
    const v = this.value(name);
    return v.kind === "bool" && v.value;
  }
  word(name: string): string | undefined {
    const v = this.value(name);
    return v.kind === "word" ? v.value : undefined;
  }
  axes(name: string): readonly string[] | undefined {
    return this.bound.axes.get(name);
  }
  get rest(): readonly TextValue[] {
    return this.bound.rest;
  }
}

function plain(v: Value | undefined): TextValue | undefined {
  if (typeof v === "number") return { kind: "number", value: v, text: String(v), tight: v >= 0 };
  if (typeof v === "boolean") return { kind: "bool", value: v };
  return typeof v === "string" ? { kind: "word", value: v } : undefined;
}

const axesOf = (e: Expr): string[] => (e.kind === "name" ? [e.name] : e.kind === "tuple" ? e.items.flatMap((i) => (i.kind === "name" ? [i.name] : [])) : []);

export function callBuiltin(b: Body, callee: BuiltinValue, e: Extract<Expr, { kind: "call" }>, n: Names, hint: string): TextValue {
  const { spec } = callee;
  const values = new Map(callee.bound.values);
  const axes = new Map(callee.bound.axes);
  const dims = new Map(callee.bound.dims);
  const rest: TextValue[] = [...callee.bound.rest];
  const named = new Set(e.args.flatMap((a) => (a.name ? [a.name.text] : [])));
  const open = spec.parameters.filter((p) => !named.has(p.name) && !values.has(p.name));
  const todo: { readonly p: BuiltinParameter | undefined; readonly value: Expr }[] = [];
  const positional = e.args.filter((a) => !a.name);

  // A stage's tensor may be left out: the first argument then belongs to the second parameter.
  let next = 0;
  if (spec.stage && open[0]?.name === spec.parameters[0]?.name && positional.length > 0) {
    const first = positional[0]!.value;
    const known = first.kind === "name" ? n.find(first.name) : undefined;
    const looksAxis = open[1]?.kind === "axis" && !open[1].optional && first.kind === "name" && positional.length < 2 && known?.kind !== "tensor";
    const v = looksAxis ? undefined : b.apart(() => evaluate(b, first, n)).value;
    if (v && (v.kind === "tensor" || v.kind === "none" || v.kind === "list" || (spec.parameters[0]!.kind === "any" && !isStage(v)))) {
      todo.push({ p: open[0], value: first });
      positional.shift();
    }
    next = 1;
  }
  for (const a of positional) {
    const p = open[next];
    if (p && !(spec.rest && p.kind !== "any" && p.kind !== "tensor" && next > 0)) {
      next++;
      todo.push({ p, value: a.value });
    } else todo.push({ p: undefined, value: a.value });
  }
  for (const a of e.args) if (a.name) todo.push({ p: spec.parameters.find((q) => q.name === a.name!.text), value: a.value });

  const tensors = todo.filter(({ p }) => p?.kind !== "axis" && p?.kind !== "axes" && p?.kind !== "word" && p?.kind !== "dims");
  const made = b.inOrder(tensors.map(({ value }) => () => evaluate(b, value, n)));
  tensors.forEach(({ p }, k) => (p ? values.set(p.name, made[k]!) : rest.push(made[k]!)));
  for (const { p, value } of todo) {
    if (p?.kind === "axis" || p?.kind === "axes") axes.set(p.name, axesOf(value));
    else if (p?.kind === "word" && value.kind === "name") {
      const held = n.find(value.name);
      values.set(p.name, p.words?.includes(value.name) ? { kind: "word", value: value.name } : (held ?? NONE));
    } else if (p?.kind === "dims" && value.kind === "axes") {
      dims.set(p.name, value.entries.flatMap((x) => {
        const dim = evaluate(b, x.dim, n);
        return dim.kind === "number" ? [{ axis: x.axis.text, dim }] : [];
      }));
    }
  }
  const bound: BoundBuiltin = { values, axes, dims, rest };
  if (spec.stage && !values.has(spec.parameters[0]!.name)) return { kind: "builtin", spec, bound };
  return runBuiltin(b, spec.name, bound, spec.parameters, e.span, hint);
}

export function runBuiltin(b: Body, name: string, bound: BoundBuiltin, parameters: readonly BuiltinParameter[], span: Span, hint: string): TextValue {
  const first = parameters[0];
  if (first && (first.kind === "tensor" || first.kind === "any") && bound.values.get(first.name)?.kind === "none") return NONE;
  const writer = writers[name];
  return writer ? writer(b, new Arguments(bound, parameters, span, hint)) : b.project.cannot(`\`${name}\``, "it has no TensorFlow.js form yet", span);
}
