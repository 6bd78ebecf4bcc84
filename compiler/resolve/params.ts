// Rule 9: defaults, then the variant, then --set; then derived defaults; then every `where`.
import { diagnose, type Diagnostic } from "../../dsl/diagnostic";
import { parse } from "../../dsl/parse";
import { std } from "../../dsl/std/index";
import type { Span } from "../../dsl/source";
import type { Decl, Expr } from "../../dsl/tree";
import { rules } from "../diagnostics/table";
import { nearest } from "../diagnostics/near";
import { Env } from "../trace/env";
import { evaluate } from "../trace/expressions";
import { bindSlot, SLOT_KINDS } from "../trace/parameters";
import { Tracer } from "../trace/tracer";
import { isKind, isNone, isPoison, kindName, POISON, type Value } from "../trace/values";
import { namesIn } from "./mentioned";
import { functionOf, type Module } from "./modules";
import { showValue, writeExpr } from "./write";

type ParamDecl = Extract<Decl, { kind: "param" }>;

export interface BoundParam {
  readonly decl: ParamDecl;
  readonly value: Value;
  /** As text, canonical: what runs compare and `explain` prints. */
  readonly text: string;
  /** `default`, `variant norm_in`, `--set`. */
  readonly from: string;
}

interface Override {
  readonly path: readonly string[];
  readonly expr: Expr;
  /** As it is when the param is settled. */
  readonly env: () => Env;
  readonly from: string;
  /** Where a variant writes it; --set has no place. */
  readonly span?: Span;
}

export interface Choices {
  readonly set: readonly string[];
  readonly variants: readonly string[];
}

/** The whole standard library, imported or not. */
function libraryEnv(outermost: Env): Env {
  const library = new Env(outermost);
  for (const [path, text] of Object.entries(std)) {
    const home = new Env(outermost);
    for (const d of parse(path, text).file.decls) {
      if (d.kind === "import") {
        for (const n of d.names) {
          const other = parse(d.from.text, std[d.from.text] ?? "").file.decls.find((x) => x.kind === "body" && x.name.text === n.text);
          if (other?.kind === "body") home.set(n.text, functionOf(other, new Env(outermost)));
        }
      }
      if (d.kind === "body") {
        home.set(d.name.text, functionOf(d, home));
        library.set(d.name.text, functionOf(d, home));
      }
    }
  }
  return library;
}

/** Names for --set: what the spec sees, params that are settled by now among it, before the library. */
function overrideEnv(module: Module, library: Env): Env {
  const env = new Env(library);
  for (const n of module.env.all()) env.set(n, module.env.find(n)!.value);
  return env;
}

function parseSet(text: string, module: Module, library: Env, diagnostics: Diagnostic[]): Override | undefined {
  const at = text.indexOf("=");
  const path = text.slice(0, at).trim().split(".");
  const parsed = at > 0 ? parse(`--set ${text}`, `param value = ${text.slice(at + 1)}`) : undefined;
  const decl = parsed?.file.decls[0];
  if (!parsed || parsed.diagnostics.length > 0 || decl?.kind !== "param" || parsed.file.decls.length !== 1 || path.some((p) => p === "")) {
    diagnostics.push(diagnose(rules.overrideSyntax, { text }));
    return undefined;
  }
  return { path, expr: decl.value, env: () => overrideEnv(module, library), from: "--set" };
}

export function bindParams(module: Module, choices: Choices, outermost: Env, diagnostics: Diagnostic[]): Map<string, BoundParam> {
  const decls = module.file.decls.filter((d): d is ParamDecl => d.kind === "param");
  const names = decls.map((d) => d.name.text);
  const t = new Tracer("training", diagnostics, new Map(), new Map());
  const overrides: Override[] = [];
  const settings = new Map<string, { variant: string; text: string }>();
  const variants = module.file.decls.filter((d): d is Extract<Decl, { kind: "variant" }> => d.kind === "variant");
  for (const v of variants) checkPaths(v, decls, diagnostics);
  for (const chosen of choices.variants) {
    const v = variants.find((x) => x.name.text === chosen);
    if (!v) {
      const known = variants.map((x) => x.name.text);
      diagnostics.push(diagnose(rules.unknownVariant, { name: chosen, near: nearest(chosen, known), known }));
      continue;
    }
    for (const s of v.settings) {
      const key = s.path.map((p) => p.text).join(".");
      const text = writeExpr(s.value);
      const other = settings.get(key);
      if (other && other.text !== text && !choices.set.some((c) => c.split("=")[0]!.trim() === key))
        diagnostics.push(diagnose(rules.variantsConflict, { param: key, first: other.variant, second: chosen }, s.path[0]!.span));
      settings.set(key, { variant: chosen, text });
      overrides.push({ path: s.path.map((p) => p.text), expr: s.value, env: () => module.env, from: `variant ${chosen}`, span: s.path[0]!.span });
    }
  }
  const library = choices.set.length > 0 ? libraryEnv(outermost) : outermost;
  for (const text of choices.set) {
    const o = parseSet(text, module, library, diagnostics);
    if (!o) continue;
    if (names.includes(o.path[0]!)) overrides.push(o);
    else diagnostics.push(diagnose(rules.unknownOverride, { path: o.path[0]!, from: "--set", near: nearest(o.path[0]!, names), known: names }));
  }

  const bound = new Map<string, BoundParam>();
  const busy: string[] = [];
  function bind(d: ParamDecl): void {
    const name = d.name.text;
    if (bound.has(name)) return;
    busy.push(name);
    const own = overrides.filter((o) => o.path[0] === name);
    for (const needed of [d.value, ...own.map((o) => o.expr)].flatMap(namesIn)) {
      const other = decls.find((x) => x.name.text === needed);
      if (!other || bound.has(needed)) continue;
      if (busy.includes(needed)) {
        diagnostics.push(diagnose(rules.paramOrder, { name, uses: needed }, d.name.span, [{ span: other.name.span, message: `\`${needed}\` is declared here` }]));
        module.env.set(needed, POISON);
      } else bind(other);
    }
    const unread = diagnostics.some((x) => x.code.startsWith("G01") && x.span?.file === d.span.file && x.span.start >= d.span.start && x.span.end <= d.span.end);
    if (unread) bound.set(name, { decl: d, value: POISON, text: "(an error)", from: "default" });
    else bound.set(name, settle(t, d, own, module, diagnostics));
    module.env.set(name, bound.get(name)!.value, { expr: d.value, env: module.env });
    busy.pop();
  }
  decls.forEach(bind);
  for (const d of decls) checkWhere(t, d, bound.get(d.name.text)!, module);
  return new Map(decls.map((d) => [d.name.text, bound.get(d.name.text)!]));
}

function checkPaths(v: Extract<Decl, { kind: "variant" }>, decls: readonly ParamDecl[], diagnostics: Diagnostic[]): void {
  const names = decls.map((d) => d.name.text);
  for (const s of v.settings) {
    const first = s.path[0]!;
    const record = decls.find((d) => d.name.text === first.text)?.value;
    const keys = record?.kind === "record" ? record.fields.map((f) => f.name.text) : [];
    const wrong = s.path.length > 2 ? s.path[2] : s.path[1] && !keys.includes(s.path[1].text) ? s.path[1] : undefined;
    if (names.includes(first.text) && wrong) {
      const known = keys.length > 0 ? keys.map((k) => `${first.text}.${k}`) : [first.text];
      const path = s.path.map((p) => p.text).join(".");
      diagnostics.push(diagnose(rules.unknownOverride, { path, from: `the variant ${v.name.text}`, near: nearest(path, known), known }, wrong.span));
    }
    if (!names.includes(first.text))
      diagnostics.push(diagnose(rules.unknownOverride, { path: first.text, from: `the variant ${v.name.text}`, near: nearest(first.text, names), known: names }, first.span));
  }
}

function settle(t: Tracer, d: ParamDecl, overrides: readonly Override[], module: Module, diagnostics: Diagnostic[]): BoundParam {
  const whole = overrides.filter((o) => o.path.length === 1).at(-1);
  const read = (e: Expr, env: Env): Value => (isWord(d) && e.kind === "name" && !(typeof env.find(e.name)?.value === "string") ? e.name : evaluate(t, e, env));
  let value = read(d.value, module.env);
  let from = "default";
  const start = value;
  if (whole) {
    const given = read(whole.expr, whole.env());
    from = whole.from;
    value = isKind(start, "record") && isKind(given, "record") ? merge(t, start, given, d, whole.expr) : given;
  }
  for (const o of overrides.filter((x) => x.path.length > 1)) {
    from = o.from;
    const key = o.path[1]!;
    if (!isKind(value, "record") || !value.fields.has(key) || o.path.length > 2) {
      const known = isKind(value, "record") ? [...value.fields.keys()].map((k) => `${d.name.text}.${k}`) : [d.name.text];
      if (!o.span) diagnostics.push(diagnose(rules.unknownOverride, { path: o.path.join("."), from: o.from, near: nearest(o.path.join("."), known), known }));
      continue;
    }
    value = { kind: "record", fields: new Map([...value.fields, [key, evaluate(t, o.expr, o.env())]]) };
  }
  return { decl: d, value: typed(t, d, value, start, module), text: showValue(value), from };
}

/** `param decay_on: word = all` takes bare words: names of nothing. */
const isWord = (d: ParamDecl): boolean => d.type?.kind === "named" && d.type.name.text === "word";

function merge(t: Tracer, base: Extract<Value, { kind: "record" }>, given: Extract<Value, { kind: "record" }>, d: ParamDecl, at: Expr): Value {
  for (const k of given.fields.keys()) {
    const known = [...base.fields.keys()];
    if (!base.fields.has(k)) t.report(rules.unknownField, { name: k, of: `param \`${d.name.text}\``, near: nearest(k, known), known }, at.span);
  }
  return { kind: "record", fields: new Map([...base.fields, ...given.fields]) };
}

function typed(t: Tracer, d: ParamDecl, value: Value, start: Value, module: Module): Value {
  if (isPoison(value)) return POISON;
  const wrong = (expected: string): Value =>
    t.report(rules.paramType, { name: d.name.text, expected, got: typeof value === "number" ? String(value) : kindName(value) }, d.name.span);
  const type = d.type;
  if (!type) {
    if (typeof start !== "object" && typeof value !== typeof start) return wrong(kindName(start));
    for (const kind of ["record", "pad", "data-steps"] as const) {
      const fits = isKind(value, kind) || (kind === "pad" && typeof value === "number") || (kind === "data-steps" && isKind(value, "builtin") && !value.spec.stage);
      if (isKind(start, kind) && !fits) return wrong(kindName(start));
    }
    return value;
  }
  if (type.kind !== "named") return value;
  // Without an initialization each operation's own default begins its weights (rule 13).
  if (type.name.text === "Init" && isNone(value)) return value;
  switch (type.name.text) {
    case "int": return typeof value === "number" && Number.isInteger(value) ? value : wrong("a whole number");
    case "float": return typeof value === "number" ? value : wrong("a number");
    case "bool": return typeof value === "boolean" ? value : wrong("true or false");
    case "word": return typeof value === "string" ? value : wrong("a word");
    // A type that is none was reported with the other names.
    default: return SLOT_KINDS[type.name.text] === undefined && !module.bodies.has(type.name.text) ? POISON : bindSlot(t, type, value, `param \`${d.name.text}\``, d.name.span, d.name.text) ?? POISON;
  }
}

function checkWhere(t: Tracer, d: ParamDecl, p: BoundParam, module: Module): void {
  if (!d.where || isPoison(p.value)) return;
  const holds = evaluate(t, d.where, module.env);
  if (typeof holds !== "boolean" && !isPoison(holds)) t.report(rules.wrongKind, { what: "`where`", expected: "a condition, true or false", got: typeof holds === "number" ? String(holds) : kindName(holds) }, d.where.span);
  if (holds === false) t.report(rules.whereFails, { name: d.name.text, condition: module.file.text.slice(d.where.span.start, d.where.span.end), value: p.text, from: p.from }, d.where.span);
}
