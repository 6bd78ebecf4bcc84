// text → tokens, and what can be said of a text before its grammar is known.
import { Lexer, type IToken } from "chevrotain";
import { diagnose, type Diagnostic } from "../diagnostic";
import type { Span } from "../source";
import { syntaxRules } from "../syntax-rules";
import * as T from "../tokens";
import { tooDeep } from "./depth";
import { lazily } from "./lazily";

export interface Lexed {
  readonly tokens: IToken[];
  readonly comments: IToken[];
  readonly diagnostics: Diagnostic[];
}

const lexer = lazily(
  () => new Lexer(T.allTokens, { positionTracking: "onlyOffset", skipValidations: true, recoveryEnabled: true }),
);

export function lex(path: string, text: string): Lexed {
  const { tokens, groups, errors } = lexer().tokenize(text);
  const diagnostics: Diagnostic[] = errors.map(({ offset, length }) => {
    const span = { file: path, start: offset, end: offset + length };
    return diagnose(syntaxRules.unknownCharacter, { characters: shown(text.slice(span.start, span.end)) }, span);
  });
  for (const token of tokens) {
    if (token.tokenType === T.OpenString)
      diagnostics.push(diagnose(syntaxRules.unterminatedString, {}, at(path, token)));
  }
  const deep = tooDeep(tokens);
  if (deep) diagnostics.push(diagnose(syntaxRules.tooDeep, { limit: deep.limit }, at(path, deep.token)));
  return { tokens: withNames(path, tokens, diagnostics), comments: groups["comments"] ?? [], diagnostics };
}

/** After these words a name is declared, so a reserved word there was meant as one. */
const DECLARING = new Set(
  ["let", "param", "learn", "state", "network", "export", "variant", "phase", "net", "data"].map(T.W),
);
const AFTER_DECLARED = new Set([T.Equal, T.Colon, T.LParen, T.LCurly, T.PlusEqual, T.Comma, T.W("trains")]);
const BEFORE_KEY = new Set([T.LCurly, T.LParen, T.LSquare, T.Comma, T.Semicolon]);

/** Reserved words where only a name makes sense are reported and read as names, so that what follows is read as usual. */
function withNames(path: string, tokens: readonly IToken[], diagnostics: Diagnostic[]): IToken[] {
  return tokens.map((token, i) => {
    if (!token.tokenType.CATEGORIES?.includes(T.Reserved)) return token;
    const [before, after] = [tokens[i - 1]?.tokenType, tokens[i + 1]?.tokenType];
    const declared = before && DECLARING.has(before) && after && AFTER_DECLARED.has(after);
    const key = before && BEFORE_KEY.has(before) && after === T.Colon;
    if (!declared && !key && before !== T.Dot) return token;
    diagnostics.push(diagnose(syntaxRules.reservedWord, { word: token.image }, at(path, token)));
    return { ...token, tokenType: T.Name, tokenTypeIdx: T.Name.tokenTypeIdx ?? token.tokenTypeIdx };
  });
}

function at(path: string, token: IToken): Span {
  return { file: path, start: token.startOffset, end: token.startOffset + token.image.length };
}

function shown(characters: string): string {
  const short = characters.length > 20 ? `${characters.slice(0, 20)}...` : characters;
  const visible = [...short].every((c) => c >= " " && c !== "\u007f" && c.trim() !== "");
  if (visible) return `\`${short}\``;
  return [...short].map((c) => `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`).join(" ");
}
