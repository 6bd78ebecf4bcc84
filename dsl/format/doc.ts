// A small algebra of layouts, after Wadler's "A prettier printer": a group stands on one line if it fits, else its lines
// break. What is printed is lines of cells; align.ts pads cells of neighbouring lines.
export type Doc =
  | string
  | readonly Doc[]
  | { readonly kind: "line"; readonly flat: string; readonly hard: boolean }
  | { readonly kind: "blank" }
  | { readonly kind: "group"; readonly doc: Doc; readonly broken: boolean }
  | { readonly kind: "indent"; readonly doc: Doc }
  /** Printed only if the group around it breaks. */
  | { readonly kind: "ifBroken"; readonly text: string }
  /** A comment: goes to the end of the line, whatever follows. */
  | { readonly kind: "suffix"; readonly text: string; readonly breaks: boolean }
  /** Text from here on is padded to the column of the same cell in the lines next to it. */
  | { readonly kind: "cell"; readonly name: CellName };

export type CellName = "+=" | "{" | "doc" | "init" | "comment";

export interface Cell {
  readonly name?: CellName;
  text: string;
}
export interface Line {
  indent: number;
  readonly cells: Cell[];
}

export const line: Doc = { kind: "line", flat: " ", hard: false };
export const softline: Doc = { kind: "line", flat: "", hard: false };
export const hardline: Doc = { kind: "line", flat: "", hard: true };
/** An empty line, and no more than one. */
export const blank: Doc = { kind: "blank" };

export const cell = (name: CellName): Doc => ({ kind: "cell", name });
export const indent = (...doc: readonly Doc[]): Doc => ({ kind: "indent", doc });
export const ifBroken = (text: string): Doc => ({ kind: "ifBroken", text });
/** `breaks`: the group around it breaks, so that the comment stays where it was. */
export const suffix = (text: string, breaks: boolean): Doc => ({ kind: "suffix", text, breaks });
export const group = (...doc: readonly Doc[]): Doc => ({ kind: "group", doc, broken: breaks(doc) });
export const brokenGroup = (...doc: readonly Doc[]): Doc => ({ kind: "group", doc, broken: true });

export function separate(docs: readonly Doc[], by: Doc): Doc {
  return docs.map((doc, i) => (i === 0 ? doc : [by, doc]));
}

/** True if the layout cannot stand on one line. */
export function breaks(doc: Doc): boolean {
  if (typeof doc === "string") return false;
  if (isList(doc)) return doc.some(breaks);
  switch (doc.kind) {
    case "line":
      return doc.hard;
    case "blank":
      return true;
    case "group":
      return doc.broken;
    case "indent":
      return breaks(doc.doc);
    case "suffix":
      return doc.breaks;
    default:
      return false;
  }
}

export function isList(doc: Doc): doc is readonly Doc[] {
  return Array.isArray(doc);
}
