import { listData } from "../../runtime/data/folder";
import type { Json } from "../../runtime/data/types";
import { openThread, startTraining, stopOnInterrupt, type Training, type TrainingThread } from "../../runtime/train/start";
import { ProgressView } from "../../runtime/train/progress";
import type { Outcome, TrainSettings } from "../../runtime/train/types";
import type { Lowerings } from "../../compiler/lowering";
import { TRAINING_MODULE, type TfjsChoice } from "../../runtime/engine/tfjs-open";
import type { TfjsPackage } from "../../runtime/tfjs/packages";
import { emitForTraining, withChosenForms } from "../emit";
import { bundled, projectOf } from "../emit-tfjs";
import { loweringsOf, loweringsOfRun } from "../lowerings";
import { loadFitting } from "../memory";
import { type Choices, type LoweringFlags, TRAIN_DEFAULTS, UsageError } from "../options";
import { compileOptionsOf, importsOf } from "../spec";

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
  readonly engine?: string;
  /** Bytes. */
  readonly memory?: number;
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
  const begun = await begin(path, flags);
  if (!begun) return undefined;
  const { training, view, firstExport } = begun;
  const out = process.stdout;
  const undo = stopOnInterrupt(training, (line) => view.line(line));
  try {
    const outcome = await training.done;
    view.close();
    if (flags.json) return outcome;
    if (outcome.kind === "stopped") out.write(`stopped at step ${outcome.step} of ${outcome.total}; go on with: ${againCommand(path, flags)}\n`);
    else out.write(`${outcome.total} steps are done. Look at ${flags.out}/report.html; translate with: ganc translate ${flags.out} --export ${firstExport} --in DIR --out DIR\n`);
    return outcome;
  } finally {
    view.close();
    undo();
  }
}

interface Begun {
  readonly training: Training;
  readonly view: ProgressView;
  readonly firstExport: string;
}

async function begin(path: string, flags: TrainFlags): Promise<Begun | undefined> {
  const tfjs = tfjsOf(flags);
  const thread = openThread(tfjs === undefined, new URL("./worker.js", distUrl()));
  let begun: Begun | undefined;
  try {
    begun = await beginIn(thread, path, flags, tfjs);
  } finally {
    if (!begun) await thread.worker.terminate();
  }
  return begun;
}

/** The compiled spec is left behind here: the training needs none of it. */
async function beginIn(thread: TrainingThread, path: string, flags: TrainFlags, tfjs: TfjsChoice | undefined): Promise<Begun | undefined> {
  const lowerings = flags.resume === true ? loweringsOfRun(flags.out, flags) : loweringsOf(flags);
  const loaded = loadFitting(path, flags, compileOptionsOf(lowerings));
  if (!loaded.program) return undefined;
  const c = { ...loaded, program: tfjs ? loaded.program : withChosenForms(loaded.program, loaded.graphs) };
  // Looked for before the graphs are made: who mistypes a folder should not wait to hear it.
  await listData(flags.data, "train", [...new Set(c.program.data.map((d) => d.folder))]);
  const notes: RunNotes = { path: c.source.path, set: flags.set ?? [], variants: flags.variant ?? [], imports: importsOf(c), ...(c.program.lowerings ? { lowerings: c.program.lowerings } : {}) };
  const settings: TrainSettings = {
    run: flags.out, source: c.source.text, notes: jsonOf(notes), data: flags.data, resume: flags.resume === true,
    checkpointEvery: flags.checkpointEvery, picturesEvery: flags.picturesEvery,
    ...(flags.steps === undefined ? {} : { steps: flags.steps }), ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.strict ? { strict: true } : {}), ...(flags.keep === undefined ? {} : { keep: flags.keep }), ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    ...(flags.profile === undefined ? {} : { profile: flags.profile }), ...(tfjs ? { tfjs } : {}),
  };
  const out = process.stdout;
  const view = new ProgressView({ write: (text) => void out.write(text), isTTY: out.isTTY === true, columns: out.columns ?? 100 }, { json: flags.json === true });
  const models = tfjs ? [[TRAINING_MODULE, Buffer.from(await bundled(projectOf(c, notes)))] as const] : emitForTraining(c, flags.profile !== undefined);
  const training = startTraining(thread, c.program, models, settings, view.onEvent);
  return { training, view, firstExport: c.program.exports[0]?.name ?? "A2B" };
}

/** `--engine` as a choice of TensorFlow.js, or undefined for onnxruntime. */
function tfjsOf({ engine = "onnx", profile, threads, memory }: TrainFlags): TfjsChoice | undefined {
  if (engine === "onnx") return undefined;
  const packages: Readonly<Record<string, TfjsPackage | undefined>> = { tfjs: undefined, "tfjs-node-gpu": "tfjs-node-gpu", "tfjs-node": "tfjs-node", "tfjs-cpu": "tfjs" };
  if (!(engine in packages)) throw new UsageError(`--engine takes onnx, ${Object.keys(packages).join(", ")}, not ${engine}`);
  if (profile !== undefined) throw new UsageError("--profile goes with --engine onnx");
  if (memory !== undefined) throw new UsageError("--memory goes with --engine onnx: TensorFlow.js plans nothing ahead");
  if (threads !== undefined) throw new UsageError("--threads goes with --engine onnx: TensorFlow takes TF_NUM_INTRAOP_THREADS from the environment");
  const chosen = packages[engine];
  return { from: process.env["TFJS_PACKAGES"] || process.cwd(), ...(chosen ? { package: chosen } : {}) };
}

export const jsonOf = (notes: object): Json => JSON.parse(JSON.stringify(notes)) as Json;

/** The folder of the bundle, where the worker lies, too. */
export const distUrl = (): URL => new URL(".", import.meta.url);

type Again = Pick<TrainFlags, "set" | "variant" | "data" | "out"> & Partial<Pick<TrainFlags, keyof typeof KEPT | "strict" | "engine">>;
const DEFAULTS: Readonly<Record<string, number>> = TRAIN_DEFAULTS;
/** What a run goes on with as it began, where it was not left at its default. */
const KEPT = { checkpointEvery: "checkpoint-every", picturesEvery: "pictures-every", keep: "keep", threads: "threads", memory: "memory" } as const;

/** The command that goes on with a run. */
export function againCommand(path: string, flags: Again): string {
  const quoted = (s: string): string => (/^[\w./=:-]+$/.test(s) ? s : `'${s.replaceAll("'", "'\\''")}'`);
  const choices = [...(flags.set ?? []).map((s) => `--set ${quoted(s)}`), ...(flags.variant ?? []).map((v) => `--variant ${quoted(v)}`)];
  const kept = (Object.keys(KEPT) as (keyof typeof KEPT)[]).flatMap((k) => (flags[k] === undefined || flags[k] === DEFAULTS[k] ? [] : [`--${KEPT[k]} ${flags[k]}`]));
  const engine = flags.engine === undefined || flags.engine === "onnx" ? [] : [`--engine ${quoted(flags.engine)}`];
  return ["ganc train", quoted(path), "--data", quoted(flags.data), "--out", quoted(flags.out), ...choices, ...engine, ...kept, ...(flags.strict ? ["--strict"] : []), "--resume"].join(" ");
}
