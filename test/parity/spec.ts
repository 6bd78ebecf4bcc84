// The text of specs/ugatit.gan, and changes of it that say so when the text has gone on without them.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
export const textOf = (path: string): string => readFileSync(at(path), "utf8");
export const SPEC = "specs/ugatit.gan";
export const UGATIT = textOf(SPEC);

/** Throws where the text holds nothing to replace: an edit that does nothing would compare a thing with itself. */
export function replaced(text: string, from: string | RegExp, to: string): string {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`the spec has no ${String(from)} any more`);
  return changed;
}
