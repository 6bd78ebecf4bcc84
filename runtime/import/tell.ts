// What a person should know of an import that succeeded.
import type { Fit } from "./fit.ts";
import type { Layout } from "./layout.ts";
import type { Survey } from "./survey.ts";

const SHOWN = 4;

export function told(layout: Layout, { sources, leftOver, under }: Fit, { nonFinite, outside }: Survey, oldVariance: boolean): string[] {
  const remarks: string[] = [];
  if (under !== "") remarks.push(`the networks were found in ${under.slice(0, -1)}`);
  const fresh = sources.filter((s) => !s.found).map((s) => s.pair.ours.name);
  if (fresh.length > 0) remarks.push(`missing, and begun as in a fresh run: ${list(fresh)}`);
  if (leftOver.length > 0) remarks.push(`passed over: ${list(leftOver)}`);
  if (nonFinite.length > 0) remarks.push(`not finite: ${list(nonFinite.map(({ name, count }) => `${count} number${count === 1 ? "" : "s"} of ${name}`))}; pictures and training will show it`);
  const [first] = outside;
  if (first) {
    const proof = layout.outside === undefined ? "" : `. ${layout.outside}${oldVariance || !layout.options.has("old-variance") ? "" : " Import it with --old-variance."}`;
    remarks.push(`${first.name} has values from ${shown(first.low)} to ${shown(first.high)}, outside [${first.range.join(", ")}]${outside.length > 1 ? `, and so have ${outside.length - 1} more tensors` : ""}${proof}`);
  }
  return [...remarks, ...(oldVariance ? ["imported with the formula of old files, as --old-variance says"] : layout.notes)];
}

/** Digits enough for either side of a bound to be seen: 1.0000001 is not 1. */
const shown = (x: number): string => String(Number(x.toPrecision(7)));

function list(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}
