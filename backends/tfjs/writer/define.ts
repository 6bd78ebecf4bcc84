// Declarations as TypeScript: a class a network or block, a function for everything else.
import { typeAxes } from "../../../compiler/trace/parameters";
import type { Env } from "../../../compiler/trace/env";
import type { Span } from "../../../dsl/source";
import type { BodyDecl, Parameter } from "../../../dsl/tree";
import { ordered } from "./axes";
import { Body, reads, renamed, typeOf } from "./body";
import { takesTensor } from "./call";
import { evaluate, textOf } from "./evaluate";
import { asFunction } from "./hand";
import { Names } from "./names";
import type { Project } from "./project";
import { runStatements } from "./statements";
import { NONE, type TextValue } from "./values";

export interface Defined {
  readonly name: string;
  readonly result: TextValue;
  /** Given one after the other. */
  readonly inputs: readonly Parameter[];
  /** Given by name. */
  readonly settings: readonly Parameter[];
}

const FILES: Record<BodyDecl["keyword"], string> = { network: "networks/@", block: "networks/@", norm: "norms", head: "heads", loss: "losses", reparam: "reparams", init: "config" };
const SLOTS = ["Norm", "Head", "Activation", "Reparam", "Loss", "Block", "Upsample", "Init"];

export function define(project: Project, decl: BodyDecl, home: Env, args: ReadonlyMap<string, TextValue>, span: Span): Defined {
  const isClass = decl.keyword === "network" || decl.keyword === "block";
  const all = [...decl.parameters, ...decl.styles];
  for (const p of all) if (args.has(p.name.text)) project.notePassed(decl, p.name.text);
  // A reparam's weight is called w: its scope takes another name.
  const scopeName = all.some((p) => p.name.text === "w") ? "at" : "w";
  const b = new Body(project, isClass ? "this.weights" : scopeName);
  b.restOf = decl.keyword === "reparam" ? scopeName : undefined;
  const names = new Names(undefined, home);
  for (const p of all) b.taken.fresh(p.name.text);
  const sizes = b.block;
  const inputs: Parameter[] = [];
  const settings: Parameter[] = [];
  const shown: { p: Parameter; type: string; fallback?: string }[] = [];
  for (const p of all) {
    const given = args.get(p.name.text);
    const fallback = given === undefined && p.default ? evaluate(b, p.default, names) : undefined;
    const v = given ?? (p.type?.kind === "named" && p.type.name.text === "word" && p.default?.kind === "name" ? ({ kind: "word", value: p.default.name } as const) : fallback) ?? NONE;
    const isParameter = (given !== undefined || project.isPassed(decl, p.name.text)) && (v.kind === "tensor" || project.isRead(decl, p.name.text)) && !["bool", "word", "none"].includes(v.kind);
    if (!isParameter) {
      names.set(p.name.text, v);
      continue;
    }
    const slot = p.type?.kind === "named" ? p.type.name.text : undefined;
    const local = renamed(v, p.name.text);
    names.set(p.name.text, local.kind === "builtin" && slot !== undefined ? { ...local, slot } : local.kind === "number" ? { ...local, open: true } : local);
    const input = (takesTensor(p) && !decl.styles.includes(p)) || (decl.keyword === "loss" && !p.default && p.type === undefined) || v.kind === "tensor" && !decl.styles.includes(p);
    (input ? inputs : settings).push(p);
    const missing = given === undefined || p.default !== undefined;
    shown.push({ p, type: typeOfParameter(project, p, v), ...(missing && !input && p.default ? { fallback: textFor(b, evaluate(b, p.default, names), span) } : {}) });
    bindDims(b, names, p, v);
  }
  const scope = isClass ? b.block.add("") : undefined;
  if (isClass) b.scope = { text: () => { b.usedScope = true; scope!.text = "const w = this.weights.enter();"; return "w"; } };
  else if (decl.keyword !== "loss") {
    const line = b.block.add("");
    const place = b.taken.fresh("here");
    b.scope = { text: () => { b.usedScope = true; line.text = `const ${place} = ${scopeName}.place("${decl.name.text}");`; return place; } };
  }
  const result = runStatements(b, decl.body, names) ?? NONE;
  const returned = textOf(result);
  sizes.prune(`return ${returned};`);
  const body = `${b.block.print()}return ${returned};\n`;
  for (const { p } of shown) if (reads(body, p.name.text)) project.noteRead(decl, p.name.text);
  const name = project.declare(decl, FILES[decl.keyword], (n) => header(project, decl) + print(decl, n, { shown, inputs, settings, scopeName, body, result: typeOf(result) }));
  project.settings.set(name, shown.filter((s) => settings.includes(s.p)).map((s) => ({ name: s.p.name.text, type: s.type, optional: s.fallback !== undefined })));
  return { name, result, inputs, settings };
}

const textFor = (b: Body, v: TextValue, span: Span): string => (v.kind === "function" || v.kind === "builtin" ? asFunction(b, v, span) : textOf(v));

/** `C` of `image[C, H, W]` is a size of the tensor. */
function bindDims(b: Body, names: Names, p: Parameter, v: TextValue): void {
  const axes = p.type ? typeAxes(p.type) : undefined;
  if (!axes || v.kind !== "tensor") return;
  const layout = ordered([...(v.axes.includes("batch") ? ["batch"] : []), ...axes.map((a) => a.axis)]);
  for (const { axis, dim } of axes) {
    if (dim.kind !== "name" || !/^[A-Z]/.test(dim.name) || names.find(dim.name)) continue;
    const name = b.taken.fresh(dim.name);
    b.block.add(`const ${name} = ${p.name.text}.shape[${layout.indexOf(axis)}]!;`, { declares: name });
    names.set(dim.name, { kind: "number", value: undefined, text: name, tight: true });
  }
}

function typeOfParameter(project: Project, p: Parameter, v: TextValue): string {
  if (v.kind === "instance") return `Pick<${project.nameOf(v.decl) ?? v.decl.name.text}, "call">`;
  const slot = p.type?.kind === "named" ? p.type.name.text : "";
  if (SLOTS.includes(slot)) return slot;
  return v.kind === "function" || v.kind === "builtin" ? "Activation" : typeOf(v);
}

const header = (project: Project, decl: BodyDecl): string => {
  const lines = [...(decl.doc?.split("\n").map((l) => l.trim()) ?? []), `${decl.keyword} ${decl.name.text}, ${project.place(decl.span)}`];
  return lines.length === 1 ? `/** ${lines[0]!} */\n` : `/**\n${lines.map((l) => ` * ${l}`).join("\n")}\n */\n`;
};

interface Parts {
  readonly shown: readonly { readonly p: Parameter; readonly type: string; readonly fallback?: string }[];
  readonly inputs: readonly Parameter[];
  readonly settings: readonly Parameter[];
  readonly scopeName: string;
  readonly body: string;
  readonly result: string;
}

function print(decl: BodyDecl, name: string, { shown, inputs, settings, scopeName, body, result }: Parts): string {
  const of = (some: readonly Parameter[]) => shown.filter((s) => some.includes(s.p));
  const ins = of(inputs).map((s) => `${reads(body, s.p.name.text) ? "" : "_"}${s.p.name.text}: ${s.type}`);
  const set = of(settings);
  const type = `{ ${set.map((s) => `${s.p.name.text}${s.fallback === undefined ? "" : "?"}: ${s.type}`).join("; ")} }`;
  const names = `{ ${set.map((s) => (s.fallback === undefined ? s.p.name.text : `${s.p.name.text} = ${s.fallback}`)).join(", ")} }`;
  if (decl.keyword === "network" || decl.keyword === "block") {
    const members = ["private readonly weights: Scope", ...(set.length > 0 ? [`private readonly settings: ${type}`] : [])];
    const open = set.length > 0 ? `const ${names} = this.settings;\n` : "";
    return `export class ${name} {\nconstructor(${members.join(", ")}) {}\n\ncall(${ins.join(", ")}): ${result} {\n${open}${body}}\n}\n`;
  }
  const scoped = decl.keyword === "loss" ? [] : [`${new RegExp(`\\b${scopeName}\\b`).test(body.replace(/"[^"]*"/g, "")) ? "" : "_"}${scopeName}: Scope`];
  const options = set.length > 0 ? [`${names}: ${type}${set.every((s) => s.fallback !== undefined) ? " = {}" : ""}`] : [];
  return `export function ${name}(${[...scoped, ...ins, ...options].join(", ")}): ${result} {\n${body}}\n`;
}

