// Every name of every body is known, used or not (rule 20): a network nobody calls may not hide a slip.
import { diagnose, type Diagnostic } from "../../dsl/diagnostic";
import type { Decl, Expr, ForClause, Ident, Statement, TrainItem, TypeExpr } from "../../dsl/tree";
import { builtins } from "../builtins/table";
import { rules } from "../diagnostics/table";
import { nearest } from "../diagnostics/near";
import { typeAxes } from "../trace/parameters";
import { lost, Names, typeNames } from "./names";
import { isKind } from "../trace/values";
import type { Module } from "./modules";

export function checkNames(module: Module, diagnostics: Diagnostic[]): void {
  const top = new Names();
  for (const n of module.env.all()) top.add(n);
  top.add("training");
  for (const d of module.file.decls) if (d.kind === "param") top.add(d.name.text);
  const said: Diagnostic[] = [];
  const check = new Checker(said, typeNames(module), module);
  for (const d of module.file.decls) check.decl(d, top);
  const broken = diagnostics.some((d) => d.span?.file === module.path && d.code.startsWith("G01"));
  diagnostics.push(...(broken ? said.filter((d) => !lost(d, module.file.text)) : said));
}

class Checker {
  constructor(
    private readonly diagnostics: Diagnostic[],
    private readonly types: ReadonlySet<string>,
    private readonly module: Module,
  ) {}

  /** The same name twice among parameters, axes, or what a body learns. */
  private once(names: readonly Ident[], what: string): void {
    names.forEach((n, i) => {
      const first = names.findIndex((m) => m.text === n.text);
      if (first < i && n.text !== "") this.diagnostics.push(diagnose(rules.duplicateName, { name: n.text, what }, n.span, [{ span: names[first]!.span, message: "first declared here" }]));
    });
  }

  private type(type: TypeExpr, names: Names): void {
    if (type.kind === "named" && type.name.text !== "" && !this.types.has(type.name.text))
      this.diagnostics.push(diagnose(rules.unknownName, { name: type.name.text, what: "no type", near: nearest(type.name.text, this.types) }, type.name.span));
    if (type.kind === "axes") this.once(type.entries.map((e) => e.axis), "the axis");
    const wanted = type.kind === "named" ? typeAxes({ ...type, dims: undefined })?.length : undefined;
    if (type.kind === "named" && type.dims && wanted !== undefined && type.dims.length !== wanted) {
      const example = { image: "image[C, H, W]", vector: "vector[C]", weight: "weight[Out, Rest]", scalar: "scalar" }[type.name.text] ?? "";
      this.diagnostics.push(diagnose(rules.wrongKind, { what: `\`${type.name.text}\``, expected: `${wanted} dim${wanted === 1 ? "" : "s"}, as ${example}`, got: String(type.dims.length) }, type.span));
    }
    this.typeDims(type, names);
  }

  decl(d: Decl, top: Names): void {
    switch (d.kind) {
      case "param":
        if (d.type) this.type(d.type, new Names(top));
        if (!isWord(d.type) || d.value.kind !== "name") this.expr(d.value, top);
        if (d.where) this.expr(d.where, top);
        return;
      case "body": {
        const names = new Names(top);
        this.once([...d.parameters, ...d.styles].map((p) => p.name), "the parameter");
        for (const p of [...d.parameters, ...d.styles]) {
          if (p.type) this.type(p.type, names);
          if (p.default && !isWord(p.type)) this.expr(p.default, names);
          names.add(p.name.text);
        }
        this.once(d.body.flatMap((s) => (s.kind === "learn" || s.kind === "state" ? [s.name] : [])), "the value");
        this.body(d.body, names);
        return;
      }
      case "export": {
        const names = new Names(this.trainNames ?? top);
        this.once(d.parameters.map((p) => p.name), "the parameter");
        for (const p of d.parameters) {
          if (p.type) this.type(p.type, names);
          names.add(p.name.text);
        }
        this.expr(d.value, names);
        return;
      }
      case "variant":
        for (const s of d.settings) if (s.value.kind !== "name" || !this.takesWord(s.path[0]!.text)) this.expr(s.value, top);
        return;
      case "train":
        this.train(d.items, top);
        return;
      case "import":
        return;
    }
  }

  private takesWord(param: string): boolean {
    return this.module.file.decls.some((d) => d.kind === "param" && d.name.text === param && isWord(d.type));
  }

  /** Names of `word` parameters of what the module sees: a slot may be called with one. */
  private words: ReadonlySet<string> | undefined;
  private isWordParameter(name: string): boolean {
    this.words ??= new Set(this.module.env.all().flatMap((n) => {
      const v = this.module.env.find(n)?.value;
      return v !== undefined && isKind(v, "function") ? v.decl.parameters.filter((p) => isWord(p.type)).map((p) => p.name.text) : [];
    }));
    return this.words.has(name);
  }

  private trainNames: Names | undefined;

  private train(items: readonly TrainItem[], top: Names): void {
    const names = new Names(top);
    names.add("step");
    this.trainNames = names;
    for (const i of items) {
      switch (i.kind) {
        case "data":
          if (i.type.kind !== "named" || !names.has(i.type.name.text)) this.type(i.type, new Names(names));
          if (i.pipeline) this.expr(i.pipeline, names);
          i.names.forEach((n) => names.add(n.text));
          break;
        case "net":
          this.expr(i.value, names);
          if (i.init) this.expr(i.init, names);
          i.names.forEach((n) => names.add(n.text));
          break;
        case "phase": {
          for (const e of [...i.trains, ...i.except]) this.expr(e, names);
          if (i.when) this.expr(i.when, names);
          this.body(i.body, new Names(names));
          break;
        }
        case "optimizer":
          this.expr(i.value, names);
          break;
        case "let":
        case "sample":
          this.body([i], names);
          break;
        default:
          break;
      }
    }
  }

  private body(body: readonly Statement[], names: Names): void {
    for (const s of body) {
      switch (s.kind) {
        case "let":
          this.expr(s.value, names);
          names.add(s.name.text);
          break;
        case "learn":
          this.type(s.type, new Names(names));
          if (s.init) this.expr(s.init, names);
          names.add(s.name.text);
          break;
        case "state":
          this.type(s.type, new Names(names));
          this.expr(s.init, names);
          names.add(s.name.text);
          break;
        case "sample":
          this.type(s.type, new Names(names));
          s.names.forEach((n) => names.add(n.text));
          break;
        case "for":
          this.body(s.body, this.clauses(s.clauses, names));
          break;
        default:
          this.expr(s.value, names);
      }
    }
  }

  private clauses(clauses: readonly ForClause[], names: Names): Names {
    let at = names;
    for (const c of clauses) {
      this.expr(c.source, at);
      at = new Names(at);
      for (const n of c.names) at.add(n.text);
    }
    return at;
  }

  /** Dims of a parameter's type bring their names with them; other names in them must be known. */
  private typeDims(type: TypeExpr, names: Names): void {
    if (type.kind === "record") {
      for (const f of type.fields) this.typeDims(f.type, names);
      return;
    }
    for (const a of typeAxes(type) ?? []) {
      if (a.dim.kind === "name" && /^[A-Z_]/.test(a.dim.name)) names.add(a.dim.name);
      else this.expr(a.dim, names);
    }
  }

  private expr(e: Expr, names: Names): void {
    switch (e.kind) {
      case "name":
        if (!names.has(e.name)) {
          this.diagnostics.push(diagnose(rules.unknownName, { name: e.name, near: nearest(e.name, names.all()) }, e.span));
          names.add(e.name);
        }
        return;
      case "field": return this.expr(e.object, names);
      case "call": return this.call(e, names);
      case "index":
        this.expr(e.object, names);
        e.entries.forEach((x) => this.expr(x.index, names));
        return;
      case "binary":
      case "pipe":
        this.expr(e.left, names);
        this.expr(e.right, names);
        return;
      case "unary": return this.expr(e.operand, names);
      case "lambda": {
        const inner = new Names(names);
        inner.add(e.parameter.text);
        return this.expr(e.body, inner);
      }
      case "if":
        this.expr(e.condition, names);
        this.expr(e.then, names);
        if (e.otherwise) this.expr(e.otherwise, names);
        return;
      case "repeat": {
        this.expr(e.count, names);
        const inner = new Names(names);
        if (e.index) inner.add(e.index.text);
        return this.expr(e.body, inner);
      }
      case "record":
        for (const f of e.fields) this.expr(f.value ?? { kind: "name", name: f.name.text, span: f.name.span }, names);
        return;
      case "list":
      case "tuple":
        e.items.forEach((i) => this.expr(i, names));
        return;
      case "axes":
        e.entries.forEach((x) => this.expr(x.dim, names));
        return;
      case "comprehension": return this.expr(e.body, this.clauses(e.clauses, names));
      case "sample":
        this.expr(e.distribution, names);
        if (e.like) this.expr(e.like, names);
        return;
      default:
        return;
    }
  }

  /** Of a call that names what it calls, the names of the arguments are known before anything runs. */
  private argumentNames(e: Extract<Expr, { kind: "call" }>, names: Names): void {
    if (e.callee.kind !== "name" || names.isLocal(e.callee.name)) return;
    const found = this.module.env.find(e.callee.name)?.value;
    const decl = found !== undefined && isKind(found, "function") ? found.decl : undefined;
    const spec = found !== undefined && isKind(found, "builtin") ? found.spec : undefined;
    if (!decl && !spec) return;
    const known = decl ? [...decl.parameters, ...decl.styles].map((p) => p.name.text) : spec!.parameters.map((p) => p.name);
    const callee = decl ? `${decl.keyword} ${decl.name.text}` : `\`${spec!.name}\``;
    for (const a of e.args) {
      if (a.name && !known.includes(a.name.text))
        this.diagnostics.push(diagnose(rules.unknownArgument, { callee, name: a.name.text, near: nearest(a.name.text, known), known }, a.name.span));
    }
  }

  /** Names of axes and words are no names of values: only builtins and `word` parameters take them. */
  private call(e: Extract<Expr, { kind: "call" }>, names: Names): void {
    this.expr(e.callee, names);
    const builtin = e.callee.kind === "name" ? builtins.get(e.callee.name) : undefined;
    this.argumentNames(e, names);
    const read = new Set(["axis", "axes", "word", "dims"]);
    e.args.forEach((a, i) => {
      const p = builtin?.parameters.find((q) => q.name === a.name?.text);
      const mayBeName = builtin !== undefined && a.name === undefined && builtin.parameters.some((q, k) => k >= i && read.has(q.kind));
      if ((p && read.has(p.kind)) || (mayBeName && a.value.kind === "name") || a.value.kind === "axes") {
        if (a.value.kind === "axes") this.expr(a.value, names);
        return;
      }
      // A word for a declared `word` parameter: the tracer, which knows the callee, checks it.
      if (!builtin && a.name !== undefined && a.value.kind === "name" && !names.has(a.value.name) && /^[a-z_]+$/.test(a.value.name) && this.isWordParameter(a.name.text)) return;
      this.expr(a.value, names);
    });
  }
}

const isWord = (type: TypeExpr | undefined): boolean => type?.kind === "named" && type.name.text === "word";
