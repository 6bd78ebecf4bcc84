// Types, and the parameters that carry them.
import * as T from "../tokens";
import type { Expr, Ident, Parameter, TypeExpr } from "../tree";
import type { Rule } from "./base";
import { ExpressionParser } from "./expressions";

type TypeField = Extract<TypeExpr, { kind: "record" }>["fields"][number];

export interface Signature {
  readonly parameters: Parameter[];
  readonly styles: Parameter[];
}

export abstract class TypeParser extends ExpressionParser {
  protected readonly nameless = (): Ident => ({ text: "", span: this.spanOf(this.LA(0)) });
  private readonly untyped = (): TypeExpr => ({ kind: "named", name: this.nameless(), span: this.hole().span });

  readonly type: Rule<TypeExpr> = this.RULE(
    "type",
    (): TypeExpr =>
      this.OR([
        { ALT: () => this.SUBRULE(this.namedType) },
        { ALT: () => this.SUBRULE(this.axesType) },
        { ALT: () => this.SUBRULE(this.recordType) },
      ]),
    { recoveryValueFunc: this.untyped },
  );

  /** `int`, `image[C, H, W]`, `Norm(gamma, beta)`. */
  readonly namedType: Rule<TypeExpr> = this.RULE(
    "namedType",
    (): TypeExpr => {
      const first = this.CONSUME(T.Name);
      const name = this.ident(first);
      let dims: Expr[] | undefined;
      let offers: Ident[] | undefined;
      this.OPTION1(() => (dims = this.SUBRULE(this.dims)));
      this.OPTION2(() => (offers = this.SUBRULE(this.pattern)));
      return { kind: "named", name, ...(dims && { dims }), ...(offers && { offers }), span: this.spanFrom(first) };
    },
    { recoveryValueFunc: this.untyped },
  );

  readonly dims: Rule<Expr[]> = this.RULE(
    "dims",
    (): Expr[] => {
      const dims: Expr[] = [];
      this.CONSUME(T.LSquare);
      this.list(() => dims.push(this.SUBRULE(this.expression)));
      this.CONSUME(T.RSquare);
      return dims;
    },
    { recoveryValueFunc: () => [] },
  );

  /** `[rest: Rest]`. */
  readonly axesType: Rule<TypeExpr> = this.RULE(
    "axesType",
    (): TypeExpr => {
      const first = this.CONSUME(T.LSquare);
      const entries = this.SUBRULE(this.axesEntries);
      this.CONSUME(T.RSquare);
      return { kind: "axes", entries, span: this.spanFrom(first) };
    },
    { recoveryValueFunc: this.untyped },
  );

  readonly recordType: Rule<TypeExpr> = this.RULE(
    "recordType",
    (): TypeExpr => {
      const fields: TypeField[] = [];
      const first = this.CONSUME(T.LCurly);
      this.list(() => fields.push(this.SUBRULE(this.typeField)));
      this.CONSUME(T.RCurly);
      return { kind: "record", fields, span: this.spanFrom(first) };
    },
    { recoveryValueFunc: this.untyped },
  );

  readonly typeField: Rule<TypeField> = this.RULE(
    "typeField",
    (): TypeField => {
      const name = this.ident(this.CONSUME(T.Name));
      this.CONSUME(T.Colon);
      return { name, type: this.SUBRULE(this.type) };
    },
    { recoveryValueFunc: () => ({ name: this.nameless(), type: this.untyped() }) },
  );

  /** `(x: image[C, H, W], eps = 1e-5; gamma: vector[C])`. */
  readonly signature: Rule<Signature> = this.RULE(
    "signature",
    (): Signature => {
      this.CONSUME(T.LParen);
      const parameters = this.SUBRULE1(this.parameters);
      let styles: Parameter[] = [];
      this.OPTION(() => {
        this.CONSUME(T.Semicolon);
        styles = this.SUBRULE2(this.parameters);
      });
      this.CONSUME(T.RParen);
      return { parameters, styles };
    },
    { recoveryValueFunc: () => ({ parameters: [], styles: [] }) },
  );

  readonly parameters: Rule<Parameter[]> = this.RULE(
    "parameters",
    (): Parameter[] => {
      const parameters: Parameter[] = [];
      this.list(() => parameters.push(this.SUBRULE(this.parameter)));
      return parameters;
    },
    { recoveryValueFunc: () => [] },
  );

  readonly parameter: Rule<Parameter> = this.RULE(
    "parameter",
    (): Parameter => {
      const first = this.LA(1);
      const name = this.ident(this.CONSUME(T.Name));
      let type: TypeExpr | undefined;
      let value: Expr | undefined;
      this.OPTION1(() => {
        this.CONSUME(T.Colon);
        type = this.SUBRULE(this.type);
      });
      this.OPTION2(() => {
        this.CONSUME(T.Equal);
        value = this.SUBRULE(this.expression);
      });
      return { name, ...(type && { type }), ...(value && { default: value }), span: this.spanFrom(first) };
    },
    { recoveryValueFunc: () => ({ name: this.nameless(), span: this.hole().span }) },
  );
}
