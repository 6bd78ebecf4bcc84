// What stands in brackets: arguments, indices, tuples, lists, axes, records, comprehensions.
import type { Span } from "../source";
import * as T from "../tokens";
import type { Arg, Expr, ForClause, Ident } from "../tree";
import { BaseParser, type Rule } from "./base";

const { W } = T;
type IndexEntry = Extract<Expr, { kind: "index" }>["entries"][number];
type AxesEntry = Extract<Expr, { kind: "axes" }>["entries"][number];
type RecordField = Extract<Expr, { kind: "record" }>["fields"][number];

export abstract class CollectionParser extends BaseParser {
  abstract readonly expression: Rule<Expr>;

  /** What stands where an expression could not be read. */
  protected readonly hole = (): Expr => ({ kind: "none", span: this.spanOf(this.LA(0)) });

  readonly args: Rule<Arg[]> = this.RULE(
    "args",
    (): Arg[] => {
      const args: Arg[] = [];
      this.CONSUME(T.LParen);
      this.list(() => args.push(this.SUBRULE(this.arg)));
      this.CONSUME(T.RParen);
      return args;
    },
    { recoveryValueFunc: () => [] },
  );

  readonly arg: Rule<Arg> = this.RULE(
    "arg",
    (): Arg => {
      const first = this.LA(1);
      let name: Ident | undefined;
      this.OPTION({
        GATE: () => this.isNamed(),
        DEF: () => {
          name = this.ident(this.CONSUME(T.Name));
          this.CONSUME(T.Colon);
        },
      });
      const value = this.OR([
        { ALT: () => this.SUBRULE(this.argumentComprehension) },
        { ALT: () => this.SUBRULE(this.expression) },
      ]);
      return name ? { name, value, span: this.spanFrom(first) } : { value, span: this.spanFrom(first) };
    },
    { recoveryValueFunc: () => ({ value: this.hole(), span: this.hole().span }) },
  );

  readonly argumentComprehension: Rule<Expr> = this.RULE(
    "argumentComprehension",
    (): Expr => {
      const first = this.LA(1);
      const { clauses, body } = this.SUBRULE(this.comprehension);
      return { kind: "comprehension", form: "argument", clauses, body, span: this.spanFrom(first) };
    },
    { recoveryValueFunc: this.hole },
  );

  readonly comprehension: Rule<{ clauses: ForClause[]; body: Expr }> = this.RULE(
    "comprehension",
    () => {
      this.CONSUME(W("for"));
      const clauses = this.SUBRULE(this.forClauses);
      this.CONSUME(T.Colon);
      const body = this.SUBRULE(this.expression);
      return { clauses, body };
    },
    { recoveryValueFunc: () => ({ clauses: [], body: this.hole() }) },
  );

  readonly forClauses: Rule<ForClause[]> = this.RULE(
    "forClauses",
    (): ForClause[] => {
      const clauses: ForClause[] = [];
      this.list(() => clauses.push(this.SUBRULE(this.forClause)), true);
      return clauses;
    },
    { recoveryValueFunc: () => [] },
  );

  readonly forClause: Rule<ForClause> = this.RULE(
    "forClause",
    (): ForClause => {
      const first = this.LA(1);
      const names = this.OR([
        { ALT: () => [this.ident(this.CONSUME(T.Name))] },
        { ALT: () => this.SUBRULE(this.pattern) },
      ]);
      this.CONSUME(W("in"));
      const source = this.SUBRULE(this.expression);
      return { names, source, span: this.spanFrom(first) };
    },
    { recoveryValueFunc: () => ({ names: [], source: this.hole(), span: this.hole().span }) },
  );

  readonly pattern: Rule<Ident[]> = this.RULE(
    "pattern",
    (): Ident[] => {
      const names: Ident[] = [];
      this.CONSUME(T.LParen);
      this.list(() => names.push(this.ident(this.CONSUME(T.Name))));
      this.CONSUME(T.RParen);
      return names;
    },
    { recoveryValueFunc: () => [] },
  );

  readonly indices: Rule<IndexEntry[]> = this.RULE(
    "indices",
    (): IndexEntry[] => {
      const entries: IndexEntry[] = [];
      this.CONSUME(T.LSquare);
      this.list(() => entries.push(this.SUBRULE(this.indexEntry)));
      this.CONSUME(T.RSquare);
      return entries;
    },
    { recoveryValueFunc: () => [] },
  );

  readonly indexEntry: Rule<IndexEntry> = this.RULE(
    "indexEntry",
    (): IndexEntry => {
      let axis: Ident | undefined;
      this.OPTION({
        GATE: () => this.isNamed(),
        DEF: () => {
          axis = this.ident(this.CONSUME(T.Name));
          this.CONSUME(T.Colon);
        },
      });
      const index = this.SUBRULE(this.expression);
      return axis ? { axis, index } : { index };
    },
    { recoveryValueFunc: () => ({ index: this.hole() }) },
  );

  readonly parentheses: Rule<Expr> = this.RULE(
    "parentheses",
    (): Expr => {
      const first = this.CONSUME(T.LParen);
      const items: Expr[] = [this.SUBRULE1(this.expression)];
      this.OPTION(() => {
        this.CONSUME(T.Comma);
        this.list(() => items.push(this.SUBRULE2(this.expression)));
      });
      this.CONSUME(T.RParen);
      const [only] = items;
      return only && items.length === 1 ? only : { kind: "tuple", items, span: this.spanFrom(first) };
    },
    { recoveryValueFunc: this.hole },
  );

  /** `[a, b]`, `[block: 4]`, `[for x in xs: e]`. */
  readonly brackets: Rule<Expr> = this.RULE(
    "brackets",
    (): Expr => {
      const first = this.CONSUME(T.LSquare);
      const made = this.OR({
        IGNORE_AMBIGUITIES: true,
        DEF: [
          {
            ALT: (): ((span: Span) => Expr) => {
              const { clauses, body } = this.SUBRULE(this.comprehension);
              return (span) => ({ kind: "comprehension", form: "list", clauses, body, span });
            },
          },
          {
            GATE: () => this.isNamed(),
            ALT: (): ((span: Span) => Expr) => {
              const entries = this.SUBRULE(this.axesEntries);
              return (span) => ({ kind: "axes", entries, span });
            },
          },
          {
            ALT: (): ((span: Span) => Expr) => {
              const items: Expr[] = [];
              this.list(() => items.push(this.SUBRULE(this.expression)));
              return (span) => ({ kind: "list", items, span });
            },
          },
        ],
      });
      this.CONSUME(T.RSquare);
      const span = this.spanFrom(first);
      return this.ACTION(() => made(span));
    },
    { recoveryValueFunc: this.hole },
  );

  readonly axesEntries: Rule<AxesEntry[]> = this.RULE(
    "axesEntries",
    (): AxesEntry[] => {
      const entries: AxesEntry[] = [];
      this.list(() => entries.push(this.SUBRULE(this.axesEntry)));
      return entries;
    },
    { recoveryValueFunc: () => [] },
  );

  readonly axesEntry: Rule<AxesEntry> = this.RULE(
    "axesEntry",
    (): AxesEntry => {
      const axis = this.ident(this.CONSUME(T.Name));
      this.CONSUME(T.Colon);
      return { axis, dim: this.SUBRULE(this.expression) };
    },
    { recoveryValueFunc: () => ({ axis: { text: "", span: this.hole().span }, dim: this.hole() }) },
  );

  readonly record: Rule<RecordField[]> = this.RULE(
    "record",
    (): RecordField[] => {
      const fields: RecordField[] = [];
      this.CONSUME(T.LCurly);
      this.list(() => fields.push(this.SUBRULE(this.recordField)));
      this.CONSUME(T.RCurly);
      return fields;
    },
    { recoveryValueFunc: () => [] },
  );

  readonly recordField: Rule<RecordField> = this.RULE(
    "recordField",
    (): RecordField => {
      const name = this.ident(this.CONSUME(T.Name));
      let value: Expr | undefined;
      this.OPTION(() => {
        this.CONSUME(T.Colon);
        value = this.SUBRULE(this.expression);
      });
      return value ? { name, value } : { name };
    },
    { recoveryValueFunc: () => ({ name: { text: "", span: this.hole().span } }) },
  );
}
