// A kit file taken apart: its imports, its declarations, and which names each declaration uses.

export interface Imported {
  readonly local: string;
  /** Its name where it comes from. */
  readonly name: string;
  readonly from: string;
  readonly type: boolean;
  readonly form: "named" | "default" | "namespace";
}

export interface Declaration {
  /** Absent for a statement that does something when the file is loaded. */
  readonly name: string | undefined;
  readonly kind: "type" | "class" | "value";
  readonly exported: boolean;
  /** With the comment above it. */
  readonly text: string;
  /** Names that occur in it. */
  readonly uses: ReadonlySet<string>;
}

export interface Module {
  /** The comment at its top. */
  readonly header: string;
  readonly imports: readonly Imported[];
  readonly declarations: readonly Declaration[];
}

const OPENS = /^(export |async |abstract |function|class |interface |type |const |let |await |if )/;
const DECLARES = /^(export )?(?:async |abstract )*(function\*?|class|interface|type|const|let) ([\w$]+)/;

const parsed = new Map<string, Module>();

export function parseModule(text: string): Module {
  const known = parsed.get(text);
  if (known) return known;
  const lines = text.split("\n");
  const first = lines.findIndex((line) => !line.startsWith("//"));
  const header = lines.slice(0, first).join("\n");
  const imports: Imported[] = [];
  let at = first;
  for (; at < lines.length && (lines[at] === "" || lines[at]!.startsWith("import ")); at++) {
    let statement = lines[at]!;
    while (statement.startsWith("import ") && !statement.endsWith(";")) statement += ` ${lines[++at]!.trim()}`;
    if (statement !== "") imports.push(...readImport(statement));
  }
  const module = { header, imports, declarations: chunks(lines.slice(at)).map(declaration) };
  parsed.set(text, module);
  return module;
}

function readImport(statement: string): Imported[] {
  const match = /^import (type )?(.+) from "([^"]+)";$/.exec(statement);
  if (!match) throw new Error(`defect: an import of another form in the kit: ${statement}`);
  const [, type, what = "", from = ""] = match;
  if (what.startsWith("* as ")) return [{ local: what.slice(5), name: "*", from, type: type !== undefined, form: "namespace" }];
  if (!what.startsWith("{")) return [{ local: what, name: "default", from, type: type !== undefined, form: "default" }];
  return what.slice(1, -1).split(",").map((part) => part.trim()).filter((part) => part !== "").map((part) => {
    const [, own, name = "", local] = /^(type )?([\w$]+)(?: as ([\w$]+))?$/.exec(part) ?? [];
    return { local: local ?? name, name, from, type: type !== undefined || own !== undefined, form: "named" };
  });
}

/** Runs of lines from one beginning to the next; blank lines belong to what stands before them. */
function chunks(lines: readonly string[]): string[] {
  const found: string[][] = [];
  let inLead = false;
  for (const line of lines) {
    const comment = line.startsWith("/*") || line.startsWith("//");
    const begins = comment || OPENS.test(line);
    if (begins && !inLead) found.push([]);
    if (begins) inLead = comment;
    else if (inLead && !line.startsWith(" *")) inLead = false;
    found.at(-1)?.push(line);
  }
  return found.map((chunk) => chunk.join("\n"));
}

function declaration(text: string): Declaration {
  const code = withoutWords(text);
  const match = DECLARES.exec(code.trimStart());
  const uses = new Set([...code.matchAll(/(?<![\w$.])(?:(?<=\.\.\.))?[A-Za-z_$][\w$]*|(?<=\.\.\.)[A-Za-z_$][\w$]*/g)].map((m) => m[0]));
  const keyword = match?.[2];
  const kind = keyword === "interface" || keyword === "type" ? "type" : keyword === "class" ? "class" : "value";
  return { name: match?.[3], kind, exported: match?.[1] !== undefined, text, uses };
}

/** The code without comments and strings; what `${...}` holds stays. */
export function withoutWords(text: string): string {
  let code = "";
  const closers: string[] = [];
  for (let at = 0; at < text.length; at++) {
    const [here, two] = [text[at]!, text.slice(at, at + 2)];
    if (closers.at(-1) === "`") {
      if (here === "\\") at++;
      else if (here === "`") closers.pop();
      else if (two === "${") {
        closers.push("}");
        at++;
        code += " ";
      }
    } else if (two === "//") at = endOf(text, "\n", at) - 1;
    else if (two === "/*") at = endOf(text, "*/", at) + 1;
    else if (here === '"' || here === "'") {
      at = closingQuote(text, at);
      code += '""';
    } else if (here === "`") closers.push("`");
    else {
      if (here === "{") closers.push("}");
      if (here === "}") closers.pop();
      code += here;
    }
  }
  return code;
}

const endOf = (text: string, mark: string, from: number): number => (text.indexOf(mark, from) < 0 ? text.length : text.indexOf(mark, from));

function closingQuote(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== text[from]) at += text[at] === "\\" ? 2 : 1;
  return at;
}
