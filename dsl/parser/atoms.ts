// Operands that are whole in themselves: names, literals, `if`, `repeat`, `sample`.
import type { IToken } from "chevrotain";
import { syntaxRules } from "../syntax-rules";
import * as T from "../tokens";
import type { Expr, Ident } from "../tree";
import type { Rule } from "./base";
import { CollectionParser } from "./collections";
import { unquote } from "./strings";

const { W } = T;

export abstract class AtomParser extends CollectionParser {
  abstract readonly postfix: Rule<Expr>;

  readonly atom: Rule<Expr> = this.RULE(
    "atom",
    (): Expr => {
      const first = this.LA(1);
      return this.OR([
        { ALT: () => this.SUBRULE(this.named) },
        { ALT: () => this.number(this.CONSUME(T.NumberLiteral)) },
        { ALT: () => this.percentage(this.CONSUME(T.Percent)) },
        { ALT: () => this.string(this.CONSUME(T.StringLiteral)) },
        { ALT: () => this.bool(this.CONSUME(W("true")), true) },
        { ALT: () => this.bool(this.CONSUME(W("false")), false) },
        { ALT: (): Expr => ({ kind: "none", span: this.spanOf(this.CONSUME(W("none"))) }) },
        { ALT: () => this.SUBRULE(this.parentheses) },
        { ALT: () => this.SUBRULE(this.brackets) },
        { ALT: (): Expr => ({ kind: "record", fields: this.SUBRULE(this.record), span: this.spanFrom(first) }) },
        { ALT: () => this.SUBRULE(this.conditional) },
        { ALT: () => this.SUBRULE(this.repetition) },
        { ALT: () => this.SUBRULE(this.draw) },
      ]);
    },
    { recoveryValueFunc: this.hole },
  );

  /** A name, or `x => e`. */
  readonly named: Rule<Expr> = this.RULE(
    "named",
    (): Expr => {
      const before = this.LA(0);
      const first = this.CONSUME(T.Name);
      let expr: Expr = { kind: "name", name: first.image, span: this.spanOf(first) };
      this.OPTION(() => {
        const arrow = this.CONSUME(T.Arrow);
        const body = this.SUBRULE(this.expression);
        const operator = before.tokenType?.CATEGORIES?.includes(T.BinaryOperator) || before.tokenType === W("not");
        if (operator) this.lambdaAfterOperator(first, arrow);
        expr = { kind: "lambda", parameter: this.ident(first), body, span: this.spanFrom(first) };
      });
      return expr;
    },
    { recoveryValueFunc: this.hole },
  );

  readonly conditional: Rule<Expr> = this.RULE(
    "conditional",
    (): Expr => {
      const first = this.CONSUME(W("if"));
      const condition = this.SUBRULE(this.expression);
      const then = this.SUBRULE1(this.braced);
      let otherwise: Expr | undefined;
      this.OPTION(() => {
        this.CONSUME(W("else"));
        otherwise = this.OR([{ ALT: () => this.SUBRULE(this.conditional) }, { ALT: () => this.SUBRULE2(this.braced) }]);
      });
      const span = this.spanFrom(first);
      return otherwise ? { kind: "if", condition, then, otherwise, span } : { kind: "if", condition, then, span };
    },
    { recoveryValueFunc: this.hole },
  );

  /** `repeat(n as i) { e }`. */
  readonly repetition: Rule<Expr> = this.RULE(
    "repetition",
    (): Expr => {
      const first = this.CONSUME(W("repeat"));
      this.CONSUME(T.LParen);
      const count = this.SUBRULE(this.expression);
      let index: Ident | undefined;
      this.OPTION(() => {
        this.CONSUME(W("as"));
        index = this.ident(this.CONSUME(T.Name));
      });
      this.CONSUME(T.RParen);
      const body = this.SUBRULE(this.braced);
      const span = this.spanFrom(first);
      return index ? { kind: "repeat", count, index, body, span } : { kind: "repeat", count, body, span };
    },
    { recoveryValueFunc: this.hole },
  );

  readonly braced: Rule<Expr> = this.RULE(
    "braced",
    (): Expr => {
      this.CONSUME(T.LCurly);
      const body = this.SUBRULE(this.expression);
      this.CONSUME(T.RCurly);
      return body;
    },
    { recoveryValueFunc: this.hole },
  );

  /** `sample normal like y while training`. */
  readonly draw: Rule<Expr> = this.RULE(
    "draw",
    (): Expr => {
      const first = this.CONSUME(W("sample"));
      const distribution = this.SUBRULE1(this.postfix);
      let like: Expr | undefined;
      this.OPTION1(() => {
        this.CONSUME(W("like"));
        like = this.SUBRULE2(this.postfix);
      });
      let training = false;
      this.OPTION2(() => {
        this.CONSUME(W("while"));
        this.CONSUME(W("training"));
        training = true;
      });
      const span = this.spanFrom(first);
      return like
        ? { kind: "sample", distribution, like, training, span }
        : { kind: "sample", distribution, training, span };
    },
    { recoveryValueFunc: this.hole },
  );

  private number(token: IToken): Expr {
    const span = this.spanOf(token);
    const value = Number(token.image.replaceAll("_", ""));
    if (!Number.isFinite(value)) this.complain(syntaxRules.numberTooLarge, { text: token.image }, span);
    return { kind: "number", value, text: token.image, span };
  }

  private percentage(token: IToken): Expr {
    const span = this.spanOf(token);
    this.complain(syntaxRules.misplacedPercent, { text: token.image }, span);
    return { kind: "number", value: Number.parseFloat(token.image.replaceAll("_", "")) / 100, text: token.image, span };
  }

  private string(token: IToken): Expr {
    return { kind: "string", value: unquote(token.image), span: this.spanOf(token) };
  }

  private bool(token: IToken, value: boolean): Expr {
    return { kind: "bool", value, span: this.spanOf(token) };
  }

  private lambdaAfterOperator(parameter: IToken, arrow: IToken): void {
    if (this.RECORDING_PHASE) return;
    const { text } = this.source;
    const body = text
      .slice(arrow.startOffset + 2, this.spanFrom(arrow).end)
      .trim()
      .replace(/\s+/g, " ");
    const fix = `(${parameter.image} => ${body.length > 60 ? "..." : body})`;
    this.complain(syntaxRules.needsParentheses, { what: "a function after an operator", fix }, this.spanOf(parameter));
  }
}
