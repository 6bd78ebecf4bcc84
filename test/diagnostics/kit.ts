// Marked source: a line of `~` under the culprit, with the code. `^` marks a place between two characters.
import { readFileSync, readdirSync } from "node:fs";
import { compile, type Compiled, type CompileOptions } from "../../compiler/compile";
import type { Diagnostic } from "../../dsl/diagnostic";
import { positionAt } from "../../dsl/source";

const root = new URL("../../", import.meta.url);
export const readRepo = (path: string): string => readFileSync(new URL(path, root), "utf8");
export const listRepo = (path: string): string[] => readdirSync(new URL(path, root)).sort();

/** One diagnostic as `line:column+length code`, in the lines of the text without its marks. */
export type Place = string;

export interface Marked {
  readonly text: string;
  readonly places: readonly Place[];
  readonly options: CompileOptions;
}

const MARK = /^(?:\/\/)?\s*(~+|\^)\s+(G\d{4}(?: G\d{4})*)\s*$/;

/** Takes the marks out; `// set:`, `// variants:` and `// expect:` (a code without a place) speak of the whole text. */
export function readMarked(source: string): Marked {
  const lines: string[] = [];
  const places: Place[] = [];
  for (const line of source.split("\n")) {
    const mark = MARK.exec(line);
    if (!mark) lines.push(line);
    else for (const code of mark[2]!.split(" ")) places.push(`${lines.length}:${line.indexOf(mark[1]!) + 1}+${mark[1] === "^" ? 0 : mark[1]!.length} ${code}`);
  }
  const header = (name: string): string[] => lines.flatMap((l) => (l.startsWith(`// ${name}: `) ? [l.slice(name.length + 5)] : []));
  const set = header("set");
  const variants = header("variants").flatMap((l) => l.split(" "));
  return { text: lines.join("\n"), places: [...places, ...header("expect")], options: { set, variants, until: "check" } };
}

/** Where a diagnostic stands; one that runs on over lines ends with its first line. */
export function placeOf(d: Diagnostic, file: string, text: string): Place {
  if (!d.span || d.span.file !== file) return d.code;
  const at = positionAt(text, d.span.start);
  const lineEnd = text.indexOf("\n", d.span.start);
  const end = lineEnd < 0 ? d.span.end : Math.min(d.span.end, lineEnd);
  return `${at.line}:${at.column}+${end - d.span.start} ${d.code}`;
}

export interface Found {
  readonly compiled: Compiled;
  readonly places: readonly Place[];
}

export function check(path: string, text: string, options: CompileOptions = {}): Found {
  const read = (p: string): string | undefined => (p === path ? text : undefined);
  const compiled = compile({ path, text }, { read, until: "check", ...options });
  return { compiled, places: compiled.diagnostics.map((d) => placeOf(d, path, text)) };
}

/** The real spec with one piece of its text changed. */
export function edited(spec: string, from: string, to: string): string {
  const text = readRepo(`specs/${spec}.gan`);
  if (text.split(from).length !== 2) throw new Error(`"${from}" stands ${text.split(from).length - 1} times in ${spec}.gan`);
  return text.replace(from, to);
}
