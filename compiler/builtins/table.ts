// The prelude: what every spec can name without an import.
import { chance } from "./chance";
import { data } from "./data";
import { layers } from "./layers";
import { math } from "./math";
import { shapes } from "./shapes";
import { training } from "./training";
import type { Builtin } from "./signature";

export const builtins: ReadonlyMap<string, Builtin> = new Map(
  [...layers, ...math, ...shapes, ...chance, ...data, ...training].map((b) => [b.name, b]),
);
