// Reading a spec and what it imports; compiling it; telling what is wrong.
import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { compile, type Compiled, type CompileOptions, type Source } from "../compiler/compile";
import type { Lowerings } from "../compiler/lowering";
import type { Diagnostic } from "../dsl/diagnostic";
import { std } from "../dsl/std/index";
import { explainFsError, UserError } from "../runtime/files/errors";
import type { Choices } from "./options";
import { diagnosticJson, type ReadText, renderDiagnostics } from "./render";

export interface Loaded extends Compiled {
  readonly read: ReadText;
}

export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (e) {
    throw explainFsError(e, path);
  }
}

/** Files that a spec imports, by their paths as `relativePath` makes them; undefined for what cannot be read. */
export function fileReader(): (path: string) => string | undefined {
  return (path) => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  };
}

/** The spec's text, under its path as messages show it. */
export function sourceOf(path: string): Source {
  if (!path.endsWith(".gan")) throw new UserError(`${path}: a spec ends in .gan`, "for example specs/ugatit.gan");
  return { path: relative(process.cwd(), resolve(path)) || path, text: readText(path) };
}

/** @param spec its path, or its text as it was read */
export function load(spec: string | Source, choices: Choices, options: CompileOptions = {}): Loaded {
  return loadText(typeof spec === "string" ? sourceOf(spec) : spec, choices, fileReader(), options);
}

export function loadText(source: { path: string; text: string }, choices: Choices, read: (path: string) => string | undefined, options: CompileOptions = {}): Loaded {
  const c = compile(source, { ...options, read, set: choices.set ?? [], variants: choices.variant ?? [] });
  return { ...c, read: (p) => (p === source.path ? source.text : c.modules.all.get(p)?.file.text) };
}

/** What is refused is left out by the compiler's passes, too. */
export const compileOptionsOf = (lowerings: Lowerings | undefined): CompileOptions => (lowerings ? { lowerings, without: lowerings.without ?? [] } : {});

const coloured = (): boolean => process.stderr.isTTY === true && process.env["NO_COLOR"] === undefined;

/** Prints what was found to standard error. Returns whether the spec is without errors. */
export function tell(c: Loaded, json = false): boolean {
  if (!json) print(c.diagnostics, c.read);
  return c.ok;
}

export function print(diagnostics: readonly Diagnostic[], read: ReadText): void {
  if (diagnostics.length > 0) process.stderr.write(`${renderDiagnostics(diagnostics, read, coloured())}\n`);
}

export const jsonOf = (c: Loaded): object[] => c.diagnostics.map((d) => diagnosticJson(d, c.read));

/** The compiled spec, or an end with the diagnostics printed. */
export function loadOrFail(spec: string | Source, choices: Choices, options: CompileOptions = {}): Loaded {
  const c = load(spec, choices, options);
  if (!tell(c)) throw specError(c);
  return c;
}

export function specError(c: Loaded): UserError {
  const n = c.diagnostics.filter((d) => d.severity === "error").length;
  return new UserError(`${c.source.path} has ${n} error${n === 1 ? "" : "s"}`);
}

/** Texts of the spec's own imports (a folder of one's own may be called std, too), so that a run can compile it again without them. */
export const importsOf = (c: Loaded): Record<string, string> =>
  Object.fromEntries([...c.modules.all].filter(([path]) => path !== c.source.path && !Object.hasOwn(std, path)).map(([path, m]) => [path, m.file.text]));
