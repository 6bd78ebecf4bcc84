// A compiled spec as a TypeScript project: text by path, not yet formatted.
import type { Compiled } from "../../compiler/compile";
import type { Diagnostic } from "../../dsl/diagnostic";
import { withoutWords } from "./modules";
import { kitKindOf, kitModuleOf, kitNames, shake } from "./shake";
import { mainText, packageText, readmeText, tsconfigText, weightsText } from "./scaffold/files";
import { modelText, type Notes } from "./scaffold/model";
import { Body } from "./writer/body";
import { handedOn } from "./writer/hand";
import { Project } from "./writer/project";
import { writeTraining } from "./writer/train";

export interface EmittedProject {
  /** Text by path, not yet formatted. */
  readonly files: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
}

/** What the project's own files say before the first declaration. */
const HEADERS: Readonly<Record<string, string>> = {
  train: "The training step.", norms: "Normalizations.", heads: "Attention heads.", losses: "Losses, one number a sample.", reparams: "What a layer uses in place of the weight it learns.",
};

/** @param c a spec that compiled whole, without errors */
export function emitProject(c: Compiled, notes: Notes = { path: c.source.path, set: [], variants: [], imports: {} }): EmittedProject {
  const { model, program } = c;
  if (!model || !program) throw new Error("defect: a spec without a program has no project");
  // Once to see which arguments are ever written, once to see which of them are ever read, once to write.
  const first = new Project(c, new Map());
  writeTraining(first, c, model);
  const second = new Project(c, first.passing);
  writeTraining(second, c, model);
  const project = new Project(c, first.passing, second.reading);
  const training = writeTraining(project, c, model);
  const config = configText(project, c, [training, ...[...project.declarations.values()].map((d) => d.text)].join("\n"));
  const bodies = new Map<string, string[]>([["train", [training]], ["config", [config]], ["model", [modelText(c, program, notes)]], ["main", [mainText()]]]);
  const homes = new Map<string, string>([...c.params.keys()].filter((n) => new RegExp(`export const ${n}\\b`).test(config)).map((n) => [n, "config"]));
  homes.set("training", "train");
  for (const d of reachable(project, [training, config])) {
    bodies.set(d.file, [...(bodies.get(d.file) ?? []), d.text]);
    homes.set(d.name, d.file);
  }
  const kit = new Map(kitNames().map((n) => [n, `lib/${kitModuleOf(n)}`]));
  const wanted = new Set<string>(["run"]);
  const files = new Map<string, string>();
  for (const [file, texts] of bodies) {
    const header = HEADERS[file] === undefined ? "" : `// ${HEADERS[file]} From ${c.source.path}.\n`;
    files.set(`src/${file}.ts`, `${header}${importsOf(file, texts, homes, kit, wanted)}\n\n${texts.join("\n")}`);
  }
  for (const [name, text] of shake(wanted)) files.set(`src/lib/${name}`, text);
  files.set("package.json", packageText(program));
  files.set("tsconfig.json", tsconfigText());
  files.set("README.md", readmeText(c, program, [...files.keys()]));
  files.set("WEIGHTS.md", weightsText(program));
  return { files, diagnostics: project.diagnostics };
}

/** Names that the text does not make itself. */
function uses(text: string): Set<string> {
  const code = withoutWords(text);
  const single = [...code.matchAll(/\b(?:const|let) (\w+)/g)].map((m) => m[1]!);
  const taken = [...code.matchAll(/\b(?:const|let) [{[]([^=]*)[}\]] =/g)].flatMap((m) => m[1]!.match(/\w+/g) ?? []);
  const given = [...code.matchAll(/[(,]\s*\{([^{}]*)\}: \{/g)].flatMap((m) => m[1]!.split(",").map((part) => part.split("=")[0]!.trim()));
  const made = new Set([...single, ...taken, ...given]);
  const names = [...code.matchAll(/(?<![\w$.])(?:\.\.\.)?([A-Za-z_$][\w$]*)(?!\s*\??:)(?![\w$])/g)].map((m) => m[1]!);
  return new Set(names.filter((name) => !made.has(name) || new RegExp(`export const ${name}\\b`).test(code)));
}

/** Declarations that the roots use, directly or not. */
function reachable(project: Project, roots: readonly string[]) {
  const found = new Set<string>();
  const visit = (text: string): void => {
    for (const name of uses(text)) {
      const d = project.declarations.get(name);
      if (!d || found.has(name)) continue;
      found.add(name);
      visit(d.text);
    }
  };
  roots.forEach(visit);
  return [...project.declarations.values()].filter((d) => found.has(d.name));
}

function importsOf(file: string, texts: readonly string[], homes: ReadonlyMap<string, string>, kit: ReadonlyMap<string, string>, wanted: Set<string>): string {
  const up = file.includes("/") ? "../" : "./";
  const by = new Map<string, string[]>();
  const text = texts.join("\n");
  const code = withoutWords(text);
  const names = new Set(texts.flatMap((t) => [...uses(t)]));
  for (const name of [...names].sort()) {
    if (new RegExp(`(?:^|\\n)(?:export )?(?:const|class|function|type) ${name}\\b`).test(text)) continue;
    const home = homes.get(name);
    const from = home ?? kit.get(name);
    if (from === undefined || from === file) continue;
    if (home === undefined) wanted.add(name);
    by.set(from, [...(by.get(from) ?? []), isTypeOnly(name, home === undefined, code) ? `type ${name}` : name]);
  }
  return [...by].sort(([a], [b]) => (a < b ? -1 : 1)).map(([from, names]) => {
    const types = names.every((n) => n.startsWith("type "));
    return `import ${types ? "type " : ""}{ ${names.map((n) => (types ? n.slice(5) : n)).join(", ")} } from "${up}${from}.js";`;
  }).join("\n");
}

/** An interface, or a class that is neither made nor asked. */
function isTypeOnly(name: string, ofKit: boolean, code: string): boolean {
  const kind = ofKit ? kitKindOf(name) : /^[A-Z]/.test(name) && new RegExp(`\\bnew ${name}\\b`).test(code) ? "class" : "value";
  return kind === "type" || (kind === "class" && !new RegExp(`\\b(?:new|instanceof|extends) ${name}\\b|(?<![\\w.])${name}\\.`).test(code));
}

/** The params that the text names, and those that these are made of. */
function configText(project: Project, c: Compiled, text: string): string {
  const lines = new Map<string, string>();
  for (let seen = "", next = text; next !== seen; next = [text, ...lines.values()].join("\n")) {
    seen = next;
    const named = uses(next);
    for (const name of c.params.keys()) if (named.has(name) && !lines.has(name)) lines.set(name, paramText(project, c, name));
  }
  return `// Params of ${c.source.path}.\n${[...c.params.keys()].flatMap((name) => lines.get(name) ?? []).join("\n")}`;
}

function paramText(project: Project, c: Compiled, name: string): string {
  const p = c.params.get(name)!;
  const doc = p.decl.doc === undefined ? "" : `/** ${p.decl.doc} */\n`;
  const v = project.convert(p.value);
  const slot = p.decl.type?.kind === "named" ? p.decl.type.name.text : "";
  const typed = ["Activation", "Reparam"].includes(slot) ? `: ${slot}` : "";
  const value = handedOn(new Body(project, undefined), v.kind === "function" ? { ...v, written: writtenFor(project, name, v) } : v, p.decl.span);
  return `${doc}export const ${name}${typed} = ${value};`;
}

/** The names of the functions that were written where the param stood. */
function writtenFor(project: Project, name: string, v: { readonly written: Set<string> }): Set<string> {
  const known = project.convert(project.compiled.params.get(name)!.value, name);
  return known.kind === "function" ? known.written : v.written;
}
