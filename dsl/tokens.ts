// The words and signs of the language. Contextual words belong to the category Name, so that they may be names wherever
// their meaning as a word is not possible.
import { createToken, Lexer, type TokenType } from "chevrotain";

export const Name = createToken({ name: "Name", pattern: /[A-Za-z_][A-Za-z0-9_]*/ });
/** A category: the words that can never be names. */
export const Reserved = createToken({ name: "Reserved", pattern: Lexer.NA });
/** A category: the signs and words that stand between two operands. */
export const BinaryOperator = createToken({ name: "BinaryOperator", pattern: Lexer.NA });

const RESERVED =
  "let return for in if else repeat true false none and or not import export param network variant train data net " +
  "sample phase optimizer schedule learn state length";
const CONTEXTUAL =
  "from as where block norm head reparam loss init like while training trains except when constant then linear times " +
  "to over batch every steps epochs within next held";

function word(text: string, category: TokenType): TokenType {
  const categories = text === "and" || text === "or" ? [category, BinaryOperator] : [category];
  return createToken({ name: text, pattern: new RegExp(text), longer_alt: Name, categories });
}

function words(list: string, category: TokenType): Record<string, TokenType> {
  return Object.fromEntries(list.split(" ").map((text) => [text, word(text, category)]));
}

const reserved = words(RESERVED, Reserved);
const contextual = words(CONTEXTUAL, Name);

/** The token type of a word of the language. */
export function W(text: string): TokenType {
  const found = reserved[text] ?? contextual[text];
  if (!found) throw new Error(`no such word in the language: ${text}`);
  return found;
}

export function isContextual(type: TokenType): boolean {
  return contextual[type.name] === type;
}

function sign(name: string, pattern: RegExp, categories: TokenType[] = []): TokenType {
  return createToken({ name, pattern, categories });
}

const operator = [BinaryOperator];
export const Pipe = sign("|>", /\|>/, operator);
export const Arrow = sign("=>", /=>/);
export const PlusEqual = sign("+=", /\+=/);
export const Minus = sign("-", /-/, operator);
export const Equal = sign("=", /=/);
export const Dot = sign(".", /\./);
export const Colon = sign(":", /:/);
export const Semicolon = sign(";", /;/);
export const Comma = sign(",", /,/);
export const LParen = sign("(", /\(/);
export const RParen = sign(")", /\)/);
export const LSquare = sign("[", /\[/);
export const RSquare = sign("]", /\]/);
export const LCurly = sign("{", /\{/);
export const RCurly = sign("}", /\}/);

export const operators = [
  sign("==", /==/, operator),
  sign("!=", /!=/, operator),
  sign("<=", /<=/, operator),
  sign(">=", />=/, operator),
  sign("<", /</, operator),
  sign(">", />/, operator),
  sign("..", /\.\./, operator),
  sign("+", /\+/, operator),
  sign("*", /\*/, operator),
  sign("/", /\//, operator),
  sign("%", /%/, operator),
  sign("^", /\^/, operator),
];

/** `50%`: the sign stands right at the number and nothing right after it, so `step % 4` and `7%2` stay remainders. */
export const Percent = createToken({
  name: "percentage",
  pattern: /\d[\d_]*(?:\.\d[\d_]*)?%(?![\w(.])/,
  start_chars_hint: [..."0123456789"],
  line_breaks: false,
});
export const NumberLiteral = createToken({
  name: "number",
  pattern: /\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?/,
});
export const StringLiteral = createToken({ name: "string", pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/ });
/** A string whose line ends before it does: read as a string, and reported. */
export const OpenString = createToken({
  name: "open string",
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*\\?/,
  categories: [StringLiteral],
});

const Space = createToken({ name: "space", pattern: /\s+/, group: Lexer.SKIPPED, line_breaks: true });
const Comment = createToken({ name: "comment", pattern: /\/\/[^\r\n]*/, group: "comments" });

/** In the order in which the lexer tries them: what is longer, or a word, goes first. */
export const allTokens: TokenType[] = [
  Space,
  Comment,
  // `training` before `train`, `init` before `in`.
  ...[...Object.values(reserved), ...Object.values(contextual)].sort((a, b) => b.name.length - a.name.length),
  Name,
  Percent,
  NumberLiteral,
  StringLiteral,
  OpenString,
  Pipe,
  Arrow,
  PlusEqual,
  ...operators,
  Minus,
  Equal,
  Dot,
  Colon,
  Semicolon,
  Comma,
  LParen,
  RParen,
  LSquare,
  RSquare,
  LCurly,
  RCurly,
  Reserved,
  BinaryOperator,
];
