// Rules of form that need the whole file.
import { diagnose, type Diagnostic } from "../diagnostic";
import { syntaxRules } from "../syntax-rules";
import type { File } from "../tree";

export function checkTree(file: File): Diagnostic[] {
  const [first, ...others] = file.decls.filter((decl) => decl.kind === "train");
  return others.map((train) => {
    const word = { ...train.span, end: train.span.start + "train".length };
    const related = first ? [{ span: { ...first.span, end: first.span.start + 5 }, message: "the first one" }] : [];
    return diagnose(syntaxRules.duplicateTrain, {}, word, related);
  });
}
