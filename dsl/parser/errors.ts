// The parser's errors in our words: what was expected, after what, and which bracket is open.
import { EOF, type IRecognitionException, type IToken } from "chevrotain";
import { diagnose, type Diagnostic } from "../diagnostic";
import { positionAt, type Span } from "../source";
import { syntaxRules } from "../syntax-rules";
import * as T from "../tokens";
import type { File } from "../tree";
import { innermostOpen } from "./brackets";

const OPENER: ReadonlyMap<string, string> = new Map([
  [")", "("],
  ["]", "["],
  ["}", "{"],
]);

const STATEMENTS: Readonly<Record<string, string>> = {
  block: "let, return, learn, state, next, for, sample or loss",
  trainItems: "data, net, let, sample, phase, optimizer, schedule, batch or length",
};

/** What a rule wants where none of its alternatives fits. */
const WANTED: Readonly<Record<string, string>> = {
  type: "a type",
  piece: "`constant`, `linear` or `times`",
  count: "`steps` or `epochs`",
  amount: "an amount, such as `50%` or `200 epochs`",
  bodyDecl: "`{` or `=`",
  conditional: "`{` or `if`",
  forClause: "a name, or names in parentheses",
};

/** What a bracket holds, by the rule that reads it. */
const HELD: Readonly<Record<string, string>> = {
  block: "block",
  trainItems: "`train` block",
  args: "arguments",
  signature: "parameters",
  exportDecl: "parameters",
  parentheses: "parentheses",
  brackets: "list",
  indices: "index",
  dims: "dims",
  axesType: "axes",
  record: "record",
  recordType: "record type",
  importDecl: "names",
  braced: "braces",
  variantDecl: "variant",
  repetition: "count",
  pattern: "names",
  learnStatement: "range",
};

/** `known`: what was already said of the text. Where characters of no use stand, their message is enough. */
export function describeErrors(
  file: File,
  tokens: readonly IToken[],
  errors: readonly IRecognitionException[],
  known: readonly Diagnostic[],
): Diagnostic[] {
  const found: Diagnostic[] = [];
  let last = -1;
  const inOrder = errors.map((error) => ({ error, at: indexOf(tokens, error.token) })).sort((a, b) => a.at - b.at);
  for (const { error, at } of inOrder) {
    const [from, to] = [tokens[at - 1]?.startOffset ?? 0, tokens[at]?.startOffset ?? file.text.length];
    const said = known.some(({ code, span }) => code === "G0103" && span && span.start >= from && span.end <= to);
    // Of several errors at one token the first says most; the others come from the attempt to go on.
    if (at > last && !said) found.push(describe(file, tokens, error, at));
    last = Math.max(last, at);
  }
  return found;
}

function describe(file: File, tokens: readonly IToken[], error: IRecognitionException, at: number): Diagnostic {
  const token = tokens[at];
  const before = tokens[at - 1];
  const span = spanAt(file, token, before);
  const found = token ? `\`${token.image}\`` : "the end of the file";
  const rule = error.context.ruleStack.at(-1) ?? "";
  const expected = error.message.startsWith("token ") ? error.message.slice("token ".length) : "";

  if (rule === "file" || expected === EOF.name || error.message === "rest") {
    const open = token && OPENER.get(token.image);
    return open
      ? diagnose(syntaxRules.strayBracket, { close: token.image, open }, span)
      : diagnose(syntaxRules.notADeclaration, { found }, span);
  }
  const statements = STATEMENTS[rule];
  if (expected === "}" && statements && token && !startsDeclaration(token) && !OPENER.has(token.image)) {
    return diagnose(syntaxRules.notAStatement, { found, statements }, span);
  }
  const open = OPENER.get(expected);
  if (open) {
    const opener = innermostOpen(tokens, at, open);
    const what = HELD[rule] ?? "bracket";
    if (opener) {
      const line = positionAt(file.text, opener.startOffset).line;
      const related = [{ span: spanAt(file, opener, undefined), message: `the \`${open}\` stands here` }];
      return diagnose(syntaxRules.unclosedBracket, { open, close: expected, what, line, found }, span, related);
    }
  }
  if (expected === T.Name.name && token?.tokenType.CATEGORIES?.includes(T.Reserved)) {
    return diagnose(syntaxRules.reservedWord, { word: token.image }, span);
  }
  const what = wanted(expected, rule);
  if (before) {
    // What is missing at the end of a line is missing there, not where the next line begins.
    const end = before.startOffset + before.image.length;
    const lineEnds = token && file.text.slice(end, token.startOffset).includes("\n");
    const where = lineEnds ? { ...span, start: end, end } : span;
    return diagnose(syntaxRules.missingPiece, { what, after: `\`${before.image}\``, found }, where);
  }
  return diagnose(syntaxRules.unexpectedToken, { found, expected: what }, span);
}

function wanted(expected: string, rule: string): string {
  if (expected === T.Name.name) return "a name";
  if (expected === T.StringLiteral.name) return "a string";
  if (expected) return `\`${expected}\``;
  return WANTED[rule] ?? "an expression";
}

function startsDeclaration(token: IToken): boolean {
  return /^(?:import|param|block|network|norm|head|loss|reparam|init|train|export|variant)$/.test(token.image);
}

function indexOf(tokens: readonly IToken[], token: IToken): number {
  const at = Number.isNaN(token.startOffset)
    ? -1
    : tokens.findIndex(({ startOffset }) => startOffset === token.startOffset);
  return at < 0 ? tokens.length : at;
}

/** At the end of a file the message stands right behind the last token. */
function spanAt(file: File, token: IToken | undefined, before: IToken | undefined): Span {
  if (token) return { file: file.path, start: token.startOffset, end: token.startOffset + token.image.length };
  const end = before ? before.startOffset + before.image.length : file.text.length;
  return { file: file.path, start: end, end };
}
