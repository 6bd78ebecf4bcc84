// text → tree. Never throws for a text; what is wrong with it comes back as diagnostics, all of them in one run.
import type { Diagnostic } from "./diagnostic";
import { commentsOf, docsAbove } from "./comments";
import { lazily } from "./parser/lazily";
import { lex } from "./parser/lex";
import { describeErrors } from "./parser/errors";
import { GanParser } from "./parser/declarations";
import { checkTree } from "./parser/after";
import type { File } from "./tree";

export interface Parsed {
  readonly file: File;
  readonly diagnostics: Diagnostic[];
}

// The tables of the grammar never change: they are made at the first call and kept.
const parser = lazily(() => new GanParser());

export function parse(path: string, text: string): Parsed {
  const { tokens, comments, diagnostics } = lex(path, text);
  if (diagnostics.some(({ name }) => name === "nested-too-deep")) {
    return { file: { path, text, decls: [] }, diagnostics: sorted(diagnostics) };
  }
  const gan = parser();
  gan.begin({ path, text, docAbove: docsAbove(text, commentsOf(comments)) }, tokens);
  const decls = gan.file() ?? [];
  const file: File = { path, text, decls };
  const errors = describeErrors(file, tokens, gan.errors, diagnostics);
  return { file, diagnostics: sorted([...diagnostics, ...gan.complaints, ...errors, ...checkTree(file)]) };
}

function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0));
}
