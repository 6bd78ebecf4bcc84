// "Too small a picture for so many layers" is best answered with the depth that fits: found by compiling again.
import type { Diagnostic } from "../dsl/diagnostic";
import type { Compiled } from "./compile";
import { rules } from "./diagnostics/table";

const SMALL: readonly string[] = [rules.padTooWide.code, rules.windowTooLarge.code];
const count = (c: Compiled): number => c.diagnostics.filter((d) => SMALL.includes(d.code)).length;

/** The diagnostics with a hint that names the value of a param that fits, where lowering one does. */
export function fitting(c: Compiled, params: readonly string[], again: (set: string[]) => Compiled): Diagnostic[] {
  for (const name of params) {
    const value = c.params.get(name)?.value;
    if (typeof value !== "number") continue;
    for (let lower = value - 1; lower >= Math.max(1, value - 4); lower--) {
      if (count(again([`${name}=${lower}`])) >= count(c)) continue;
      const hint = `\`${name}\` = ${lower} fits: --set ${name}=${lower} (it is ${value})`;
      return c.diagnostics.map((d) => (SMALL.includes(d.code) ? { ...d, hint } : d));
    }
  }
  return [...c.diagnostics];
}
