import { join } from "node:path";
import { existsSync, readFileSync } from "node:fs";
import { UserError } from "../../runtime/files/errors";
import { evaluatePairs, evaluationRows } from "../evaluation";
import { UsageError } from "../options";
import { print, table } from "../table";
import { openRun } from "../weights";

export async function evaluateCommand(path: string, flags: { pairs?: boolean; data?: string; json?: boolean }): Promise<void> {
  if (!flags.pairs) throw new UsageError("evaluate measures against true pairs: give --pairs");
  const run = openRun(path);
  try {
    const made = await evaluatePairs(run, flags.data ?? dataOf(path));
    if (flags.json) return print(JSON.stringify(made));
    print(`${made.pairs} true pairs, pictures in [-1, 1]\n`);
    print(table(["export", "what", "L1", "SSIM", "chroma"], evaluationRows(made)));
  } finally {
    run.close();
  }
}

/** The folder the run was trained on. */
function dataOf(run: string): string {
  const file = join(run, "run.json");
  try {
    const known = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { data?: unknown }).data : undefined;
    if (typeof known === "string") return known;
  } catch {
    // A file that is no JSON says as little as none.
  }
  throw new UserError(`${run} does not say which data it was trained on`, "name the folder with --data DIR");
}
