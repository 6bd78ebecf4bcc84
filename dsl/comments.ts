// Comments are no part of the tree: the parser takes documentation from them, the formatter puts them back.
import type { IToken } from "chevrotain";

export interface Comment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function commentsOf(tokens: readonly IToken[]): Comment[] {
  return tokens.map(({ startOffset, image }) => {
    return { start: startOffset, end: startOffset + image.length, text: image.trimEnd() };
  });
}

/** `///` but not `////`. */
function isDoc(comment: Comment): boolean {
  return /^\/\/\/(?!\/)/.test(comment.text);
}

/** Finds the text of the `///` lines that stand right above a place, each on its own line, without an empty line between. */
export function docsAbove(text: string, comments: readonly Comment[]): (offset: number) => string | undefined {
  return (offset) => {
    const lines: string[] = [];
    let below = offset;
    for (let i = lastBefore(comments, offset); i >= 0; i--) {
      const comment = comments[i];
      if (!comment || !isDoc(comment) || !startsLine(text, comment.start)) break;
      if (!/^[^\S\n]*\n[^\S\n]*$/.test(text.slice(comment.end, below).replace(/\r/g, ""))) break;
      lines.unshift(comment.text.slice(3).replace(/^ /, ""));
      below = comment.start;
    }
    return lines.length > 0 ? lines.join("\n") : undefined;
  };
}

export function startsLine(text: string, offset: number): boolean {
  return text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset).trim() === "";
}

function lastBefore(comments: readonly Comment[], offset: number): number {
  let [low, high] = [0, comments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((comments[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
