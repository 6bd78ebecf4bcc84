import type { Emitter, Part } from "./emitter";
import { int, type Operator } from "./operator";

/** Slices that together are all of a value, one beside the other, as one Split: one pass, where as many slices take one each. */
export function splitOnce(operators: readonly Operator[], e: Emitter): Operator[] {
  const groups = new Map<string, { readonly name: string; readonly part: Part }[]>();
  for (const { type, outputs: [name] } of operators) {
    const part = type === "Slice" ? e.parts.get(name!) : undefined;
    if (!part) continue;
    const key = keyOf(part);
    groups.set(key, [...(groups.get(key) ?? []), { name: name!, part }]);
  }
  const written = new Set<string>();
  return operators.flatMap((o) => {
    const part = o.type === "Slice" ? e.parts.get(o.outputs[0]!) : undefined;
    const group = part && groups.get(keyOf(part))!.sort((a, b) => a.part.start - b.part.start);
    if (!part || !group || !areWhole(group.map((g) => g.part))) return [o];
    if (written.has(keyOf(part))) return [];
    written.add(keyOf(part));
    return [{ type: "Split", inputs: [part.value, e.ints(group.map((g) => g.part.size))], outputs: group.map((g) => g.name), attributes: { axis: int(part.axis) } }];
  });
}

const keyOf = ({ value, axis }: Part): string => `${axis} ${value}`;

function areWhole(parts: readonly Part[]): boolean {
  let end = 0;
  for (const { start, size } of parts) {
    if (start !== end) return false;
    end += size;
  }
  return parts.length > 1 && end === parts[0]!.total;
}
