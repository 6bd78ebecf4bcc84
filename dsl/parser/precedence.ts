// A chain of operands and operators, as it was read, becomes a tree by the table of precedence.
import type { IToken } from "chevrotain";
import type { Rule } from "../diagnostic";
import type { Span } from "../source";
import { syntaxRules } from "../syntax-rules";
import type { BinaryOp, Expr } from "../tree";

/** Loosest first. `not` stands between `and` and the comparisons, unary `-` between `*` and `^`. */
export const PRECEDENCE: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  and: 2,
  "==": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "..": 5,
  "+": 6,
  "-": 6,
  "*": 7,
  "/": 7,
  "%": 7,
  "^": 9,
};
export const PREFIX_PRECEDENCE: Readonly<Record<"not" | "-", number>> = { not: 3, "-": 8 };

const COMPARISON = PRECEDENCE["=="];
const RANGE = PRECEDENCE[".."];

/** An operand with the extent of its text, which includes parentheses that leave no node. */
interface Operand {
  readonly kind: "operand";
  readonly expr: Expr;
  readonly span: Span;
}
interface Sign {
  readonly kind: "prefix" | "binary";
  readonly token: IToken;
  readonly span: Span;
}
export type Link = Operand | Sign;
export type Complain = <V>(rule: Rule<V>, values: V, span: Span) => void;

export function resolveChain(links: readonly Link[], text: string, complain: Complain): Expr {
  return new Chain(links, text, complain).whole();
}

class Chain {
  private at = 0;

  constructor(
    private readonly links: readonly Link[],
    private readonly text: string,
    private readonly complain: Complain,
  ) {}

  /** Stages by `|>`, from the left; what stands between two `|>` is a plain operand, or an error. */
  whole(): Expr {
    const pipes = this.links.flatMap((link, i) => (isPipe(link) ? [i] : []));
    let left = this.piece(0, pipes[0] ?? this.links.length, pipes.length > 0 ? "left" : "alone");
    for (const [n, pipe] of pipes.entries()) {
      const right = this.piece(pipe + 1, pipes[n + 1] ?? this.links.length, "right");
      const span = { ...left.span, end: right.span.end };
      left = { kind: "operand", span, expr: { kind: "pipe", left: left.expr, right: right.expr, span } };
    }
    return left.expr;
  }

  private piece(start: number, end: number, side: "alone" | "left" | "right"): Operand {
    this.at = start;
    const operand = this.binary(0, end);
    const sign = this.links.slice(start, end).find((link): link is Sign => link.kind !== "operand");
    if (side !== "alone" && sign) this.beside(sign, start, end, side);
    return operand;
  }

  private beside(sign: Sign, start: number, end: number, side: "left" | "right"): void {
    const slice = (from: number, to: number): string => this.slice(from, to);
    const last = this.links.length;
    const fix =
      side === "left"
        ? `(${slice(start, end)}) |> ${this.shortened(slice(end + 1, last))}`
        : sign.kind === "prefix"
          ? `|> (${slice(start, end)})`
          : `(${this.shortened(slice(0, this.links.indexOf(sign)))}) ${slice(this.links.indexOf(sign), end)}`;
    this.complain(syntaxRules.operatorBesidePipe, { operator: sign.token.image, fix }, sign.span);
  }

  private slice(from: number, to: number): string {
    const [first, last] = [this.links[from], this.links[to - 1]];
    return first && last ? this.text.slice(first.span.start, last.span.end).replace(/\s+/g, " ") : "...";
  }

  private shortened(text: string): string {
    return text.length > 40 ? "..." : text;
  }

  private binary(loosest: number, end: number): Operand {
    let left = this.prefixed(loosest, end);
    let before: BinaryOp | undefined;
    for (;;) {
      const link = this.links[this.at];
      if (this.at >= end || link?.kind !== "binary") return left;
      const op = link.token.image as BinaryOp;
      const strength = PRECEDENCE[op];
      if (strength < loosest) return left;
      this.at++;
      // `^` groups to the right: its right side may hold another `^`.
      const right = this.binary(op === "^" ? strength : strength + 1, end);
      const chains = before !== undefined && PRECEDENCE[before] === strength;
      if (before && chains && (strength === COMPARISON || strength === RANGE)) {
        this.chained(before, op, left, right, link.span);
      }
      before = op;
      const span = { ...left.span, end: right.span.end };
      left = { kind: "operand", span, expr: { kind: "binary", op, left: left.expr, right: right.expr, span } };
    }
  }

  private prefixed(loosest: number, end: number): Operand {
    const link = this.links[this.at++];
    if (!link || link.kind === "binary") throw new Error("a chain alternates operands and operators");
    if (link.kind === "operand") return link;
    const op = link.token.image as "not" | "-";
    const strength = PREFIX_PRECEDENCE[op];
    // `2^-1` is clear and stands; `1 + not x` reads as if `not` were tight.
    const operand = this.binary(strength, end);
    const span = { ...link.span, end: operand.span.end };
    if (op === "not" && loosest > strength) {
      const fix = `(${this.text.slice(span.start, span.end).replace(/\s+/g, " ")})`;
      this.complain(syntaxRules.needsParentheses, { what: "`not` after an operator", fix }, link.span);
    }
    return { kind: "operand", span, expr: { kind: "unary", op, operand: operand.expr, span } };
  }

  private chained(first: string, second: string, left: Operand, right: Operand, at: Span): void {
    const text = (span: Span): string => this.text.slice(span.start, span.end).replace(/\s+/g, " ");
    const middle = left.expr.kind === "binary" ? text(left.expr.right.span) : text(left.span);
    const fix =
      first === ".."
        ? `(${text(left.span)}) ${second} ${text(right.span)}`
        : `${text(left.span)} and ${middle} ${second} ${text(right.span)}`;
    this.complain(syntaxRules.chainedComparison, { first, second, fix }, at);
  }
}

function isPipe(link: Link): boolean {
  return link.kind === "binary" && link.token.image === "|>";
}
