// A run's folder has one training at a time, and what a dead one left is not in the way.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { UserError } from "../../../runtime/files/errors";
import { LOCK_FILE, lockRun, refuseWhileTrained } from "../../../runtime/train/lock";

const folder = (): string => mkdtempSync(join(tmpdir(), "ganc-lock-"));
const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill("SIGKILL")));

function says(run: string): string {
  try {
    lockRun(run).release();
  } catch (e) {
    expect(e).toBeInstanceOf(UserError);
    return (e as UserError).message;
  }
  return "free";
}

/** A lock as this process would write it, but for some of it. */
function leave(run: string, lie: Readonly<Record<string, unknown>> = {}): void {
  const lock = lockRun(run);
  const path = join(run, LOCK_FILE);
  const holder = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  lock.release();
  writeFileSync(path, JSON.stringify({ ...holder, token: "another", ...lie }));
}

it("is held by one at a time, and free again when it is released", () => {
  const run = folder();
  const lock = lockRun(run);
  expect(says(run)).toMatch(new RegExp(`${run} is being trained already, by process ${process.pid} since 20..-`));
  expect(() => refuseWhileTrained(run)).toThrow("is being trained already");
  lock.release();
  expect(says(run)).toBe("free");
  expect(() => refuseWhileTrained(run)).not.toThrow();
  expect(readdirSync(run)).toEqual([]);
});

it("of a process that was killed is taken over, also while nobody has asked how it ended", () => {
  const run = folder();
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { stdio: "ignore" });
  children.push(child);
  leave(run, { pid: child.pid, born: "" });
  expect(says(run)).toContain(`by process ${child.pid}`);
  // Node collects a child at the next turn of its loop: until then it is a zombie.
  process.kill(child.pid!, "SIGKILL");
  spawnSync("sleep", ["0.3"]);
  if (process.platform === "linux") expect(readFileSync(`/proc/${child.pid}/stat`, "latin1")).toMatch(/\) Z /);
  expect(says(run)).toBe("free");
});

it.runIf(process.platform === "linux")("of a process whose number another has now is taken over", () => {
  const run = folder();
  leave(run);
  expect(says(run)).toContain("is being trained already");
  const other = folder();
  leave(other, { born: "another boot 1" });
  expect(says(other)).toBe("free");
});

it.each(["", "{", "null", `{"pid":"x"}`, `{"pid":-1}`])("that was never finished (%j) is taken over", (text) => {
  const run = folder();
  writeFileSync(join(run, LOCK_FILE), text);
  expect(says(run)).toBe("free");
});

it("of another machine counts as long as it is renewed", () => {
  const run = folder();
  leave(run, { host: `not-${hostname()}`, pid: 1 });
  expect(says(run)).toMatch(/by process 1 on not-/);
  const old = new Date(Date.now() - 16 * 60_000);
  utimesSync(join(run, LOCK_FILE), old, old);
  expect(says(run)).toBe("free");
});

it("that somebody else has taken meanwhile is not removed at the end", () => {
  const run = folder();
  const lock = lockRun(run);
  writeFileSync(join(run, LOCK_FILE), JSON.stringify({ pid: process.pid, born: "", host: hostname(), token: "theirs", since: "" }));
  lock.release();
  expect(existsSync(join(run, LOCK_FILE))).toBe(true);
});
