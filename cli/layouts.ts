// Layouts by name or path: `ugatit-pytorch` is the one that ships, `mine.layout` a file of the user's.
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UserError } from "../runtime/files/errors";
import { type Layout, parseLayout } from "../runtime/import/layout";
import { distUrl } from "./commands/train";
import { readText } from "./spec";

const ENDING = ".layout";
const shipped = (): string => fileURLToPath(new URL("../layouts", distUrl()));

export function loadLayout(name: string): Layout {
  if (name.endsWith(ENDING) || existsSync(name)) return parseLayout(name, readText(name));
  const own = `${shipped()}/${name}${ENDING}`;
  if (existsSync(own)) return parseLayout(`layouts/${name}${ENDING}`, readText(own));
  const known = existsSync(shipped()) ? readdirSync(shipped()).filter((f) => f.endsWith(ENDING)).map((f) => f.slice(0, -ENDING.length)) : [];
  throw new UserError(`there is no layout ${name}`, `there is ${known.join(", ")}; or name a file that ends in ${ENDING} (docs/layouts.md says how to write one)`);
}
