// Chevrotain asks for a message at the place of an error; the words are chosen later (errors.ts), where the whole text is
// known. What is kept is the kind of the error and the token that was expected.
import type { IParserErrorMessageProvider } from "chevrotain";

export const keepKind: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => `token ${expected.name}`,
  buildNotAllInputParsedMessage: () => "rest",
  buildNoViableAltMessage: () => "choice",
  buildEarlyExitMessage: () => "none",
};
