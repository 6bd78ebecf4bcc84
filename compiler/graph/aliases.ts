import { countOf } from "./shape";
import type { GraphNode, OpName } from "./types";

/** Operations whose result lies in their operand's memory, or in none worth counting. */
export const ALIASES: ReadonlySet<OpName> = new Set<OpName>(["input", "constant", "size", "rename", "flatten", "unflatten", "squeeze", "unsqueeze", "stop"]);

/** Bytes that a node's value takes of its own. */
export const bytesOf = ({ op, shape }: GraphNode): number => (ALIASES.has(op) ? 0 : 4 * countOf(shape));
