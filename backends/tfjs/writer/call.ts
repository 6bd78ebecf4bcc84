// Calls of declarations: functions `IN(w, x, { eps })`, classes `new Residual(w.place("Residual"), { norm }).call(x)`.
import type { Parameter } from "../../../dsl/tree";
import type { Span } from "../../../dsl/source";
import type { Body } from "./body";
import { define, type Defined } from "./define";
import { evaluate, textOf } from "./evaluate";
import { asFunction } from "./hand";
import { Names } from "./names";
import { type FunctionValue, type InstanceValue, NONE, type TextValue, unionOf } from "./values";

const TENSORS = ["image", "vector", "weight", "scalar", "list"];
export const takesTensor = (p: Parameter | undefined): boolean => p?.type !== undefined && (p.type.kind !== "named" || TENSORS.includes(p.type.name.text));
const isClass = (keyword: string): boolean => keyword === "block" || keyword === "network";

export function callDeclaration(b: Body, f: FunctionValue | InstanceValue, positional: readonly TextValue[], named: ReadonlyMap<string, TextValue>, span: Span, hint: string): TextValue {
  const { decl } = f;
  const all = [...decl.parameters, ...decl.styles];
  const bound = new Map(f.bound);
  // Style inputs that the slot offers and its norm does not want are ignored.
  for (const [name, v] of named) if (all.some((p) => p.name.text === name)) bound.set(name, v);
  const [first] = decl.parameters;
  const skip = f.kind === "function" && takesTensor(first) && positional.length > 0 && (positional[0]!.kind === "number" || positional[0]!.kind === "word" || positional[0]!.kind === "bool") && decl.keyword !== "loss";
  const open = f.kind === "instance" ? decl.parameters.filter((p) => !f.bound.has(p.name.text)) : decl.parameters;
  let next = skip ? 1 : 0;
  for (const v of positional) {
    while (next < open.length && named.has(open[next]!.name.text)) next++;
    const p = open[next++];
    if (p) bound.set(p.name.text, v);
  }
  if (f.kind === "function" && first && takesTensor(first) && !bound.has(first.name.text)) return { ...f, bound };
  if (decl.keyword === "init") {
    const [result] = decl.body;
    return result?.kind === "return" ? evaluate(b, result.value, new Names(undefined, f.home)) : NONE;
  }
  if (first && bound.get(first.name.text)?.kind === "none" && decl.keyword !== "head") return NONE;
  const defined = define(b.project, decl, f.home, bound, span);
  if (f.kind === "function") f.written.add(defined.name);
  return written(b, f, defined, bound, span, hint);
}

function written(b: Body, f: FunctionValue | InstanceValue, defined: Defined, bound: ReadonlyMap<string, TextValue>, span: Span, _hint: string): TextValue {
  const { decl } = f;
  const give = (p: Parameter): string => {
    const v = bound.get(p.name.text) ?? NONE;
    return ["function", "builtin"].includes(v.kind) ? asFunction(b, v, span) : textOf(v);
  };
  const inputs = defined.inputs.map(give);
  const alias = f.kind === "function" ? f.alias : undefined;
  const settings = defined.settings.filter((p) => bound.has(p.name.text) && alias?.bound.get(p.name.text) !== bound.get(p.name.text));
  const options = settings.length === 0 ? "" : `{ ${settings.map((p) => (give(p) === p.name.text ? p.name.text : `${p.name.text}: ${give(p)}`)).join(", ")} }`;
  const name = alias?.text ?? defined.name;
  let text: string;
  if (f.kind === "instance") text = `${f.text}.call(${inputs.join(", ")})`;
  else if (isClass(decl.keyword) && alias === undefined) text = `new ${name}(${[`${b.scope.text()}.place("${decl.name.text}")`, options].filter((s) => s !== "").join(", ")}).call(${inputs.join(", ")})`;
  else text = `${name}(${[...(decl.keyword === "loss" ? [] : [b.scope.text()]), ...inputs, options].filter((s) => s !== "").join(", ")})`;
  const root = rootOf(f, inputs.length, defined, bound);
  const nets = unionOf([...bound.values()].flatMap((v) => (v.kind === "tensor" ? [v.nets] : [])).concat(f.kind === "instance" ? [new Set([f.name])] : []));
  if (f.kind !== "instance") return result(b, defined.result, text, nets, decl.keyword !== "loss");
  // Equal calls are one computation, under whatever names a loop gives their inputs.
  const ids = defined.inputs.map((p) => idOf(bound.get(p.name.text)));
  const made = b.project.noteCall(`${f.name}@${b.project.versionOf(f.name)}(${ids.join()})`, root, nets, () => withRoot(result(b, defined.result, text, nets, true), root));
  return renamedCall(made, text);
}

const idOf = (v: TextValue | undefined): string => (v?.kind === "tensor" ? String(v.id) : v ? textOf(v) : "");

function rootOf(f: FunctionValue | InstanceValue, count: number, defined: Defined, bound: ReadonlyMap<string, TextValue>): string | undefined {
  if (f.kind !== "instance" || count === 0) return undefined;
  const inputs = defined.inputs.map((p) => bound.get(p.name.text)).map((v) => (v?.kind === "tensor" ? v.root : undefined));
  const [list, index] = f.name.split(".");
  const net = index === undefined ? f.name : `${list}[${index}]!`;
  return inputs.includes(undefined) ? undefined : `${net}.call(${inputs.join(", ")})`;
}

/** The same value, known to the step by this text unless it has one already. */
export function withRoot(v: TextValue, root: string | undefined): TextValue {
  if (v.kind === "tensor") return { ...v, root: v.root ?? root };
  if (v.kind === "record") return { ...v, fields: new Map([...v.fields].map(([k, x]) => [k, withRoot(x, root === undefined ? undefined : `${root}.${k}`)])) };
  if (v.kind === "list") return { ...v, items: v.items.map((x, k) => withRoot(x, root === undefined ? undefined : `${root}[${k}]!`)) };
  return v;
}

/** The same value, reached through another text. */
function renamedCall(v: TextValue, text: string): TextValue {
  if (v.kind === "tensor") return { ...v, text, tight: true, effect: true };
  if (v.kind === "record") return { ...v, text, effect: true, fields: new Map([...v.fields].map(([k, x]) => [k, renamedCall(x, `${text}.${k}`)])) };
  if (v.kind === "list") return { ...v, text, effect: true, items: v.items.map((x, k) => renamedCall(x, `${text}[${k}]`)) };
  return v;
}

/** What the function gives, reached through the text of its call. */
function result(b: Body, v: TextValue, text: string, nets: ReadonlySet<string>, effect: boolean): TextValue {
  switch (v.kind) {
    case "tensor": return b.project.tensor(text, v.axes, { effect, nets });
    case "record": return { kind: "record", text, effect, fields: new Map([...v.fields].map(([k, f]) => [k, result(b, f, `${text}.${k}`, nets, effect)])) };
    case "list": return { kind: "list", text, effect, items: v.items.map((f, k) => result(b, f, `${text}[${k}]`, nets, effect)) };
    default: return v;
  }
}
