// Layout of declarations.
import { quote } from "../parser/strings";
import type { BodyDecl, Decl } from "../tree";
import { brackets, type Item } from "./brackets";
import type { Context } from "./context";
import { cell, type Doc } from "./doc";
import { expression } from "./expressions";
import { block, statement, trainItem } from "./statements";
import { signature, type } from "./types";

export function declaration(cx: Context, decl: Decl): Doc {
  switch (decl.kind) {
    case "import": {
      const items = decl.names.map((name): Item => ({ ...name.span, build: () => name.text }));
      return ["import ", brackets(cx, "{ ", " }", items, decl.from.span.start), " from ", quote(decl.from.text)];
    }
    case "param":
      return param(cx, decl);
    case "body":
      return body(cx, decl);
    case "train": {
      const { start, end } = decl.span;
      return ["train ", block(cx, decl.items, (item) => trainItem(cx, item), start, end)];
    }
    case "export": {
      const head = ["export ", decl.name.text, signature(cx, decl.parameters, [], decl.name.span.end)];
      return [...head, " = ", expression(cx, decl.value)];
    }
    case "variant":
      return variant(cx, decl);
  }
}

function param(cx: Context, decl: Extract<Decl, { kind: "param" }>): Doc {
  const its: Doc = decl.type ? [": ", type(cx, decl.type)] : "";
  const value: Doc = [" = ", expression(cx, decl.value)];
  const where: Doc = decl.where ? [" where ", expression(cx, decl.where)] : "";
  // The documentation of a param is the string behind it, or the `///` lines above, which are comments.
  const behind = cx.text.slice((decl.where ?? decl.value).span.end, decl.span.end);
  const doc: Doc = behind.includes('"') ? [cell("doc"), quote(decl.doc ?? "")] : "";
  return ["param ", decl.name.text, its, value, where, doc];
}

function body(cx: Context, decl: BodyDecl): Doc {
  const [first] = decl.body;
  const params = [...decl.parameters, ...decl.styles];
  const from = params.at(-1)?.span.end ?? decl.name.span.end;
  const inner = first?.span.start ?? decl.span.end;
  const bare = params.length === 0 && !cx.text.slice(decl.name.span.end, inner).trimStart().startsWith("(");
  const head: Doc = [
    decl.keyword,
    " ",
    decl.name.text,
    bare ? "" : signature(cx, decl.parameters, decl.styles, decl.name.span.end),
  ];
  if (decl.short && first?.kind === "return") return [head, " = ", expression(cx, first.value)];
  return [head, " ", block(cx, decl.body, (each) => statement(cx, each), from, decl.span.end)];
}

function variant(cx: Context, decl: Extract<Decl, { kind: "variant" }>): Doc {
  const items = decl.settings.map(({ path, value }): Item => {
    const name = path.map(({ text }) => text).join(".");
    const start = path[0]?.span.start ?? value.span.start;
    return { start, end: value.span.end, build: () => [name, " = ", expression(cx, value)] };
  });
  return ["variant ", decl.name.text, cell("{"), brackets(cx, "{ ", " }", items, decl.span.end)];
}
