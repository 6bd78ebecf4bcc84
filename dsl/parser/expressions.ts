// Expressions. A chain of operators is read flat and resolved by precedence.ts, so that the parser's stack stays short.
import * as T from "../tokens";
import type { Expr } from "../tree";
import { AtomParser } from "./atoms";
import type { Rule } from "./base";
import { resolveChain, type Link } from "./precedence";

const { W } = T;

export abstract class ExpressionParser extends AtomParser {
  readonly expression: Rule<Expr> = this.RULE(
    "expression",
    (): Expr => {
      const links: Link[] = [];
      this.MANY1(() => links.push(this.SUBRULE1(this.prefix)));
      links.push(this.SUBRULE1(this.operand));
      this.MANY2(() => {
        const token = this.CONSUME(T.BinaryOperator);
        links.push({ kind: "binary", token, span: this.spanOf(token) });
        this.MANY3(() => links.push(this.SUBRULE2(this.prefix)));
        links.push(this.SUBRULE2(this.operand));
      });
      return this.ACTION(() =>
        resolveChain(links, this.source.text, (rule, values, span) => this.complain(rule, values, span)),
      );
    },
    { recoveryValueFunc: this.hole },
  );

  readonly prefix: Rule<Link> = this.RULE(
    "prefix",
    (): Link => {
      const token = this.OR([{ ALT: () => this.CONSUME(T.Minus) }, { ALT: () => this.CONSUME(W("not")) }]);
      return { kind: "prefix", token, span: this.spanOf(token) };
    },
    { resyncEnabled: false },
  );

  readonly operand: Rule<Link> = this.RULE(
    "operand",
    (): Link => {
      const first = this.LA(1);
      const expr = this.SUBRULE(this.postfix);
      return { kind: "operand", expr, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly postfix: Rule<Expr> = this.RULE(
    "postfix",
    (): Expr => {
      const first = this.LA(1);
      let object = this.SUBRULE(this.atom);
      this.MANY(() => {
        this.OR([
          {
            ALT: () => {
              this.CONSUME(T.Dot);
              const field = this.ident(this.CONSUME(T.Name));
              object = { kind: "field", object, field, span: this.spanFrom(first) };
            },
          },
          {
            ALT: () => {
              const args = this.SUBRULE(this.args);
              object = { kind: "call", callee: object, args, span: this.spanFrom(first) };
            },
          },
          {
            ALT: () => {
              const entries = this.SUBRULE(this.indices);
              object = { kind: "index", object, entries, span: this.spanFrom(first) };
            },
          },
        ]);
      });
      return object;
    },
    { recoveryValueFunc: this.hole },
  );
}
