// Statements of bodies and phases. Each begins with a word, so newlines mean nothing.
import * as T from "../tokens";
import type { Expr, Ident, Statement } from "../tree";
import type { Rule } from "./base";
import { TypeParser } from "./types";

const { W } = T;
type Of<K extends Statement["kind"]> = Extract<Statement, { kind: K }>;

export abstract class StatementParser extends TypeParser {
  readonly block: Rule<Statement[]> = this.RULE(
    "block",
    (): Statement[] => {
      const statements: Statement[] = [];
      this.CONSUME(T.LCurly);
      this.MANY({
        GATE: () => this.patient,
        DEF: () => {
          const statement = this.SUBRULE(this.statement);
          if (statement) statements.push(statement);
        },
      });
      this.CONSUME(T.RCurly);
      return statements;
    },
    { recoveryValueFunc: () => [] },
  );

  /** A statement that could not be read is left out. */
  readonly statement: Rule<Statement | undefined> = this.RULE("statement", (): Statement | undefined =>
    this.OR<Statement>([
      { ALT: () => this.SUBRULE(this.letStatement) },
      { ALT: () => this.SUBRULE(this.returnStatement) },
      { ALT: () => this.SUBRULE(this.learnStatement) },
      { ALT: () => this.SUBRULE(this.stateStatement) },
      { ALT: () => this.SUBRULE(this.nextStatement) },
      { ALT: () => this.SUBRULE(this.forStatement) },
      { ALT: () => this.SUBRULE(this.sampleStatement) },
      { ALT: () => this.SUBRULE(this.termStatement) },
    ]),
  );

  readonly letStatement: Rule<Of<"let">> = this.RULE(
    "letStatement",
    (): Of<"let"> => {
      const first = this.CONSUME(W("let"));
      const name = this.ident(this.CONSUME(T.Name));
      this.CONSUME(T.Equal);
      const value = this.SUBRULE(this.expression);
      return { kind: "let", name, value, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly returnStatement: Rule<Of<"return">> = this.RULE(
    "returnStatement",
    (): Of<"return"> => {
      const first = this.CONSUME(W("return"));
      const value = this.SUBRULE(this.expression);
      return { kind: "return", value, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly learnStatement: Rule<Of<"learn">> = this.RULE(
    "learnStatement",
    (): Of<"learn"> => {
      const first = this.CONSUME(W("learn"));
      const name = this.ident(this.CONSUME(T.Name));
      this.CONSUME(T.Colon);
      const type = this.SUBRULE(this.type);
      let init: Expr | undefined;
      let within: [Expr, Expr] | undefined;
      this.OPTION1(() => {
        this.CONSUME(T.Equal);
        init = this.SUBRULE1(this.expression);
      });
      this.OPTION2(() => {
        this.CONSUME(W("within"));
        this.CONSUME(T.LSquare);
        const low = this.SUBRULE2(this.expression);
        this.CONSUME(T.Comma);
        within = [low, this.SUBRULE3(this.expression)];
        this.CONSUME(T.RSquare);
      });
      return {
        kind: "learn",
        name,
        type,
        ...(init && { init }),
        ...(within && { within }),
        span: this.spanFrom(first),
      };
    },
    { resyncEnabled: false },
  );

  readonly stateStatement: Rule<Of<"state">> = this.RULE(
    "stateStatement",
    (): Of<"state"> => {
      const first = this.CONSUME(W("state"));
      const name = this.ident(this.CONSUME(T.Name));
      this.CONSUME(T.Colon);
      const type = this.SUBRULE(this.type);
      this.CONSUME(T.Equal);
      const init = this.SUBRULE(this.expression);
      return { kind: "state", name, type, init, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly nextStatement: Rule<Of<"next">> = this.RULE(
    "nextStatement",
    (): Of<"next"> => {
      const first = this.CONSUME(W("next"));
      const name = this.ident(this.CONSUME(T.Name));
      this.CONSUME(T.Equal);
      const value = this.SUBRULE(this.expression);
      let training = false;
      this.OPTION(() => {
        this.CONSUME(W("while"));
        this.CONSUME(W("training"));
        training = true;
      });
      return { kind: "next", name, value, training, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly forStatement: Rule<Of<"for">> = this.RULE(
    "forStatement",
    (): Of<"for"> => {
      const first = this.CONSUME(W("for"));
      const clauses = this.SUBRULE(this.forClauses);
      const body = this.SUBRULE(this.block);
      return { kind: "for", clauses, body, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly sampleStatement: Rule<Of<"sample">> = this.RULE(
    "sampleStatement",
    (): Of<"sample"> => {
      const first = this.CONSUME(W("sample"));
      const names = this.SUBRULE(this.names);
      this.CONSUME(T.Colon);
      const type = this.SUBRULE(this.type);
      this.CONSUME(T.Equal);
      const distribution = this.SUBRULE(this.expression);
      return { kind: "sample", names, type, distribution, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly termStatement: Rule<Of<"term">> = this.RULE(
    "termStatement",
    (): Of<"term"> => {
      const first = this.CONSUME(W("loss"));
      const name = this.ident(this.CONSUME(T.Name));
      this.CONSUME(T.PlusEqual);
      const value = this.SUBRULE(this.expression);
      return { kind: "term", name, value, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly names: Rule<Ident[]> = this.RULE(
    "names",
    (): Ident[] => {
      const names: Ident[] = [];
      this.list(() => names.push(this.ident(this.CONSUME(T.Name))), true);
      return names;
    },
    { recoveryValueFunc: () => [] },
  );
}
