// Expressions as TypeScript.
import type { Expr, ForClause } from "../../../dsl/tree";
import { negateText, operate } from "./arithmetic";
import { apply, applyAll } from "./apply";
import { callBuiltin } from "./builtin-call";
import type { Block } from "./block";
import { type Body, renamed, typeOf } from "./body";
import type { Names } from "./names";
import { isStage, type ListValue, NONE, number, type TextValue, unionOf } from "./values";
import { ordered } from "./axes";

/** @param hint the name that a value gets where it needs one */
export function evaluate(b: Body, e: Expr, n: Names, hint = "y"): TextValue {
  switch (e.kind) {
    case "number": return { ...number(e.value), text: e.text };
    case "string": return { kind: "word", value: e.value };
    case "bool": return { kind: "bool", value: e.value };
    case "none": return NONE;
    case "name":
      if (e.name === "training") return b.project.cannot("`training`", "it is written as the condition of an `if` that has an `else`, and as nothing else", e.span);
      return n.find(e.name) ?? b.project.global(e.name, n.home) ?? b.project.cannot(`\`${e.name}\``, "its value is not known here", e.span);
    case "field": {
      const object = evaluate(b, e.object, n, hint);
      return object.kind === "record" ? (object.fields.get(e.field.text) ?? NONE) : NONE;
    }
    case "call": return call(b, e, n, hint);
    case "index": return index(b, e, n, hint);
    case "binary": return binary(b, e, n);
    case "unary": {
      const v = evaluate(b, e.operand, n);
      return e.op === "-" ? negateText(b, v) : { kind: "bool", value: !(v.kind === "bool" && v.value) };
    }
    case "pipe": return pipe(b, e, n, hint);
    case "lambda": return { kind: "lambda", parameter: e.parameter.text, body: e.body, names: n };
    case "if": {
      if (isTraining(e.condition) && e.otherwise) return whileTraining(b, e.then, e.otherwise, n, hint);
      if (e.condition.kind === "unary" && e.condition.op === "not" && isTraining(e.condition.operand) && e.otherwise) return whileTraining(b, e.otherwise, e.then, n, hint);
      const c = evaluate(b, e.condition, n);
      if (c.kind !== "bool") return b.project.cannot("this `if`", "its condition is not known when the spec is compiled", e.condition.span);
      return c.value ? evaluate(b, e.then, n, hint) : e.otherwise ? evaluate(b, e.otherwise, n, hint) : NONE;
    }
    case "repeat": {
      const count = evaluate(b, e.count, n);
      if (count.kind !== "number" || count.value === undefined) return b.project.cannot("this `repeat`", "its count is not known when the spec is compiled", e.count.span);
      return { kind: "repeat", count, index: e.index?.text, body: e.body, names: n };
    }
    case "record": {
      const values = b.inOrder(e.fields.map((f) => () => evaluate(b, f.value ?? { kind: "name", name: f.name.text, span: f.name.span }, n, f.name.text)));
      return { kind: "record", fields: new Map(e.fields.map((f, k) => [f.name.text, values[k]!])) };
    }
    case "list": return { kind: "list", items: b.inOrder(e.items.map((i) => () => evaluate(b, i, n))) };
    case "tuple": return { kind: "tuple", items: b.inOrder(e.items.map((i) => () => evaluate(b, i, n))) };
    case "comprehension": return comprehension(b, e, n, hint);
    case "axes": return NONE;
    case "sample": return sample(b, e, n);
  }
}

const isTraining = (e: Expr): boolean => e.kind === "name" && e.name === "training";

/** Which of the two holds is known when the function runs; the other one makes nothing, draws nothing and is not counted. */
function whileTraining(b: Body, then: Expr, otherwise: Expr, n: Names, hint: string): TextValue {
  const side = (e: Expr): { block: Block; value: TextValue } => b.apart(() => evaluate(b, e, n, hint));
  const [{ block: before, value: x }, { block: beforeOther, value: y }] = [side(then), side(otherwise)];
  if (x.kind !== "tensor" || y.kind !== "tensor") return b.project.cannot("this `if training`", "its sides are not both tensors", then.span);
  if (String(x.axes) !== String(y.axes)) return b.project.cannot("this `if training`", `one side has the axes ${x.axes.join(", ")}, the other ${y.axes.join(", ")}`, then.span);
  if (before.print() + beforeOther.print() !== "") {
    const name = b.taken.fresh(hint);
    b.block.add(`let ${name}: Tensor;`, { declares: name });
    const [first, second] = [then, otherwise].map((e) => b.apart(() => b.block.add(`${name} = ${textOf(evaluate(b, e, n))};`)).block);
    b.block.either(`${b.scope.text()}.training`, first!, second!);
    return renamed(b.project.tensor(name, x.axes, { nets: unionOf([x.nets, y.nets]) }), name);
  }
  return b.project.tensor(`(${b.scope.text()}.training ? ${x.text} : ${y.text})`, x.axes, { nets: unionOf([x.nets, y.nets]), effect: x.effect || y.effect });
}

function call(b: Body, e: Extract<Expr, { kind: "call" }>, n: Names, hint: string): TextValue {
  const callee = evaluate(b, e.callee, n);
  if (callee.kind === "builtin" && callee.text === undefined) return callBuiltin(b, callee, e, n, hint);
  const isWord = (name: string | undefined): boolean => {
    const p = callee.kind === "function" ? callee.decl.parameters.find((q) => q.name.text === name) : undefined;
    return p?.type?.kind === "named" && p.type.name.text === "word";
  };
  const values = b.inOrder(e.args.map((a) => () => (isWord(a.name?.text) && a.value.kind === "name" ? { kind: "word", value: a.value.name } : evaluate(b, a.value, n))));
  const named = new Map(e.args.flatMap((a, k) => (a.name ? [[a.name.text, values[k]!] as const] : [])));
  return apply(b, callee, values.filter((_, k) => !e.args[k]!.name), named, e.span, hint);
}

function index(b: Body, e: Extract<Expr, { kind: "index" }>, n: Names, hint: string): TextValue {
  let object = evaluate(b, e.object, n, hint);
  for (const entry of e.entries) {
    const i = evaluate(b, entry.index, n);
    if (i.kind !== "number") return NONE;
    if (entry.axis && object.kind === "tensor") {
      const axis = entry.axis.text;
      object = b.project.tensor(`pick(${object.text}, ${object.axes.indexOf(axis)}, ${i.text})`, object.axes.filter((a) => a !== axis), { nets: object.nets, effect: object.effect });
    } else if ((object.kind === "list" || object.kind === "tuple") && i.value !== undefined) object = object.items[i.value] ?? NONE;
  }
  return object;
}

function binary(b: Body, e: Extract<Expr, { kind: "binary" }>, n: Names): TextValue {
  if (e.op === "or" || e.op === "and") {
    const left = evaluate(b, e.left, n);
    if (left.kind === "bool" && left.value === (e.op === "or")) return left;
    return evaluate(b, e.right, n);
  }
  const left = evaluate(b, e.left, n);
  if (e.op === "*" && left.kind === "number" && left.value === 0 && !left.open) return left;
  let later = false;
  const [a, c] = b.inOrder([() => (later ? left : ((later = true), left)), () => evaluate(b, e.right, n)]);
  return operate(b, e.op, a!, c!, e.span);
}

/** Applies the stages one after the other; long text and loops go through one variable, which then holds the value so far. */
function pipe(b: Body, e: Extract<Expr, { kind: "pipe" }>, n: Names, hint: string): TextValue {
  const chain: Expr[] = [];
  let start: Expr = e;
  while (start.kind === "pipe") {
    chain.unshift(start.right);
    start = start.left;
  }
  const first = evaluate(b, start, n, hint);
  const stages = chain.map((s) => evaluate(b, s, n));
  if (isStage(first)) return stages.reduce((composed, s) => ({ kind: "composed", first: composed, second: s }), first);
  return applyAll(b, stages, first, e.span, hint);
}

/** Runs `body` for each item of the sources, under the names that a loop would give them; gives what it made, in order. */
export function forEach<T>(b: Body, clauses: readonly ForClause[], n: Names, body: (names: Names) => T): T[] {
  const [first, ...rest] = clauses;
  if (!first) return [body(n)];
  const source = evaluate(b, first.source, n, "items");
  if (source.kind !== "list") return [];
  const names = first.names.map((i) => i.text);
  const isRange = source.text === undefined && source.items.every((i) => i.kind === "number");
  const listed = isRange ? source : (b.spill({ ...source, text: textOf(source) }, "items") as ListValue);
  const locals = b.apart(() => names.map((name) => b.taken.fresh(name))).value;
  const turn = (item: TextValue, rename: boolean) => (): T[] => {
    const inner = n.inner();
    const parts = names.length === 1 ? [item] : item.kind === "tuple" || item.kind === "list" ? item.items : [];
    names.forEach((name, k) => inner.set(name, rename ? renamed(parts[k] ?? NONE, b.taken.fresh(name)) : (parts[k] ?? NONE)));
    return forEach(b, rest, inner, body);
  };
  const turns = listed.items.map((item) => b.apart(turn(item, true)));
  const same = new Set(turns.map((t) => t.block.print())).size === 1;
  if (same && (turns.length > 1 || !isRange)) {
    b.block.loop(isRange ? rangeHead(locals[0]!, listed.items) : `for (const ${locals.length === 1 ? locals[0]! : `[${locals.join(", ")}]`} of ${listed.text!})`, turns[0]!.block);
    return turns.flatMap((t) => t.value);
  }
  return listed.items.flatMap((item) => {
    const { block, value } = b.apart(turn(item, false));
    // A turn's own names stay its own.
    if (block.items.some((i) => !("head" in i) && i.declares !== undefined)) b.block.loop("", block);
    else b.block.items.push(...block.items);
    return value;
  });
}

const rangeHead = (name: string, items: readonly TextValue[]): string => {
  const at = (k: number): number => {
    const i = items.at(k);
    return i?.kind === "number" ? (i.value ?? 0) : 0;
  };
  return `for (let ${name} = ${at(0)}; ${name} < ${at(-1) + 1}; ${name}++)`;
};

function comprehension(b: Body, e: Extract<Expr, { kind: "comprehension" }>, n: Names, hint: string): TextValue {
  const collected = b.taken.fresh(hint === "y" ? "all" : hint);
  const line = b.block.add("");
  const items = forEach(b, e.clauses, n, (inner) => {
    const v = evaluate(b, e.body, inner);
    b.block.add(`${collected}.push(${textOf(v)});`, { needed: true });
    return v;
  });
  line.text = `const ${collected}: ${items[0] ? typeOf(items[0]) : "Tensor"}[] = [];`;
  line.declares = collected;
  return { kind: "list", text: collected, items: items.map((v, k) => renamed(v, `${collected}[${k}]`)) };
}

function sample(b: Body, e: Extract<Expr, { kind: "sample" }>, n: Names): TextValue {
  const like = e.like ? evaluate(b, e.like, n) : NONE;
  if (like.kind !== "tensor") return NONE;
  return b.project.tensor(`${b.scope.text()}.${e.training ? "sampleWhileTraining" : "sample"}()`, ordered(like.axes), { effect: true });
}

export function initText(v: TextValue): string {
  if (v.kind === "plain" || v.kind === "number") return v.text;
  if (v.kind === "record") return `{ ${[...v.fields].map(([layer, init]) => `${layer}: ${initText(init)}`).join(", ")} }`;
  if (v.kind === "builtin") return v.spec.name === "normal" ? "normal(0, 1)" : v.spec.name === "uniform" ? "uniform(0, 1)" : camel(v.spec.name);
  throw new Error(`defect: ${v.kind} is no initialization`);
}

/** Names of the library are spelled as TypeScript spells them; the spec's own stay as they are. */
export const camel = (name: string): string => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());

/** The value as text, a record or list written out where it has no name. */
export function textOf(v: TextValue): string {
  switch (v.kind) {
    case "record": return v.text ?? `{ ${[...v.fields].filter(([, f]) => f.kind !== "none").map(([k, f]) => (textOf(f) === k ? k : `${k}: ${textOf(f)}`)).join(", ")} }`;
    case "list": return v.text ?? `[${v.items.map(textOf).join(", ")}]`;
    case "tuple": return `[${v.items.map(textOf).join(", ")}]`;
    case "bool": return String(v.value);
    case "word": return JSON.stringify(v.value);
    case "number":
    case "tensor":
    case "instance":
    case "plain": return v.text;
    case "none": return "undefined";
    default: return "text" in v && v.text !== undefined ? v.text : "undefined";
  }
}
