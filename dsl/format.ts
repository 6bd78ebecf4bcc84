// The one canonical form of a text. A text with errors of form stays as it is.
import { commentsOf } from "./comments";
import type { Diagnostic } from "./diagnostic";
import { aligned } from "./format/align";
import { Context } from "./format/context";
import { declaration } from "./format/declarations";
import { type Doc, hardline } from "./format/doc";
import { layout } from "./format/layout";
import { rows } from "./format/statements";
import { parse } from "./parse";
import { lex } from "./parser/lex";

const WIDTH = 120;
/** A comment at an odd place may need a second step until it rests; so does a line that a first step made shorter. */
const MOST_STEPS = 5;

export function format(text: string, path: string): { text: string; diagnostics: Diagnostic[] } {
  let before = text;
  for (let n = 0; n < MOST_STEPS; n++) {
    const step = formatOnce(before, path);
    if (step.diagnostics.length > 0 || step.text === before) return step;
    before = step.text;
  }
  return { text: before, diagnostics: [] };
}

function formatOnce(text: string, path: string): { text: string; diagnostics: Diagnostic[] } {
  const { file, diagnostics } = parse(path, text);
  if (diagnostics.some(({ severity }) => severity === "error")) return { text, diagnostics };
  const cx = new Context(text, commentsOf(lex(path, text).comments));
  const body = rows(cx, file.decls, (decl) => declaration(cx, decl));
  const end = file.decls.at(-1)?.span.end ?? 0;
  const gap = file.decls.length > 0 ? cx.gap(end, cx.startWithComments(text.length)) : "";
  const rest = cx.before(Infinity).map((comment, i, all): Doc => {
    const before = all[i - 1];
    const above = before ? cx.gap(before.end, comment.start) : gap;
    return [before || file.decls.length > 0 ? [above, hardline] : "", comment.text];
  });
  const out = aligned(layout([body, rest], WIDTH));
  return { text: out === "" ? "" : `${out}\n`, diagnostics };
}
