// Training in a process whose memory allocator keeps large blocks. glibc gives them back to the system at once and takes them
// anew, page by page, several hundred times a step: bench/README.md has what that costs. And whose
// JavaScript heap stays small. The settings of both are read when a process starts, so the command starts itself again with them. (Those of V8's
// compilers, SPARING, count from when they are set.)
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { UserError } from "../runtime/files/errors";
// Benches start their processes with the same.
import settings from "./process.json" with { type: "json" };

/** glibc's mallopt(3) by environment: blocks to 32 MiB (older versions of it take no more) come from the heap, up to 1 GiB of free heap is kept, one arena. */
const MALLOC: Readonly<Record<string, string>> = settings.malloc;
/**
 * Young objects are collected by the thread that made them, as the other core has graphs to open, and get 3 × 4 MiB from the start, and more while a
 * compilation makes many (`collectGarbage` takes that back). A step on onnxruntime makes few, one on TensorFlow.js many.
 */
const YOUNG: readonly string[] = settings.young;
/**
 * V8's optimizing compiler works beside us in threads of its own: in the three seconds of a compilation it took as much time as the compilation, on
 * the core that opens graphs meanwhile. It is to take only what is run often, and to put less into one function; everything else is compiled once,
 * plainly, rather than interpreted.
 */
export const SPARING: readonly string[] = settings.sparing;
const MARK = "GANC_TUNED";

/** Commands that train or measure. */
export const TUNED: readonly string[] = ["train", "tune", "demo"];

/**
 * This same command in a process where the allocator is set, to its end. False, at once, where this is such a process or there is none: the
 * command's work is done here. `cli.js` asks before it loads anything of the command, which saves a tenth of a second.
 *
 * @param native whether steps run in onnxruntime alone, without JavaScript between operations
 */
export async function inTuned(native: boolean): Promise<boolean> {
  if (process.env[MARK] !== undefined) {
    // Whoever started us is gone (killed, perhaps): two trainings of one run must never live side by side.
    process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
    process.channel?.unref();
    return false;
  }
  const mine = Object.fromEntries(Object.entries(MALLOC).filter(([name]) => process.env[name] === undefined));
  if (process.platform !== "linux" || Object.keys(mine).length === 0) return false;
  const heap = native && !process.env["NODE_OPTIONS"]?.includes("semi-space-size") ? YOUNG : [];
  const child = spawn(process.execPath, [...heap, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, ...mine, [MARK]: "1" },
  });
  // A terminal sends Ctrl-C to both of us; only the child acts on it. Other senders reach this process alone.
  const ignore = (): void => undefined;
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on("SIGINT", process.stdin.isTTY ? ignore : pass);
  process.on("SIGTERM", pass);
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", (e: NodeJS.ErrnoException) => reject(new UserError(`the training's process cannot be started: ${e.code ?? e.message}`, "too little memory, or too many processes?")));
    child.on("exit", (status, signal) => {
      // A person who stops it knows; the system's out-of-memory killer says nothing.
      if (signal === "SIGKILL" || signal === "SIGSEGV" || signal === "SIGABRT") process.stderr.write(`error: the training's process was ended by ${signal}${signal === "SIGKILL" ? " (out of memory?)" : ""}\n`);
      resolve(status ?? 128 + (signal ? constants.signals[signal] : 1));
    });
  });
  process.exitCode = code;
  return true;
}
