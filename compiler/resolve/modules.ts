// Files and their names: reads what a spec imports and makes each module's scope.
import { diagnose, type Diagnostic } from "../../dsl/diagnostic";
import { parse } from "../../dsl/parse";
import { std } from "../../dsl/std/index";
import { trees } from "../../dsl/std/trees";
import type { Span } from "../../dsl/source";
import type { BodyDecl, Decl, File } from "../../dsl/tree";
import { builtins } from "../builtins/table";
import { rules } from "../diagnostics/table";
import { nearest } from "../diagnostics/near";
import { Env } from "../trace/env";
import type { FunctionValue } from "../trace/values";

export interface Module {
  readonly path: string;
  readonly file: File;
  /** The names the file declares or imports. */
  readonly env: Env;
  readonly bodies: ReadonlyMap<string, BodyDecl>;
}

export interface Modules {
  readonly entry: Module;
  readonly all: ReadonlyMap<string, Module>;
}

/** Text of a file that a spec imports by relative path; undefined if there is none. */
export type ReadModule = (path: string) => string | undefined;

type Claim = (name: string, span: Span, what: string, shown?: string) => boolean;

/** `./norms.gan` seen from `specs/ugatit.gan` is `specs/norms.gan`. */
export function relativePath(from: string, to: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const piece of to.split("/")) {
    if (piece === "..") {
      if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
      else parts.push("..");
    } else if (piece !== ".") parts.push(piece);
  }
  return parts.join("/");
}

export function prelude(): Env {
  const env = new Env();
  for (const [name, spec] of builtins) env.set(name, { kind: "builtin", spec, bound: new Map() });
  return env;
}

export const functionOf = (decl: BodyDecl, home: Env): FunctionValue => ({ kind: "function", decl, home, bound: new Map() });

export function loadModules(path: string, text: string, read: ReadModule, diagnostics: Diagnostic[], outermost: Env): Modules {
  const all = new Map<string, Module>();
  const opening: string[] = [];

  function open(at: string, source: string): Module {
    const known = all.get(at);
    if (known) return known;
    opening.push(at);
    const parsed = Object.hasOwn(trees, at) ? { file: trees[at]!, diagnostics: [] } : parse(at, source);
    diagnostics.push(...parsed.diagnostics);
    const env = new Env(outermost);
    const bodies = new Map<string, BodyDecl>();
    const taken = new Map<string, Span>();
    const claim = (name: string, span: Span, what: string, shown = name): boolean => {
      if (!taken.has(name)) {
        taken.set(name, span);
        return true;
      }
      diagnostics.push(diagnose(rules.duplicateName, { name: shown, what }, span, [{ span: taken.get(name)!, message: "first declared here" }]));
      return false;
    };
    const made: Module = { path: at, file: parsed.file, env, bodies };
    all.set(at, made);
    for (const d of parsed.file.decls) declare(made, d, claim);
    opening.pop();
    return made;
  }

  function declare(into: Module, d: Decl, claim: Claim): void {
    if (d.kind === "body") {
      if (claim(d.name.text, d.name.span, `the ${d.keyword}`)) {
        (into.bodies as Map<string, BodyDecl>).set(d.name.text, d);
        into.env.set(d.name.text, functionOf(d, into.env));
      }
    } else if (d.kind === "param") claim(d.name.text, d.name.span, "the param");
    // Exports and variants have names of their own kind: an export may be called as a param is.
    else if (d.kind === "export" || d.kind === "variant") claim(`${d.kind} ${d.name.text}`, d.name.span, `the ${d.kind}`, d.name.text);
    else if (d.kind === "import") importNames(into, d, claim);
  }

  function importNames(into: Module, d: Extract<Decl, { kind: "import" }>, claim: Claim): void {
    const isStd = d.from.text.startsWith("std/");
    const target = isStd ? d.from.text : relativePath(into.path, d.from.text);
    const source = isStd ? std[target] : read(target);
    if (opening.includes(target)) {
      diagnostics.push(diagnose(rules.importCycle, { chain: [...opening, target].join(" → ") }, d.from.span));
      return;
    }
    if (source === undefined) {
      const known = Object.keys(std);
      diagnostics.push(diagnose(rules.unknownModule, { path: d.from.text, near: nearest(d.from.text, known) }, d.from.span));
      for (const n of d.names) into.env.set(n.text, { kind: "poison" });
      return;
    }
    const from = open(target, source);
    for (const n of d.names) {
      if (!claim(n.text, n.span, "the name")) continue;
      const decl = from.bodies.get(n.text);
      if (decl) into.env.set(n.text, functionOf(decl, from.env));
      else {
        const known = [...from.bodies.keys()];
        diagnostics.push(diagnose(rules.notExported, { name: n.text, path: d.from.text, near: nearest(n.text, known), known }, n.span));
        into.env.set(n.text, { kind: "poison" });
      }
    }
  }

  const entry = open(path, text);
  return { entry, all };
}
