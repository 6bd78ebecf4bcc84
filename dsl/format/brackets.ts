// Items between brackets: on one line if the author kept them there and they fit, else one a line with a last comma.
import type { Context } from "./context";
import { brokenGroup, type Doc, group, hardline, ifBroken, indent, line, softline } from "./doc";

export interface Item {
  readonly start: number;
  readonly end: number;
  readonly build: () => Doc;
}

/** `end` is the offset behind the closing bracket. A space in `open` and `close` is one that a line break replaces. */
export function brackets(cx: Context, open: string, close: string, items: readonly Item[], end: number): Doc {
  const [first] = items;
  const [left, right] = [open.trim(), close.trim()];
  if (!first) {
    const inside = cx.before(end);
    if (inside.length === 0) return left + right;
    return brokenGroup(left, indent(inside.map((comment): Doc => [hardline, comment.text])), hardline, right);
  }
  const edge = open.endsWith(" ") ? line : softline;
  // The author's breaks count between the bracket and the items, and between items.
  const opened = cx.text.lastIndexOf(left, first.start - 1);
  const starts = [opened, ...items.map((item) => item.end)];
  const apart = items.some((item, i) => cx.hasNewline(starts[i] ?? 0, item.start));
  const comment = cx.afterOpening(first.start);
  const inner = items.map((item, i): Doc => {
    const doc = cx.anchor(item, item.build);
    return i === items.length - 1 ? doc : [doc, ",", line];
  });
  const last = cx.before(end).map((each): Doc => [hardline, each.text]);
  const doc: Doc = [left, comment, indent(edge, inner, ifBroken(","), last), edge, right];
  return apart ? brokenGroup(doc) : group(doc);
}
