// Layout of expressions.
import { PRECEDENCE, PREFIX_PRECEDENCE } from "../parser/precedence";
import { quote } from "../parser/strings";
import type { Arg, BinaryOp, Expr, ForClause } from "../tree";
import { brackets, type Item } from "./brackets";
import type { Context } from "./context";
import { brokenGroup, type Doc, group, hardline, indent, line, separate, suffix } from "./doc";

type Of<K extends Expr["kind"]> = Extract<Expr, { kind: K }>;

export function expression(cx: Context, e: Expr): Doc {
  switch (e.kind) {
    case "number":
      return e.text;
    case "string":
      return quote(e.value);
    case "bool":
      return String(e.value);
    case "none":
      return "none";
    case "name":
      return e.name;
    case "field":
      return [postfix(cx, e.object), ".", e.field.text];
    case "call":
      return [postfix(cx, e.callee), args(cx, e.args, e.span.end)];
    case "index":
      return [
        postfix(cx, e.object),
        brackets(
          cx,
          "[",
          "]",
          e.entries.map((entry): Item => {
            const { axis, index } = entry;
            return {
              start: (axis ?? index).span.start,
              end: index.span.end,
              build: () => named(cx, axis?.text, index),
            };
          }),
          e.span.end,
        ),
      ];
    case "binary":
      return binary(cx, e);
    case "unary":
      return unary(cx, e);
    case "pipe":
      return pipeline(cx, e);
    case "lambda":
      return [e.parameter.text, " => ", expression(cx, e.body)];
    case "if":
      return conditional(cx, e);
    case "repeat":
      return repeat(cx, e);
    case "record":
      return brackets(
        cx,
        "{ ",
        " }",
        e.fields.map(({ name, value }): Item => {
          const build = (): Doc => (value ? named(cx, name.text, value) : name.text);
          return { start: name.span.start, end: (value ?? name).span.end, build };
        }),
        e.span.end,
      );
    case "list":
      return brackets(
        cx,
        "[",
        "]",
        e.items.map((item) => whole(cx, item)),
        e.span.end,
      );
    case "tuple":
      return brackets(
        cx,
        "(",
        ")",
        e.items.map((item) => whole(cx, item)),
        e.span.end,
      );
    case "axes":
      return axes(cx, e.entries, e.span.end);
    case "comprehension": {
      const inner: Doc = ["for ", clauses(cx, e.clauses), ":", indent(line, expression(cx, e.body))];
      return e.form === "list" ? group("[", inner, "]") : group(inner);
    }
    case "sample":
      return draw(cx, e);
  }
}

export function axes(cx: Context, entries: Of<"axes">["entries"], end: number): Doc {
  return brackets(
    cx,
    "[",
    "]",
    entries.map(({ axis, dim }): Item => {
      return { start: axis.span.start, end: dim.span.end, build: () => named(cx, axis.text, dim) };
    }),
    end,
  );
}

export function clauses(cx: Context, all: readonly ForClause[]): Doc {
  const each = all.map(({ names, source }): Doc => {
    const texts = names.map(({ text }) => text).join(", ");
    return [names.length === 1 ? texts : `(${texts})`, " in ", expression(cx, source)];
  });
  return separate(each, ", ");
}

/** A value behind which `while training` follows: a draw at its end must not take these words for its own. */
export function beforeTraining(cx: Context, e: Expr): Doc {
  return endsWithDraw(e) ? parenthesized(cx, e) : expression(cx, e);
}

function endsWithDraw(e: Expr): boolean {
  if (e.kind === "sample") return true;
  if (e.kind === "binary") return endsWithDraw(e.right);
  if (e.kind === "unary") return endsWithDraw(e.operand);
  return e.kind === "lambda" && endsWithDraw(e.body);
}

function args(cx: Context, all: readonly Arg[], end: number): Doc {
  // A lone record or list keeps its brackets at those of the call.
  const [only] = all;
  const hug = all.length === 1 && only && !only.name && (only.value.kind === "record" || only.value.kind === "list");
  if (hug && !cx.hasBefore(only.span.start)) return ["(", expression(cx, only.value), ")"];
  const items = all.map(({ name, value, span }): Item => ({ ...span, build: () => named(cx, name?.text, value) }));
  return brackets(cx, "(", ")", items, end);
}

function whole(cx: Context, e: Expr): Item {
  return { start: e.span.start, end: e.span.end, build: () => expression(cx, e) };
}

function named(cx: Context, name: string | undefined, value: Expr): Doc {
  return name === undefined ? expression(cx, value) : [name, ": ", expression(cx, value)];
}

export function parenthesized(cx: Context, e: Expr): Doc {
  return ["(", expression(cx, e), ")"];
}

/** What may stand before `.`, `(` and `[`. */
function postfix(cx: Context, e: Expr): Doc {
  return isPostfix(e) ? expression(cx, e) : parenthesized(cx, e);
}

function isPostfix(e: Expr): boolean {
  return !["binary", "unary", "pipe", "lambda", "if", "repeat", "sample"].includes(e.kind);
}

/** What a stage or the head of a pipeline may be without parentheses. */
function stage(cx: Context, e: Expr): Doc {
  return isPostfix(e) || e.kind === "repeat" ? expression(cx, e) : parenthesized(cx, e);
}

// ---------------------------------------------------------------- operators

function strengthOf(e: Expr): number {
  if (e.kind === "binary") return PRECEDENCE[e.op];
  if (e.kind === "unary") return PREFIX_PRECEDENCE[e.op];
  if (e.kind === "pipe" || e.kind === "lambda" || e.kind === "if" || e.kind === "repeat") return 0;
  return Infinity;
}

/** True where the operand `e` of `op` needs parentheses, to be read back as it is or to be read at all. */
function needsParentheses(e: Expr, op: BinaryOp, side: "left" | "right"): boolean {
  const own = PRECEDENCE[op];
  const its = strengthOf(e);
  if (e.kind === "sample") return side === "left";
  if (e.kind === "unary" && e.op === "-" && side === "right") return own > PREFIX_PRECEDENCE["-"] && op !== "^";
  if (op === ".." && e.kind === "binary") return true;
  if (own === PRECEDENCE["=="]) return its <= own;
  if (op === "^") return side === "left" ? its <= own : its < own;
  return side === "left" ? its < own : its <= own;
}

function operand(cx: Context, e: Expr, op: BinaryOp, side: "left" | "right"): Doc {
  return needsParentheses(e, op, side) ? parenthesized(cx, e) : expression(cx, e);
}

function binary(cx: Context, e: Of<"binary">): Doc {
  if (e.op === "^" || e.op === "..") {
    return [operand(cx, e.left, e.op, "left"), e.op, operand(cx, e.right, e.op, "right")];
  }
  // a + b - c is one run: it breaks before every operator or before none.
  const strength = PRECEDENCE[e.op];
  const run: Of<"binary">[] = [];
  let first: Expr = e;
  while (
    first.kind === "binary" &&
    PRECEDENCE[first.op] === strength &&
    (run.length === 0 || strength !== PRECEDENCE["=="])
  ) {
    run.unshift(first);
    first = first.left;
  }
  const head = operand(cx, first, run[0]?.op ?? e.op, "left");
  // `x + (x` and the stages below it: the lines break in the parentheses, not before them.
  if (run.length === 1 && e.right.kind === "pipe" && ["name", "field", "number"].includes(first.kind)) {
    return [head, " ", e.op, " ", operand(cx, e.right, e.op, "right")];
  }
  return group(
    head,
    run.map(({ op, right }): Doc => indent(line, op, " ", operand(cx, right, op, "right"))),
  );
}

function unary(cx: Context, { op, operand: inner }: Of<"unary">): Doc {
  const sign = op === "not" ? "not " : "-";
  const loose = strengthOf(inner) < PREFIX_PRECEDENCE[op] || inner.kind === "unary" || inner.kind === "sample";
  return [sign, loose ? parenthesized(cx, inner) : expression(cx, inner)];
}

// ---------------------------------------------------------------- pipelines

/** Stages that the author put on one line stay there while they fit; each other stage begins a line. */
function pipeline(cx: Context, e: Of<"pipe">): Doc {
  const stages: Expr[] = [];
  let head: Expr = e;
  while (head.kind === "pipe") {
    stages.unshift(head.right);
    head = head.left;
  }
  const rows: { lead: Doc; stages: Doc[] }[] = [{ lead: "", stages: [[stage(cx, head), behind(cx, head.span.end)]] }];
  let end = head.span.end;
  for (const each of stages) {
    const breaksHere = cx.hasNewline(end, each.span.start);
    const above = cx.ownLines(cx.before(each.span.start), each.span.start);
    const doc: Doc = ["|> ", stage(cx, each), behind(cx, each.span.end)];
    if (breaksHere) rows.push({ lead: above, stages: [doc] });
    else rows.at(-1)?.stages.push([above, doc]);
    end = each.span.end;
  }
  const [first, ...others] = rows.map(({ lead, stages: row }): Doc => [lead, group(separate(row, line))]);
  return indent(
    first ?? "",
    others.map((row): Doc => [hardline, row]),
  );
}

function behind(cx: Context, end: number): Doc {
  const comment = cx.trailing(end, /^[ \t,;)]*$/);
  return comment === undefined ? "" : suffix(comment, false);
}

// ---------------------------------------------------------------- words

/** `{ e }`; the parameter of a function stays at the brace. The group around it says whether its lines break. */
function braced(cx: Context, e: Expr): Doc {
  const first = inBraces(e);
  const opening: Doc = e.kind === "lambda" ? ["{ ", e.parameter.text, " =>"] : "{";
  const comment = cx.afterOpening(first.span.start);
  const body = cx.anchor(first.span, () => expression(cx, first));
  return [opening, comment, indent(line, body), line, "}"];
}

function inBraces(e: Expr): Expr {
  return e.kind === "lambda" ? e.body : e;
}

/** The braces of a chain of conditions break together. */
function conditional(cx: Context, e: Of<"if">): Doc {
  const branches = (each: Of<"if">): Doc => {
    const head: Doc = ["if ", expression(cx, each.condition), " ", braced(cx, each.then)];
    if (!each.otherwise) return head;
    return [head, " else ", each.otherwise.kind === "if" ? branches(each.otherwise) : braced(cx, each.otherwise)];
  };
  const apart = cx.hasNewline(e.condition.span.end, inBraces(e.then).span.start);
  return apart ? brokenGroup(branches(e)) : group(branches(e));
}

function repeat(cx: Context, e: Of<"repeat">): Doc {
  const head: Doc = ["repeat(", expression(cx, e.count), e.index ? ` as ${e.index.text}` : "", ") "];
  const body = braced(cx, e.body);
  const start = (e.index ?? e.count).span.end;
  return cx.hasNewline(start, inBraces(e.body).span.start) ? brokenGroup(head, body) : group(head, body);
}

function draw(cx: Context, e: Of<"sample">): Doc {
  const like: Doc = e.like ? [" like ", postfix(cx, e.like)] : "";
  return ["sample ", postfix(cx, e.distribution), like, e.training ? " while training" : ""];
}
