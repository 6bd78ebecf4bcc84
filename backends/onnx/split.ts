import type { Emitter, Part } from "./emitter";
import { int, type Operator } from "./operator";

interface Named extends Part {
  readonly name: string;
}

/** Slices that together are all of a value, one beside the other, as one Split: one pass, where as many slices take one each. */
export function splitOnce(operators: readonly Operator[], e: Emitter): Operator[] {
  const groups = new Map<string, Named[]>();
  for (const [name, part] of e.parts) {
    const key = `${part.axis} ${part.value}`;
    groups.set(key, [...(groups.get(key) ?? []), { ...part, name }]);
  }
  /** In place of the first Slice of a group; undefined for the others. */
  const instead = new Map<string, Operator | undefined>();
  for (const group of groups.values()) {
    const parts = [...group].sort((a, b) => a.start - b.start);
    if (!areWhole(parts)) continue;
    const [{ value, axis }] = parts as [Named];
    for (const { name } of group) instead.set(name, undefined);
    instead.set(group[0]!.name, { type: "Split", inputs: [value, e.ints(parts.map((p) => p.size))], outputs: parts.map((p) => p.name), attributes: { axis: int(axis) } });
  }
  return operators.flatMap((o) => (instead.has(o.outputs[0]!) ? (instead.get(o.outputs[0]!) ?? []) : [o]));
}

function areWhole(parts: readonly Part[]): boolean {
  let end = 0;
  for (const { start, size } of parts) {
    if (start !== end) return false;
    end += size;
  }
  return parts.length > 1 && end === parts[0]!.total;
}
