// Emitted projects for tests: formatted as people get them, or loaded as ganc trains with them.
import { readFileSync } from "node:fs";
import * as prettier from "prettier";
import { emitProject, type EmittedProject } from "../../../../backends/tfjs/project";
import { compile, type Compiled } from "../../../../compiler/compile";

export const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");

export interface Asked {
  readonly set?: readonly string[];
  readonly variants?: readonly string[];
}

export function compileSpec(path: string, { set = [], variants = [] }: Asked = {}, text = read(path)): Compiled {
  const compiled = compile({ path, text }, { set, variants });
  if (!compiled.program) throw new Error(`${path} does not compile: ${compiled.diagnostics.map((d) => `${d.code} ${d.message}`).join("; ")}`);
  return compiled;
}

/** The project; it is a test's failure if something cannot be written. */
export function project(compiled: Compiled, asked: Asked = {}): EmittedProject {
  const made = emitProject(compiled, { path: compiled.source.path, set: asked.set ?? [], variants: asked.variants ?? [], imports: {} });
  if (made.diagnostics.length > 0) throw new Error(made.diagnostics.map((d) => d.message).join("; "));
  return made;
}

const PARSERS: Readonly<Record<string, string>> = { ts: "typescript", json: "json", md: "markdown" };
const known = new Map<string, Promise<string>>();

/** As `formatted` of cli/emit-tfjs.ts, but what several projects share is formatted once. */
export async function formattedFiles({ files }: EmittedProject): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const [path, text] of files) {
    const parser = PARSERS[path.slice(path.lastIndexOf(".") + 1)]!;
    if (!known.has(text)) known.set(text, prettier.format(text, { parser, printWidth: 120 }));
    texts.set(path, await known.get(text)!);
  }
  return texts;
}
