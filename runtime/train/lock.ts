// One training at a time in a run's folder: RUN/training.lock says who. What a crash leaves behind must not be in the way, so a lock
// only counts while its process lives.
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { errorCode, explainFsError, UserError } from "../files/errors.ts";

export const LOCK_FILE = "training.lock";

interface Holder {
  readonly pid: number;
  /** When the process began, in the system's own count: a pid is given away again, the pair is not. Empty where the system does not say. */
  readonly born: string;
  readonly host: string;
  readonly token: string;
  readonly since: string;
}

export interface RunLock {
  /** Still here: asked after every step. Only other machines look at it, which cannot ask for the process. */
  renew(): void;
  release(): void;
}

/** Of another machine's lock nothing tells whether its process lives, but that it was renewed within this time. */
const FOREIGN_MS = 15 * 60_000;
const RENEW_MS = 30_000;

/** Throws a UserError while another training of this folder is at work. The folder must be there. */
export function lockRun(run: string): RunLock {
  const path = join(run, LOCK_FILE);
  const mine: Holder = { pid: process.pid, born: bornOf(process.pid) ?? "", host: hostname(), token: randomBytes(8).toString("hex"), since: new Date().toISOString() };
  // Twice at most: what is in the way the second time came since.
  for (let attempt = 1; !written(path, mine); attempt++) {
    const found = read(path);
    if (attempt > 2 || (found && isAtWork(path, found))) throw busy(run, path, found);
    putAside(run, path, found);
  }
  let renewed = performance.now();
  return {
    renew() {
      if (performance.now() - renewed < RENEW_MS) return;
      renewed = performance.now();
      try {
        utimesSync(path, new Date(), new Date());
      } catch {
        // Somebody has removed it: no reason to lose a training.
      }
    },
    release() {
      if (read(path)?.token === mine.token) rmSync(path, { force: true });
    },
  };
}

/** Throws a UserError while a training of this folder is at work. */
export function refuseWhileTrained(run: string): void {
  const path = join(run, LOCK_FILE);
  const found = read(path);
  if (found && isAtWork(path, found)) throw busy(run, path, found);
}

function written(path: string, mine: Holder): boolean {
  try {
    writeFileSync(path, `${JSON.stringify(mine)}\n`, { flag: "wx" });
    return true;
  } catch (e) {
    if (errorCode(e) === "EEXIST") return false;
    throw explainFsError(e, path);
  }
}

/** Undefined for a lock that is gone, or was never finished (a crash or a full disk while it was written). */
function read(path: string): Holder | undefined {
  try {
    const { pid, born, host, token, since } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const isSound = typeof pid === "number" && Number.isSafeInteger(pid) && pid > 0;
    return isSound ? { pid, born: String(born), host: String(host), token: String(token), since: String(since) } : undefined;
  } catch {
    return undefined;
  }
}

/** Two that find the same dead lock both move something away: the one who finds a living lock in his hand puts it back. */
function putAside(run: string, path: string, dead: Holder | undefined): void {
  const aside = join(run, `.${LOCK_FILE}.${randomBytes(6).toString("hex")}`);
  try {
    renameSync(path, aside);
  } catch (e) {
    if (errorCode(e) === "ENOENT") return;
    throw explainFsError(e, path);
  }
  const moved = read(aside);
  if (moved && moved.token !== dead?.token) renameSync(aside, path);
  else rmSync(aside, { force: true });
}

function isAtWork(path: string, { pid, born, host }: Holder): boolean {
  if (host !== hostname()) return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < FOREIGN_MS;
  const now = bornOf(pid);
  return now !== undefined && (born === "" || now === "" || now === born);
}

/** Undefined for a process that is no more. On Linux its beginning in clock ticks, with the boot it is counted from. */
function bornOf(pid: number): string | undefined {
  if (process.platform === "linux") {
    try {
      // pid (name) state ...: the name may hold anything, so what follows its last bracket is counted; the start is the 22nd field in all.
      const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(")").at(-1)?.trim().split(" ") ?? [];
      if (/^[ZX]/.test(fields[0] ?? "")) return undefined;
      return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()} ${fields[19] ?? ""}`;
    } catch (e) {
      if (errorCode(e) === "ENOENT" || errorCode(e) === "ESRCH") return undefined;
    }
  }
  try {
    process.kill(pid, 0);
    return "";
  } catch (e) {
    return errorCode(e) === "ESRCH" ? undefined : "";
  }
}

function busy(run: string, path: string, holder: Holder | undefined): UserError {
  if (!holder) return new UserError(`${run} is just being taken by another training`, "try again in a moment");
  const { pid, host, since } = holder;
  const elsewhere = host === hostname() ? "" : ` on ${host}`;
  return new UserError(`${run} is being trained already, by process ${pid}${elsewhere} since ${since}`, elsewhere === "" ? "wait until it is done, or stop it with Ctrl-C; two trainings need two folders" : `wait until it is done; if it ended without a word, remove ${path}`);
}
