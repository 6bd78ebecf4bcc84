import { createHash } from "node:crypto";
import { UserError } from "../files/errors";
import type { Json } from "./types";

/** Where a stream stands, as JSON. `item` decides; `epoch` and `index` say the same to a reader. */
export interface Position {
  readonly [key: string]: Json;
  readonly name: string;
  readonly seed: number | string;
  /** Draws consumed since the run began. */
  readonly item: number;
  readonly epoch: number;
  /** Draws consumed in this epoch. */
  readonly index: number;
  /** Draws skipped because their picture was damaged. */
  readonly skipped: number;
  /** How many files the folder had, and a hash of their names. */
  readonly count: number;
  readonly files: string;
}

/** A hash of the files' names below the folder they share, so that the data may move as a whole. */
export function fingerprint(files: readonly string[]): string {
  const parts = files.map((file) => file.split(/[\\/]/));
  const first = parts[0] ?? [];
  let shared = 0;
  while (shared < first.length - 1 && parts.every((p) => p.length > shared + 1 && p[shared] === first[shared]))
    shared++;
  const names = parts.map((p) => p.slice(shared).join("/"));
  return createHash("sha256").update(names.join("\n")).digest("hex").slice(0, 32);
}

/** Reads a stored position back. Throws a UserError if it is not one, or not of this data and these files. */
export function readPosition(stored: Json, name: string, files: readonly string[]): Position {
  const p = stored as Position | null; // each field is checked below
  const whole = (x: unknown): boolean => typeof x === "number" && Number.isSafeInteger(x) && x >= 0;
  const sound =
    typeof p === "object" &&
    p !== null &&
    [p.item, p.skipped, p.count].every(whole) &&
    (typeof p.seed === "number" || typeof p.seed === "string");
  if (!sound) throw new UserError(`the checkpoint's position in data ${name} is damaged`);
  if (p.name !== name)
    throw new UserError(`the checkpoint's position is of data ${String(p.name)}, not of data ${name}`);
  if (p.count !== files.length || p.files !== fingerprint(files)) {
    const change =
      p.count === files.length ? "its files have other names now" : `it had ${p.count} pictures, now ${files.length}`;
    throw new UserError(
      `data ${name} is not the folder this run began with: ${change}`,
      "resume needs the same files; or begin a new run with --out",
    );
  }
  return p;
}
