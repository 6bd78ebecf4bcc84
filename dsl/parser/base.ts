// What every rule of the grammar uses: spans, names, comma lists and complaints. The subjects of the grammar stand in a
// chain of classes, each adding its rules to those before: expressions, types, statements, train, declarations.
import { EmbeddedActionsParser, type IToken, type ParserMethod } from "chevrotain";
import { diagnose, type Diagnostic, type Rule as DiagnosticRule } from "../diagnostic";
import type { Span } from "../source";
import { syntaxRules } from "../syntax-rules";
import * as T from "../tokens";
import type { Ident } from "../tree";
import { keepKind } from "./messages";

export type Rule<R> = ParserMethod<[], R>;

/** What one call of `parse` sets before it starts. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** The text of the `///` lines right above an offset. */
  readonly docAbove: (offset: number) => string | undefined;
}

const MOST_ERRORS = 100;

const NOTHING: Source = { path: "", text: "", docAbove: () => undefined };

export abstract class BaseParser extends EmbeddedActionsParser {
  protected source: Source = NOTHING;
  protected found: Diagnostic[] = [];

  constructor() {
    // One token of lookahead decides everywhere but at a few places, which look at the second one in a GATE.
    super(T.allTokens, {
      recoveryEnabled: true,
      maxLookahead: 1,
      skipValidations: true,
      errorMessageProvider: keepKind,
    });
  }

  begin(source: Source, tokens: readonly IToken[]): void {
    this.source = source;
    this.found = [];
    this.input = [...tokens];
  }

  get complaints(): readonly Diagnostic[] {
    return this.found;
  }

  /** From a token that was next when a rule began to the last one read. */
  protected spanFrom(first: IToken): Span {
    const last = this.LA(0);
    const start = Number.isNaN(first.startOffset) ? this.source.text.length : first.startOffset;
    return { file: this.source.path, start, end: Math.max(start, endOf(last)) };
  }

  protected spanOf(token: IToken): Span {
    // A token that recovery put in has no place of its own: it stands where the last real one ended. (While the grammar is
    // recorded there are no tokens at all.)
    if (this.RECORDING_PHASE || Number.isNaN(token.startOffset)) {
      const at = endOf(this.LA(0));
      return { file: this.source.path, start: at, end: at };
    }
    return { file: this.source.path, start: token.startOffset, end: token.startOffset + token.image.length };
  }

  protected ident(token: IToken): Ident {
    return { text: token.image, span: this.spanOf(token) };
  }

  protected complain<V>(rule: DiagnosticRule<V>, values: V, span: Span): void {
    if (!this.RECORDING_PHASE) this.found.push(diagnose(rule, values, span));
  }

  /** True where a name and a colon are next. */
  protected isNamed(): boolean {
    const { tokenType } = this.LA(1);
    return (tokenType === T.Name || T.isContextual(tokenType)) && this.LA(2).tokenType === T.Colon;
  }

  /** A text with this many errors is no .gan file: the rest is passed over. Each recovery also deepens the stack. */
  protected get patient(): boolean {
    return this.errors.length < MOST_ERRORS;
  }

  /**
   * Items between commas, the last of which may be followed by one. `item` reads one item with SUBRULE or CONSUME. A rule
   * can hold one such list: it takes the numbers 8 and 9 of MANY and CONSUME. In brackets a forgotten comma is reported and
   * the list goes on; without brackets (`bare`) the list ends there.
   */
  protected list(item: () => void, bare = false): void {
    let first = true;
    let comma = false;
    this.MANY9({
      GATE: () => this.patient && (first || comma || !(bare || this.startsStatement())),
      DEF: () => {
        const next = this.LA(1);
        if (!first && !comma)
          this.complain(syntaxRules.missingComma, { before: `\`${next.image}\`` }, this.spanOf(next));
        first = false;
        comma = false;
        item();
        this.MANY8(() => {
          const sign = this.CONSUME9(T.Comma);
          if (comma) this.complain(syntaxRules.emptyItem, {}, this.spanOf(sign));
          comma = true;
        });
      },
    });
  }

  /** In a list that lost its bracket, `loss x += ...` of the next line is no item. */
  private startsStatement(): boolean {
    const [first, second] = [this.LA(1).tokenType, this.LA(2).tokenType];
    if (!T.isContextual(first)) return false;
    return second === T.Name || T.isContextual(second) || second === T.NumberLiteral;
  }
}

function endOf(token: IToken): number {
  return Number.isNaN(token.startOffset) ? 0 : token.startOffset + token.image.length;
}
