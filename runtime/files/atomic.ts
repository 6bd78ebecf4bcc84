import { randomBytes } from "node:crypto";
import { open, readdir, rename, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode, explainFsError } from "./errors";

/** Marks a file that is being written; a reader or a cleaner of leftovers may ignore what ends so. */
export const temporarySuffix = ".ganc-tmp";

/** Bytes to be written: one block, or several that follow one another (a checkpoint need not be joined in memory first). */
export type Contents = string | Uint8Array | Iterable<Uint8Array>;

/**
 * Writes a whole file or nothing: a temporary name in the same folder, fsync, rename, fsync of the folder. Whoever reads `path`
 * at any moment (a SIGKILL or a loss of power included) sees the old contents or the new, never a part.
 * Throws a UserError for a full disk, missing rights and the like; the temporary file is then removed.
 */
export async function writeAtomic(path: string, contents: Contents): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}${temporarySuffix}`);
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, "wx");
    if (typeof contents === "string") await file.writeFile(contents);
    else if (contents instanceof Uint8Array) await writeAll(file, contents);
    else for (const part of contents) await writeAll(file, part);
    await file.sync();
    await file.close();
    file = undefined;
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (e) {
    await file?.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
    throw explainFsError(e, path);
  }
}

/**
 * Removes what a killed `writeAtomic` left half-written in this folder (not below it), and says how many files that were. Call it only
 * where no other process is writing.
 */
export async function sweepTemporaries(folder: string): Promise<number> {
  try {
    const left = (await readdir(folder)).filter((name) => name.startsWith(".") && name.endsWith(temporarySuffix));
    for (const name of left) await rm(join(folder, name), { force: true });
    return left.length;
  } catch (e) {
    throw explainFsError(e, folder);
  }
}

/** One write call may take less than it was given, and on Linux never takes more than 2 GiB. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  const most = 1 << 30;
  for (let at = 0; at < bytes.byteLength;) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(most, bytes.byteLength - at));
    at += bytesWritten;
  }
}

/** The rename itself must reach the disk. Windows cannot open a folder, some network disks cannot sync one: no reason to fail. */
async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | undefined;
  try {
    folder = await open(path, "r");
    await folder.sync();
  } catch (e) {
    const code = errorCode(e);
    if (code === "EIO" || code === "ENOSPC") throw e;
  } finally {
    await folder?.close();
  }
}
