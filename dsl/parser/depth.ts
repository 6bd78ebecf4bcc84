// How deep the tree of these tokens can become, seen before anything recurses over it. A bracket, `=>` and `else` cost the
// parser's stack far more than one more operator of a chain.
import type { IToken } from "chevrotain";
import * as T from "../tokens";

const NESTING = 10;
const LIMIT = 1000;

const OPENING = new Set([T.LParen, T.LSquare, T.LCurly]);
const CLOSING = new Set([T.RParen, T.RSquare, T.RCurly]);
const STARTING_ANEW = new Set([T.Comma, T.Semicolon, T.Equal, T.PlusEqual, ...["let", "return", "param"].map(T.W)]);
const NESTING_WORDS = new Set([T.Arrow, ...["else", "if", "repeat", "sample"].map(T.W)]);

export function tooDeep(tokens: readonly IToken[]): { readonly token: IToken; readonly limit: number } | undefined {
  const levels = [0];
  let total = 0;
  const add = (n: number): void => {
    total += n;
    levels[levels.length - 1] = (levels.at(-1) ?? 0) + n;
  };
  for (const token of tokens) {
    const type = token.tokenType;
    if (OPENING.has(type)) {
      levels.push(0);
      add(NESTING);
    } else if (CLOSING.has(type)) {
      if (levels.length > 1) total -= levels.pop() ?? 0;
      add(1);
    } else if (STARTING_ANEW.has(type)) {
      const kept = levels.length > 1 ? NESTING : 0;
      add(kept - (levels.at(-1) ?? 0));
    } else if (NESTING_WORDS.has(type)) add(NESTING);
    else if (type === T.Dot || type === T.W("not") || type.CATEGORIES?.includes(T.BinaryOperator)) add(1);
    if (total > LIMIT) return { token, limit: LIMIT / NESTING };
  }
  return undefined;
}
