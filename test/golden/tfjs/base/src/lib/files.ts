// Files written whole or not at all, and what went wrong with them in words.
import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "./mistake.js";

/** The `code` of a system error, such as ENOENT. */
export function errorCode(e: unknown): string | undefined {
  return e instanceof Error && "code" in e && typeof e.code === "string" ? e.code : undefined;
}

/** System errors that a person can do something about, in words; others as they are. */
export function explained(e: unknown, path: string): unknown {
  const words: Readonly<Record<string, string>> = {
    ENOENT: "no such file or folder",
    EACCES: "permission denied",
    EPERM: "the system does not permit this",
    EROFS: "the disk is read-only",
    ENOTDIR: "a part of this path is a file, not a folder",
    EISDIR: "is a folder, a file was expected",
    ENOSPC: "the disk is full",
  };
  const why = words[errorCode(e) ?? ""];
  return why ? new UserError(`${path}: ${why}`) : e;
}

/** Writes to a temporary name beside `path`, then renames: whoever looks sees the old contents or the new. Makes the folder. */
export async function writeWhole(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "wx");
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (e) {
    await rm(temporary, { force: true });
    throw explained(e, path);
  }
}
