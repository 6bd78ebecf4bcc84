import { readdirSync, readFileSync } from "node:fs";
import { parse } from "../../dsl/parse";
import { positionAt, type Span } from "../../dsl/source";
import type { Decl, Expr, File, Statement } from "../../dsl/tree";

const root = new URL("../../", import.meta.url);

/** Every .gan file of the repository: path and text. */
export function allTexts(): [string, string][] {
  return ["specs/", "dsl/std/"].flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => name.endsWith(".gan"))
      .map((name): [string, string] => [folder + name, readFileSync(new URL(folder + name, root), "utf8")]),
  );
}

export function specText(name: string): string {
  return readFileSync(new URL(`specs/${name}.gan`, root), "utf8");
}

/** The tree of a text that has no errors. */
export function tree(text: string): File {
  const { file, diagnostics } = parse("test.gan", text);
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return file;
}

/** `line:column code`, in the order of the text. */
export function problems(text: string): string[] {
  return parse("test.gan", text).diagnostics.map(({ code, span }) => {
    const { line, column } = positionAt(text, span?.start ?? 0);
    return `${line}:${column} ${code}`;
  });
}

/** A tree without its places, and without the text it came from. */
export function meaning(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(meaning);
  if (node === null || typeof node !== "object") return node;
  const kept = Object.entries(node).filter(([key]) => key !== "span");
  return Object.fromEntries(kept.map(([key, value]) => [key, meaning(value)]));
}

export const meaningOf = (text: string): unknown => meaning(tree(text).decls);

/** The expression of `loss f(x) = ...`. */
export function expr(text: string): Expr {
  const [decl] = tree(`loss f = ${text}`).decls;
  const [first] = decl?.kind === "body" ? decl.body : [];
  if (first?.kind !== "return") throw new Error("no expression");
  return first.value;
}

export function statements(text: string): readonly Statement[] {
  const [decl] = tree(`block B { ${text} }`).decls;
  return decl?.kind === "body" ? decl.body : [];
}

export function declOf<K extends Decl["kind"]>(file: File, kind: K, name?: string): Extract<Decl, { kind: K }> {
  const found = file.decls.find(
    (d) => d.kind === kind && (name === undefined || ("name" in d && d.name.text === name)),
  );
  if (!found) throw new Error(`no ${kind} ${name ?? ""}`);
  return found as Extract<Decl, { kind: K }>;
}

export const at = (file: File, span: Span): string => file.text.slice(span.start, span.end);

/** An expression with parentheses everywhere, to see how it was grouped. */
export function grouped(e: Expr): string {
  switch (e.kind) {
    case "binary":
      return `(${grouped(e.left)} ${e.op} ${grouped(e.right)})`;
    case "unary":
      return `(${e.op} ${grouped(e.operand)})`;
    case "pipe":
      return `(${grouped(e.left)} |> ${grouped(e.right)})`;
    case "call":
      return `${grouped(e.callee)}(${e.args.map(({ value }) => grouped(value)).join(", ")})`;
    case "field":
      return `${grouped(e.object)}.${e.field.text}`;
    case "index":
      return `${grouped(e.object)}[${e.entries.map(({ index }) => grouped(index)).join(", ")}]`;
    case "lambda":
      return `(${e.parameter.text} => ${grouped(e.body)})`;
    case "sample":
      return `<sample ${grouped(e.distribution)}${e.like ? ` like ${grouped(e.like)}` : ""}${e.training ? " t" : ""}>`;
    case "number":
      return e.text;
    case "name":
      return e.name;
    default:
      return e.kind;
  }
}
