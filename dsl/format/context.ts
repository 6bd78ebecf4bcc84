// Comments on their way back into the text. They are taken in the order of the text while the layout is made, so each
// lands at the first place that can hold it, and none is lost.
import { type Comment, startsLine } from "../comments";
import type { Span } from "../source";
import { type Doc, blank, hardline, suffix } from "./doc";

export class Context {
  private next = 0;

  constructor(
    readonly text: string,
    private readonly comments: readonly Comment[],
  ) {}

  /** Comments that begin before `offset` and were not taken yet. */
  before(offset: number): Comment[] {
    const from = this.next;
    while ((this.comments[this.next]?.start ?? Infinity) < offset) this.next++;
    return this.comments.slice(from, this.next);
  }

  hasBefore(offset: number): boolean {
    return (this.comments[this.next]?.start ?? Infinity) < offset;
  }

  /** The comment that stands behind `end` on the same line, with nothing but such signs between. */
  trailing(end: number, between = /^[ \t,;]*$/): string | undefined {
    const comment = this.comments[this.next];
    if (!comment || comment.start < end || !between.test(this.text.slice(end, comment.start))) return undefined;
    this.next++;
    return comment.text;
  }

  /** The comment behind an opening bracket, before the first thing inside, which begins at `first`. */
  afterOpening(first: number): Doc {
    const comment = this.comments[this.next];
    if (!comment || comment.start >= first || startsLine(this.text, comment.start)) return "";
    this.next++;
    return suffix(comment.text, true);
  }

  /** A piece of text with its comments: those above it, those inside that found no nearer place, the one behind it. */
  anchor(span: Pick<Span, "start" | "end">, build: () => Doc, inList = true): Doc {
    const above = this.ownLines(this.before(span.start), span.start);
    const doc = build();
    const inside = this.before(span.end).map((comment): Doc => [comment.text, hardline]);
    const behind = this.trailing(span.end);
    return [above, inside, doc, behind === undefined ? "" : suffix(behind, inList)];
  }

  /** Comments on lines of their own; empty lines between them, and before `offset`, are kept. */
  ownLines(comments: readonly Comment[], offset: number): Doc {
    return comments.map((comment, i): Doc => {
      const below = comments[i + 1]?.start ?? offset;
      return [comment.text, this.gap(comment.end, below), hardline];
    });
  }

  /** An empty line, if the author left one or more between two places. */
  gap(end: number, start: number): Doc {
    return /\n[^\S\n]*\n/.test(this.text.slice(end, start)) ? blank : "";
  }

  /** Where the comments before `offset` that were not taken yet begin, or `offset` itself. */
  startWithComments(offset: number): number {
    return Math.min(this.comments[this.next]?.start ?? offset, offset);
  }

  hasNewline(start: number, end: number): boolean {
    return this.text
      .slice(start, end)
      .replace(/\/\/[^\n]*/g, "")
      .includes("\n");
  }

  /** The offset behind the next `sign` outside of comments, from `start` on. */
  behind(sign: string, start: number): number {
    for (let at = start; at < this.text.length; at++) {
      if (this.text.startsWith("//", at)) at = this.text.indexOf("\n", at);
      if (at < 0) break;
      if (this.text[at] === sign) return at + 1;
    }
    return this.text.length;
  }
}
