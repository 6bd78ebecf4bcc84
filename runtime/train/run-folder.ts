// What a run's folder says of it before anything is opened.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { listCheckpoints } from "../checkpoint/store.ts";
import { UserError } from "../files/errors.ts";

export const RUN_FILE = "run.json";

/** Whether there is a checkpoint to go on from. A run that was killed before its first one begins again, to the same end. */
export function refuseMixedRuns({ run, resume }: { readonly run: string; readonly resume: boolean }): boolean {
  const has = listCheckpoints(run).length > 0;
  if (has && !resume) throw new UserError(`${run} holds a run already`, "go on with it by --resume, or choose another folder with --out");
  if (resume && !has && !existsSync(join(run, RUN_FILE))) throw new UserError(`${run} has no run to go on with`, "begin one without --resume");
  return has;
}
