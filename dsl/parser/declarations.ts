// The declarations of a file.
import type { IToken } from "chevrotain";
import * as T from "../tokens";
import type { BodyKind, Decl, Expr, Ident, Parameter, Statement, TypeExpr } from "../tree";
import type { Rule } from "./base";
import { unquote } from "./strings";
import { TrainParser } from "./train";

const { W } = T;
type Of<K extends Decl["kind"]> = Extract<Decl, { kind: K }>;
type Setting = Of<"variant">["settings"][number];
type Import = Of<"import">["from"];

export class GanParser extends TrainParser {
  readonly file: Rule<Decl[]> = this.RULE(
    "file",
    (): Decl[] => {
      const decls: Decl[] = [];
      this.MANY({
        GATE: () => this.patient,
        DEF: () => {
          const decl = this.SUBRULE(this.declaration);
          if (decl) decls.push(decl);
        },
      });
      return decls;
    },
    { recoveryValueFunc: () => [] },
  );

  /** A declaration that could not be read is left out. */
  readonly declaration: Rule<Decl | undefined> = this.RULE("declaration", (): Decl | undefined =>
    this.OR<Decl>([
      { ALT: () => this.SUBRULE(this.importDecl) },
      { ALT: () => this.SUBRULE(this.paramDecl) },
      { ALT: () => this.SUBRULE(this.bodyDecl) },
      { ALT: () => this.SUBRULE(this.trainDecl) },
      { ALT: () => this.SUBRULE(this.exportDecl) },
      { ALT: () => this.SUBRULE(this.variantDecl) },
    ]),
  );

  readonly importDecl: Rule<Of<"import">> = this.RULE(
    "importDecl",
    (): Of<"import"> => {
      const first = this.CONSUME(W("import"));
      const names: Ident[] = [];
      this.CONSUME(T.LCurly);
      this.list(() => names.push(this.ident(this.CONSUME(T.Name))));
      this.CONSUME(T.RCurly);
      this.CONSUME(W("from"));
      const path = this.CONSUME(T.StringLiteral);
      const from: Import = { text: unquote(path.image), span: this.spanOf(path) };
      return { kind: "import", names, from, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly paramDecl: Rule<Of<"param">> = this.RULE(
    "paramDecl",
    (): Of<"param"> => {
      const first = this.CONSUME(W("param"));
      const name = this.ident(this.CONSUME(T.Name));
      let type: TypeExpr | undefined;
      let where: Expr | undefined;
      let doc = this.docAbove(first);
      this.OPTION1(() => {
        this.CONSUME(T.Colon);
        type = this.SUBRULE(this.type);
      });
      this.CONSUME(T.Equal);
      const value = this.SUBRULE1(this.expression);
      this.OPTION2(() => {
        this.CONSUME(W("where"));
        where = this.SUBRULE2(this.expression);
      });
      this.OPTION3(() => (doc = unquote(this.CONSUME(T.StringLiteral).image)));
      const span = this.spanFrom(first);
      return { kind: "param", name, ...(type && { type }), value, ...(where && { where }), ...withDoc(doc), span };
    },
    { resyncEnabled: false },
  );

  readonly bodyDecl: Rule<Of<"body">> = this.RULE(
    "bodyDecl",
    (): Of<"body"> => {
      const first = this.SUBRULE(this.bodyKeyword);
      const name = this.ident(this.CONSUME(T.Name));
      let parameters: Parameter[] = [];
      let styles: Parameter[] = [];
      this.OPTION(() => ({ parameters, styles } = this.SUBRULE(this.signature)));
      const short = { yes: false };
      const body = this.OR<Statement[]>([
        { ALT: () => this.SUBRULE(this.block) },
        {
          ALT: () => {
            this.CONSUME(T.Equal);
            short.yes = true;
            const value = this.SUBRULE(this.expression);
            // Spread: while the grammar is recorded `value` is no expression and has no span.
            return [{ kind: "return", value, span: { ...value.span } }];
          },
        },
      ]);
      const keyword = first.image as BodyKind;
      const span = this.spanFrom(first);
      return {
        kind: "body",
        keyword,
        name,
        parameters,
        styles,
        body,
        short: short.yes,
        ...withDoc(this.docAbove(first)),
        span,
      };
    },
    { resyncEnabled: false },
  );

  readonly bodyKeyword: Rule<IToken> = this.RULE(
    "bodyKeyword",
    (): IToken =>
      this.OR([
        { ALT: () => this.CONSUME(W("block")) },
        { ALT: () => this.CONSUME(W("network")) },
        { ALT: () => this.CONSUME(W("norm")) },
        { ALT: () => this.CONSUME(W("head")) },
        { ALT: () => this.CONSUME(W("loss")) },
        { ALT: () => this.CONSUME(W("reparam")) },
        { ALT: () => this.CONSUME(W("init")) },
      ]),
    { resyncEnabled: false },
  );

  readonly trainDecl: Rule<Of<"train">> = this.RULE(
    "trainDecl",
    (): Of<"train"> => {
      const first = this.CONSUME(W("train"));
      const items = this.SUBRULE(this.trainItems);
      return { kind: "train", items, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly exportDecl: Rule<Of<"export">> = this.RULE(
    "exportDecl",
    (): Of<"export"> => {
      const first = this.CONSUME(W("export"));
      const name = this.ident(this.CONSUME(T.Name));
      this.CONSUME(T.LParen);
      const parameters = this.SUBRULE(this.parameters);
      this.CONSUME(T.RParen);
      this.CONSUME(T.Equal);
      const value = this.SUBRULE(this.expression);
      return { kind: "export", name, parameters, value, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  /** `variant x { a = 1, weights.cam = 0 }`. */
  readonly variantDecl: Rule<Of<"variant">> = this.RULE(
    "variantDecl",
    (): Of<"variant"> => {
      const settings: Setting[] = [];
      const first = this.CONSUME(W("variant"));
      const name = this.ident(this.CONSUME(T.Name));
      this.CONSUME(T.LCurly);
      this.list(() => settings.push(this.SUBRULE(this.setting)));
      this.CONSUME(T.RCurly);
      return { kind: "variant", name, settings, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly setting: Rule<Setting> = this.RULE(
    "setting",
    (): Setting => {
      const path: Ident[] = [this.ident(this.CONSUME1(T.Name))];
      this.MANY(() => {
        this.CONSUME(T.Dot);
        path.push(this.ident(this.CONSUME2(T.Name)));
      });
      this.CONSUME(T.Equal);
      return { path, value: this.SUBRULE(this.expression) };
    },
    { recoveryValueFunc: () => ({ path: [this.nameless()], value: this.hole() }) },
  );

  constructor() {
    super();
    this.performSelfAnalysis();
  }

  private docAbove(first: IToken): string | undefined {
    return this.RECORDING_PHASE ? undefined : this.source.docAbove(first.startOffset);
  }
}

function withDoc(doc: string | undefined): { doc?: string } {
  return doc === undefined ? {} : { doc };
}
