// A layout's text as lines: what follows a # is a comment, empty lines say nothing.

export interface TextLine {
  /** From 1. */
  readonly number: number;
  readonly indented: boolean;
  /** Without indentation and comment. */
  readonly text: string;
  readonly first: string;
  /** What follows the first word. */
  readonly rest: string;
  readonly words: readonly string[];
}

export function linesOf(text: string): TextLine[] {
  return text.split(/\r?\n/).flatMap((line, i): TextLine[] => {
    const bare = line.replace(/(^|\s)#.*$/, "").trimEnd();
    const trimmed = bare.trim();
    if (trimmed === "") return [];
    const [first = "", ...words] = trimmed.split(/\s+/);
    return [{ number: i + 1, indented: /^\s/.test(bare), text: trimmed, first, rest: trimmed.slice(first.length).trim(), words }];
  });
}
