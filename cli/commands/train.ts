import { listData } from "../../runtime/data/folder";
import type { Json } from "../../runtime/data/types";
import { closeThread, expect, give, type ModelFile, openThread, startTraining, stopOnInterrupt, type Training, type TrainingThread } from "../../runtime/train/start";
import { DEFAULT_SEED } from "../../runtime/train/init";
import { ProgressView } from "../../runtime/train/progress";
import { refuseMixedRuns } from "../../runtime/train/run-folder";
import type { Outcome, TrainSettings } from "../../runtime/train/types";
import type { Lowerings } from "../../compiler/lowering";
import { TRAINING_MODULE, type TfjsChoice } from "../../runtime/engine/tfjs-open";
import type { TfjsPackage } from "../../runtime/tfjs/packages";
import type { Program } from "../../compiler/program";
import { GraphCache } from "../cache";
import { bundled, projectOf } from "../emit-tfjs";
import { loweringsOf, loweringsOfRun } from "../lowerings";
import { loadFitting } from "../memory";
import { type Choices, type LoweringFlags, TRAIN_DEFAULTS, UsageError } from "../options";
import { firstExportOf, type Meanwhile, prepare } from "../prepare";
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
  /** False: neither taken from earlier trainings' graphs nor kept for later ones. */
  readonly cache?: boolean;
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
  // Before the spec is compiled: who names a folder by mistake should not wait to hear it.
  refuseMixedRuns({ run: flags.out, resume: flags.resume === true });
  const thread = openThread({ onnx: tfjs === undefined, threads: flags.threads }, new URL("./worker.js", distUrl()));
  let begun: Begun | undefined;
  try {
    begun = await beginIn(thread, path, flags, tfjs);
  } finally {
    if (!begun) await closeThread(thread);
  }
  return begun;
}

/** The compiled spec is left behind here: the training needs none of it. */
async function beginIn(thread: TrainingThread, path: string, flags: TrainFlags, tfjs: TfjsChoice | undefined): Promise<Begun | undefined> {
  const lowerings = flags.resume === true ? loweringsOfRun(flags.out, flags) : loweringsOf(flags);
  const spec = await (tfjs ? compiledForTfjs(path, flags, lowerings) : preparedForOnnx(path, flags, lowerings, {
    onTrained: (weights) => expect(thread, weights, flags.resume ? undefined : (flags.seed ?? DEFAULT_SEED)),
    onModel: (model) => give(thread, model),
  }));
  if (!spec) return undefined;
  const { program, notes, source, models, firstExport } = spec;
  const settings: TrainSettings = {
    run: flags.out, source, notes: jsonOf(notes), data: flags.data, resume: flags.resume === true,
    checkpointEvery: flags.checkpointEvery, picturesEvery: flags.picturesEvery,
    ...(flags.steps === undefined ? {} : { steps: flags.steps }), ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.strict ? { strict: true } : {}), ...(flags.keep === undefined ? {} : { keep: flags.keep }), ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    ...(flags.profile === undefined ? {} : { profile: flags.profile }), ...(tfjs ? { tfjs } : {}),
  };
  const out = process.stdout;
  const view = new ProgressView({ write: (text) => void out.write(text), isTTY: out.isTTY === true, columns: out.columns ?? 100 }, { json: flags.json === true });
  const training = startTraining(thread, program, models, settings, view.onEvent);
  return { training, view, firstExport };
}

/** What a training is of, whatever it runs on. */
interface Trainable {
  readonly program: Program;
  /** The spec's text. */
  readonly source: string;
  readonly notes: RunNotes;
  readonly models: Iterable<ModelFile>;
  readonly firstExport: string;
}

/** Looked for as soon as it is known which folders the spec reads: who mistypes one should not wait for a training to begin. */
const dataIsThere = (flags: TrainFlags, program: Program): Promise<unknown> => listData(flags.data, "train", [...new Set(program.data.map((d) => d.folder))]);

async function preparedForOnnx(path: string, flags: TrainFlags, lowerings: Lowerings | undefined, meanwhile: Meanwhile): Promise<Trainable | undefined> {
  const profiled = flags.profile !== undefined;
  const cache = profiled || flags.cache === false ? undefined : GraphCache.ofUser(new URL("./ganc.cjs", distUrl()));
  const made = prepare(path, flags, lowerings, cache, profiled, meanwhile);
  if (!made) return undefined;
  const { prepared: { program, imports, firstExport, source }, models } = made;
  await dataIsThere(flags, program);
  return { program, source: source.text, notes: notesOf(source.path, flags, imports, program), models, firstExport };
}

async function compiledForTfjs(path: string, flags: TrainFlags, lowerings: Lowerings | undefined): Promise<Trainable | undefined> {
  const c = loadFitting(path, flags, compileOptionsOf(lowerings));
  if (!c.program) return undefined;
  await dataIsThere(flags, c.program);
  const notes = notesOf(c.source.path, flags, importsOf(c), c.program);
  const models = [[TRAINING_MODULE, Buffer.from(await bundled(projectOf(c, notes)))] as const];
  return { program: c.program, source: c.source.text, notes, models, firstExport: firstExportOf(c.program) };
}

const notesOf = (path: string, { set = [], variant = [] }: TrainFlags, imports: RunNotes["imports"], { lowerings }: Program): RunNotes =>
  ({ path, set, variants: variant, imports, ...(lowerings ? { lowerings } : {}) });

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
