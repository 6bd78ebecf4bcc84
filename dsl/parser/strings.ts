const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t" };

/** The value of a string as written, with or without its closing quote. */
export function unquote(image: string): string {
  const closed = /^"(?:[^"\\]|\\.)*"$/.test(image);
  return image.slice(1, closed ? -1 : undefined).replace(/\\(.)/g, (_, c: string) => ESCAPES[c] ?? c);
}

/** The one canonical way to write a string of this value. */
export function quote(value: string): string {
  const inner = value.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `"${inner}"`;
}
