import type { IToken } from "chevrotain";

const CLOSER: ReadonlyMap<string, string> = new Map([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
]);

/** The innermost bracket `open` that is not closed before the token at `at`. A closer that fits nothing is passed over. */
export function innermostOpen(tokens: readonly IToken[], at: number, open: string): IToken | undefined {
  const stack: IToken[] = [];
  for (const token of tokens.slice(0, at)) {
    if (CLOSER.has(token.image)) stack.push(token);
    const match = stack.map((opener) => CLOSER.get(opener.image)).lastIndexOf(token.image);
    if (match >= 0) stack.length = match;
  }
  return stack.filter((opener) => opener.image === open).at(-1);
}
