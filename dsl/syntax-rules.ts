// Every message about the form of a text, in our words. Codes are stable; docs/diagnostics has a page for each.
import { rule } from "./diagnostic";

export const syntaxRules = {
  unexpectedToken: rule<{ found: string; expected: string }>(
    "G0101",
    "unexpected-token",
    "error",
    ({ found, expected }) => `did not expect ${found} here: expected ${expected}`,
  ),
  unclosedBracket: rule<{ open: string; close: string; what: string; line: number; found: string }>(
    "G0102",
    "unclosed-bracket",
    "error",
    ({ close, what, line, found }) =>
      `expected a \`${close}\` to close the ${what} opened at line ${line}, found ${found}`,
    ({ open, close }) => `every \`${open}\` needs its \`${close}\``,
  ),
  unknownCharacter: rule<{ characters: string }>(
    "G0103",
    "unknown-character",
    "error",
    ({ characters }) => `the language has no use for ${characters}`,
    () => "names are made of the letters a-z, A-Z, digits and `_`; comments begin with `//`",
  ),
  unterminatedString: rule<Record<string, never>>(
    "G0104",
    "unterminated-string",
    "error",
    () => "this string is not closed on its line",
    () => 'write a `"` where the string ends',
  ),
  operatorBesidePipe: rule<{ operator: string; fix: string }>(
    "G0105",
    "operator-beside-pipe",
    "error",
    ({ operator }) => `\`${operator}\` beside \`|>\` needs parentheses: it is not clear what the stage is applied to`,
    ({ fix }) => `write \`${fix}\``,
  ),
  chainedComparison: rule<{ first: string; second: string; fix: string }>(
    "G0106",
    "chained-comparison",
    "error",
    ({ first, second }) => `comparisons do not chain: \`${first}\` is followed by \`${second}\``,
    ({ fix }) => `write \`${fix}\``,
  ),
  reservedWord: rule<{ word: string }>(
    "G0107",
    "reserved-word",
    "error",
    ({ word }) => `\`${word}\` is a word of the language and cannot be a name`,
    ({ word }) => `take another name, for example \`${word}_\``,
  ),
  missingPiece: rule<{ what: string; after: string; found: string }>(
    "G0108",
    "missing-piece",
    "error",
    ({ what, after, found }) => `expected ${what} after ${after}, found ${found}`,
  ),
  duplicateTrain: rule<Record<string, never>>(
    "G0109",
    "duplicate-train",
    "error",
    () => "a file has one `train` block, and this is a second one",
    () => "merge the two: the phases run in the order written",
  ),
  strayBracket: rule<{ close: string; open: string }>(
    "G0110",
    "stray-bracket",
    "error",
    ({ close, open }) => `this \`${close}\` closes nothing: no \`${open}\` is open here`,
  ),
  missingComma: rule<{ before: string }>(
    "G0111",
    "missing-comma",
    "error",
    ({ before }) => `expected a \`,\` before ${before}`,
  ),
  tooDeep: rule<{ limit: number }>(
    "G0112",
    "nested-too-deep",
    "error",
    ({ limit }) => `this is nested more than ${limit} levels deep`,
    () => "give the inner parts names with `let`",
  ),
  notAStatement: rule<{ found: string; statements: string }>(
    "G0113",
    "not-a-statement",
    "error",
    ({ found }) => `no statement begins with ${found}`,
    ({ statements }) => `here a statement begins with one of ${statements}`,
  ),
  notADeclaration: rule<{ found: string }>(
    "G0114",
    "not-a-declaration",
    "error",
    ({ found }) => `no declaration begins with ${found}`,
    () =>
      "a declaration begins with import, param, block, network, norm, head, loss, reparam, init, train, export or variant",
  ),
  misplacedPercent: rule<{ text: string }>(
    "G0115",
    "misplaced-percent",
    "error",
    ({ text }) => `\`${text}\` is a share of the training's length and stands in \`schedule\` only`,
    ({ text }) =>
      `write \`${Number.parseFloat(text) / 100}\` for a number, or spaces around a \`%\` that is a remainder`,
  ),
  needsParentheses: rule<{ what: string; fix: string }>(
    "G0116",
    "needs-parentheses",
    "error",
    ({ what }) => `${what} needs parentheses here`,
    ({ fix }) => `write \`${fix}\``,
  ),
  numberTooLarge: rule<{ text: string }>(
    "G0117",
    "number-too-large",
    "error",
    ({ text }) => `\`${text}\` is too large for a 64-bit floating point number`,
  ),
  emptyItem: rule<Record<string, never>>(
    "G0118",
    "empty-item",
    "error",
    () => "nothing stands before this `,`",
    () => "remove the `,`; a list may end with one, no more",
  ),
} as const;
