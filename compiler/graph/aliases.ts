import type { OpName } from "./types";

/** Operations whose result lies in their operand's memory, or in none worth counting. */
export const ALIASES: ReadonlySet<OpName> = new Set<OpName>(["input", "constant", "size", "rename", "flatten", "unflatten", "squeeze", "unsqueeze", "stop"]);
