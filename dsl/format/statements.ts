// Layout of statements and of the train block's items.
import type { Span } from "../source";
import type { Amount, Expr, Ident, SchedulePiece, Statement, TrainItem } from "../tree";
import type { Context } from "./context";
import { cell, type Doc, group, hardline, indent, line, separate } from "./doc";
import { beforeTraining, clauses, expression } from "./expressions";
import { type } from "./types";

/** Things with spans, one a line; the author's empty lines stay, but no more than one. */
export function rows<T extends { readonly span: Span }>(cx: Context, all: readonly T[], print: (each: T) => Doc): Doc {
  return all.map((each, i): Doc => {
    const before = all[i - 1];
    const gap = before ? cx.gap(before.span.end, cx.startWithComments(each.span.start)) : "";
    return [before ? [gap, hardline] : "", cx.anchor(each.span, () => print(each), false)];
  });
}

/** `{ ... }` with things a line each; `end` is the offset behind the closing brace. */
export function block<T extends { readonly span: Span }>(
  cx: Context,
  all: readonly T[],
  print: (each: T) => Doc,
  start: number,
  end: number,
): Doc {
  const [first] = all;
  const opening = cx.afterOpening(first?.span.start ?? end);
  const inLine = all.length <= 1 && !cx.hasBefore(end) && !cx.hasNewline(start, end);
  if (inLine && first) return group("{", opening, indent(line, print(first)), line, "}");
  const body = rows(cx, all, print);
  const last = all.at(-1)?.span.end ?? start;
  const gap = all.length > 0 ? cx.gap(last, cx.startWithComments(end)) : "";
  const comments = cx.before(end);
  if (all.length === 0 && comments.length === 0) return ["{", opening, opening === "" ? "" : hardline, "}"];
  const rest = comments.map((comment, i): Doc => {
    const before = comments[i - 1];
    return [before ? cx.gap(before.end, comment.start) : gap, hardline, comment.text];
  });
  return ["{", opening, indent(all.length > 0 ? hardline : "", body, rest), hardline, "}"];
}

export function statement(cx: Context, s: Statement): Doc {
  switch (s.kind) {
    case "let":
      return ["let ", s.name.text, " = ", expression(cx, s.value)];
    case "return":
      return ["return ", expression(cx, s.value)];
    case "learn": {
      const init: Doc = s.init ? [" = ", expression(cx, s.init)] : "";
      const within: Doc = s.within
        ? [" within [", expression(cx, s.within[0]), ", ", expression(cx, s.within[1]), "]"]
        : "";
      return ["learn ", s.name.text, ": ", type(cx, s.type), init, within];
    }
    case "state":
      return ["state ", s.name.text, ": ", type(cx, s.type), " = ", expression(cx, s.init)];
    case "next":
      if (!s.training) return ["next ", s.name.text, " = ", expression(cx, s.value)];
      return ["next ", s.name.text, " = ", beforeTraining(cx, s.value), " while training"];
    case "for": {
      const head: Doc = ["for ", clauses(cx, s.clauses), " "];
      const from = s.clauses.at(-1)?.span.end ?? s.span.start;
      return [head, block(cx, s.body, (each) => statement(cx, each), from, s.span.end)];
    }
    case "sample":
      return ["sample ", names(s.names), ": ", type(cx, s.type), " = ", expression(cx, s.distribution)];
    case "term":
      return ["loss ", s.name.text, cell("+="), "+= ", expression(cx, s.value)];
  }
}

export function trainItem(cx: Context, item: TrainItem): Doc {
  switch (item.kind) {
    case "let":
    case "sample":
      return statement(cx, item);
    case "data": {
      const pipeline: Doc = item.pipeline ? [" = ", expression(cx, item.pipeline)] : "";
      return ["data ", names(item.names), ": ", type(cx, item.type), pipeline];
    }
    case "net": {
      const init: Doc = item.init ? [cell("init"), "init ", expression(cx, item.init)] : "";
      return ["net ", names(item.names), ": ", expression(cx, item.value), init];
    }
    case "phase": {
      const trains = all(cx, item.trains);
      const except: Doc = item.except.length > 0 ? [" except ", all(cx, item.except)] : "";
      const when: Doc = item.when ? [" when ", expression(cx, item.when)] : "";
      const from = (item.when ?? item.except.at(-1) ?? item.trains.at(-1))?.span.end ?? item.span.start;
      const body = block(cx, item.body, (each) => statement(cx, each), from, item.span.end);
      return ["phase ", item.name.text, " trains ", trains, except, when, " ", body];
    }
    case "optimizer":
      return ["optimizer ", names(item.targets), " = ", expression(cx, item.value)];
    case "schedule":
      return [
        "schedule ",
        item.setting.text,
        " = ",
        separate(
          item.pieces.map((each) => piece(cx, each)),
          ", then ",
        ),
        item.held ? [", held for ", amount(cx, item.held)] : "",
      ];
    case "batch":
      return ["batch ", expression(cx, item.value)];
    case "length":
      return ["length ", amount(cx, item.amount)];
  }
}

function piece(cx: Context, p: SchedulePiece): Doc {
  switch (p.kind) {
    case "constant":
      return p.for ? ["constant for ", amount(cx, p.for)] : "constant";
    case "linear":
      return ["linear to ", expression(cx, p.to), p.over ? [" over ", amount(cx, p.over)] : ""];
    case "times":
      return ["times ", expression(cx, p.factor), " every ", amount(cx, p.every)];
  }
}

function amount(cx: Context, { value, unit }: Amount): Doc {
  return unit === "percent" ? [expression(cx, value), "%"] : [expression(cx, value), " ", unit];
}

function all(cx: Context, each: readonly Expr[]): Doc {
  return separate(
    each.map((e) => expression(cx, e)),
    ", ",
  );
}

export function names(each: readonly Ident[]): string {
  return each.map(({ text }) => text).join(", ");
}
