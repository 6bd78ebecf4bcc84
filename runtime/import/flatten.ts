// A file's nested dictionaries as one list of names: genA2B, then DownBlock.1.weight, is genA2B.DownBlock.1.weight.
import { UserError } from "../files/errors.ts";
import { printable } from "./printable.ts";
import { Dict, List, Tuple, type Value } from "./pickle.ts";
import { isTensor, type TensorView } from "./torch.ts";

const DEEPEST = 32;
/** A value may be referred to from many places, and those from many again: what is walked is counted, not what was read. */
const MOST_VALUES = 200_000;
/** A key of a megabyte costs a file nothing where it stands before many; a real name has some 50 characters. */
const LONGEST_NAME = 500;

export function flattenTensors(path: string, root: Value): Map<string, TensorView> {
  const found = new Map<string, TensorView>();
  let walked = 0;
  const walk = (value: Value, name: string, depth: number): void => {
    if (++walked > MOST_VALUES) throw new UserError(`${path} is refused: it holds more than ${MOST_VALUES.toLocaleString("en")} values`);
    if (depth > DEEPEST) throw new UserError(`${path} is refused: its dictionaries lie in one another more than ${DEEPEST} deep`);
    const inside = (key: Value | number, of: Value) => walk(of, name === "" ? String(key) : `${name}.${String(key)}`, depth + 1);
    if (name.length > LONGEST_NAME) throw new UserError(`${path} is refused: it holds a name of ${name.length.toLocaleString("en")} characters`);
    if (isTensor(value)) {
      if (found.has(name)) throw new UserError(`${path} holds ${printable(name)} twice`);
      found.set(name, value);
    } else if (value instanceof Dict) {
      for (const [key, of] of value.entries) if (typeof key === "string" || typeof key === "number") inside(key, of);
    } else if (value instanceof List || value instanceof Tuple) {
      value.items.forEach((of, i) => inside(i, of));
    }
  };
  walk(root, "", 0);
  return found;
}
