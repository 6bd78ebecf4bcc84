import { listData } from "../../runtime/data/folder";
import type { Json } from "../../runtime/data/types";
import { startTraining, stopOnInterrupt } from "../../runtime/train/start";
import { ProgressView } from "../../runtime/train/progress";
import type { Outcome, TrainSettings } from "../../runtime/train/types";
import type { Lowerings } from "../../compiler/lowering";
import { emitForTraining, withChosenForms } from "../emit";
import { loweringsOf, loweringsOfRun } from "../lowerings";
import type { Choices, LoweringFlags } from "../options";
import { compileOptionsOf, importsOf, loadOrFail } from "../spec";

export interface TrainFlags extends Choices, LoweringFlags {
  readonly data: string;
  readonly out: string;
  readonly steps?: number;
  readonly seed?: number;
  readonly resume?: boolean;
  readonly strict?: boolean;
  readonly checkpointEvery: number;
  readonly picturesEvery: number;
  readonly keep?: number;
  readonly threads?: number;
  readonly profile?: string;
  readonly json?: boolean;
}

/** What a checkpoint keeps beside the spec's text, so that `translate` can compile it again. */
export interface RunNotes {
  readonly path: string;
  readonly set: readonly string[];
  readonly variants: readonly string[];
  readonly imports: Readonly<Record<string, string>>;
  /** The form of every convolution, and what is refused. */
  readonly lowerings?: Lowerings;
}

export async function trainCommand(path: string, flags: TrainFlags): Promise<Outcome | undefined> {
  const lowerings = flags.resume === true ? loweringsOfRun(flags.out, flags) : loweringsOf(flags);
  const loaded = loadOrFail(path, flags, compileOptionsOf(lowerings));
  if (!loaded.program) return undefined;
  const c = { ...loaded, program: withChosenForms(loaded.program, loaded.graphs) };
  // Looked for before the graphs are made: who mistypes a folder should not wait to hear it.
  await listData(flags.data, "train", [...new Set(c.program.data.map((d) => d.folder))]);
  const notes: RunNotes = { path: c.source.path, set: flags.set ?? [], variants: flags.variant ?? [], imports: importsOf(c), ...(c.program.lowerings ? { lowerings: c.program.lowerings } : {}) };
  const settings: TrainSettings = {
    run: flags.out, source: c.source.text, notes: jsonOf(notes), data: flags.data, resume: flags.resume === true,
    checkpointEvery: flags.checkpointEvery, picturesEvery: flags.picturesEvery,
    ...(flags.steps === undefined ? {} : { steps: flags.steps }), ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.strict ? { strict: true } : {}), ...(flags.keep === undefined ? {} : { keep: flags.keep }), ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    ...(flags.profile === undefined ? {} : { profile: flags.profile }),
  };
  const out = process.stdout;
  const view = new ProgressView({ write: (text) => void out.write(text), isTTY: out.isTTY === true, columns: out.columns ?? 100 }, { json: flags.json === true });
  const training = startTraining(c.program, emitForTraining(c), settings, { onEvent: view.onEvent, worker: new URL("./worker.js", distUrl()) });
  const undo = stopOnInterrupt(training, (line) => view.line(line));
  try {
    const outcome = await training.done;
    view.close();
    if (flags.json) return outcome;
    if (outcome.kind === "stopped") out.write(`stopped at step ${outcome.step} of ${outcome.total}; go on with: ${againCommand(path, flags)}\n`);
    else out.write(`${outcome.total} steps are done. Look at ${flags.out}/report.html; translate with: ganc translate ${flags.out} --export ${c.program.exports[0]?.name ?? "A2B"} --in DIR --out DIR\n`);
    return outcome;
  } finally {
    view.close();
    undo();
  }
}

export const jsonOf = (notes: object): Json => JSON.parse(JSON.stringify(notes)) as Json;

/** The folder of the bundle, where the worker lies, too. */
export const distUrl = (): URL => new URL(".", import.meta.url);

/** The command that goes on with a run. */
export function againCommand(path: string, flags: Pick<TrainFlags, "set" | "variant" | "data" | "out">): string {
  const quoted = (s: string): string => (/^[\w./=:-]+$/.test(s) ? s : `'${s.replaceAll("'", "'\\''")}'`);
  const choices = [...(flags.set ?? []).map((s) => `--set ${quoted(s)}`), ...(flags.variant ?? []).map((v) => `--variant ${quoted(v)}`)];
  return ["ganc train", quoted(path), "--data", quoted(flags.data), "--out", quoted(flags.out), ...choices, "--resume"].join(" ");
}
