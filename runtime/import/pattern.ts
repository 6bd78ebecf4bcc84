// The two columns of a layout's line. Left, a pattern: {k} is a whole number, {p=u|v} one of these words, * a word such as a
// norm's name. Right, the name it gives: {k}, {p}, or a sum such as {4k-3}.

export interface Pattern {
  /** What {…} caught, by name; undefined if the name does not fit. */
  match(name: string): Readonly<Record<string, string>> | undefined;
  readonly names: readonly string[];
}

export type Template = (caught: Readonly<Record<string, string>>) => string;
type Fail = (what: string, hint?: string) => Error;

const WORD = "[A-Za-z]\\w*?";

export function parsePattern(text: string, fail: Fail): Pattern {
  const names: string[] = [];
  const source = pieces(text, fail).map((piece) => {
    if (!piece.inside) return piece.text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\\*", WORD);
    const found = /^([a-z]\w*)(?:=(\w+(?:\|\w+)*))?$/.exec(piece.text);
    if (!found) throw fail(`{${piece.text}} catches nothing`, "{k} is a whole number, {p=u|v} one of these words");
    const [, name = "", words] = found;
    if (names.includes(name)) throw fail(`{${name}} stands twice on the left`);
    names.push(name);
    return words === undefined ? "(\\d+)" : `(${words})`;
  });
  const whole = new RegExp(`^${source.join("")}$`);
  const match = (name: string): Readonly<Record<string, string>> | undefined => {
    const found = whole.exec(name);
    return found ? Object.fromEntries(names.map((n, i) => [n, found[i + 1] as string])) : undefined;
  };
  return { match, names };
}

export function parseTemplate(text: string, names: readonly string[], fail: Fail): Template {
  const parts = pieces(text, fail).map((piece): Template => {
    if (!piece.inside) return () => piece.text;
    const [, times = "", name = "", plus = ""] = /^(\d*)([a-z]\w*?)([+-]\d+)?$/.exec(piece.text) ?? [];
    if (!names.includes(name)) throw fail(`{${piece.text}} names nothing that stands on the left`, names.length > 0 ? `there are ${names.join(", ")}` : undefined);
    if (times === "" && plus === "") return (caught) => caught[name] as string;
    return (caught) => String(Number(times || "1") * Number(caught[name]) + Number(plus || "0"));
  });
  return (caught) => parts.map((part) => part(caught)).join("");
}

interface Piece {
  readonly inside: boolean;
  readonly text: string;
}

function pieces(text: string, fail: Fail): Piece[] {
  if (!/^([^{}]|\{[^{}]*\})*$/.test(text)) throw fail(`${text} has a { or } without its other half`);
  return text.split(/(\{[^{}]*\})/).filter((t) => t !== "").map((t) => (t.startsWith("{") ? { inside: true, text: t.slice(1, -1) } : { inside: false, text: t }));
}
