// One training from its settings: engine, data, checkpoint to go on from, then the loop. Runs in the worker thread.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { count } from "../../compiler/layout.ts";
import type { Program } from "../../compiler/program.ts";
import type { CheckpointInfo } from "../checkpoint/contents.ts";
import { CheckpointStore, makeFolder, removeTemporaries, type Restored } from "../checkpoint/store.ts";
import { collectGarbage } from "../engine/collect.ts";
import { OnnxEngine, type Models } from "../engine/onnx.ts";
import { openTfjs } from "../engine/tfjs-open.ts";
import type { Engine } from "../engine/types.ts";
import { writeAtomic } from "../files/atomic.ts";
import type { Begun } from "../engine/update/begun.ts";
import { UserError } from "../files/errors.ts";
import { openData, type OpenData } from "./data.ts";
import { DEFAULT_SEED, initialize } from "./init.ts";
import { lockRun } from "./lock.ts";
import { refuseMixedRuns, RUN_FILE } from "./run-folder.ts";
import { gridsOf } from "./pictures.ts";
import { Profile } from "./profile.ts";
import { Recorder } from "./recorder.ts";
import { totalSteps } from "./schedule.ts";
import { train } from "./trainer.ts";
import type { DataSource, DrawGrids, Emit, Outcome, TrainSettings } from "./types.ts";

export interface Host {
  readonly emit: Emit;
  readonly stopping: () => boolean;
  /** Other data and pictures than those of settings.data: tests need neither folders nor decoders. */
  readonly openData?: (program: Program, options: OpenData) => Promise<DataSource>;
  readonly drawGrids?: (program: Program, folder: string) => Promise<DrawGrids | undefined>;
  /** Weights and their memory, of the engine on onnxruntime, begun while the spec was compiled. */
  readonly begun?: Begun | undefined;
}

export async function runTraining(program: Program, models: Models, given: TrainSettings, host: Host): Promise<Outcome> {
  refuseMixedRuns(given);
  makeFolder(given.run);
  const lock = lockRun(given.run);
  const emit: Emit = (event) => {
    lock.renew();
    host.emit(event);
  };
  try {
    return await runLocked(program, models, given, { ...host, emit });
  } finally {
    lock.release();
  }
}

async function runLocked(program: Program, models: Models, given: TrainSettings, host: Host): Promise<Outcome> {
  const begun = refuseMixedRuns(given);
  const settings = begun ? given : asBegun(given, program);
  for (const folder of ["", "checkpoints", "pictures"]) removeTemporaries(join(settings.run, folder));
  // First the engine and all models: with some that cannot be made nothing has been begun.
  const profile = settings.profile === undefined ? undefined : new Profile(settings.profile);
  const traced = profile && { observe: profile.observe, profile: profile.prefixOf };
  const onnx = settings.tfjs ? undefined : await OnnxEngine.create(program, models, { threads: settings.threads, begun: host.begun, ...traced });
  const engine: Engine = onnx ?? (await openTfjs(program, models, settings.tfjs!, (message) => host.emit({ kind: "note", message })));
  await models.complete?.();
  await collectGarbage();
  let data: DataSource | undefined;
  let recorder: Recorder | undefined;
  let written = false;
  const writeProfile = async (): Promise<void> => {
    if (!profile || written) return;
    written = true;
    onnx?.endProfiling();
    await profile.write();
  };
  try {
    await writeRunFile(settings, program);
    const store = new CheckpointStore(settings.run, { keep: settings.keep, source: settings.source, notes: settings.notes });
    const restored = begun ? store.restore(engine) : undefined;
    // Imported weights are the beginning of a run: there is nothing to go on with but them.
    const progress = restored?.info.weightsOnly ? undefined : restored?.info;
    const seed = seedOf(settings, progress);
    if (!restored) initialize(engine, seed, host.begun);
    const { emit } = host;
    data = await (host.openData ?? openData)(program, {
      folder: settings.data,
      seed,
      strict: settings.strict,
      position: progress?.data,
      onSkip: ({ file, message, skipped }) => emit({ kind: "skip", file, message, skipped }),
    });
    if (profile) data = profile.watch(data, writeProfile);
    const drawGrids = await (host.drawGrids ?? gridsOf)(program, settings.data);
    const total = totalSteps(program, data.epoch, settings.steps ?? progress?.total);
    tellStart(restored, settings, data, total, seed, emit);
    const step = restored?.info.step ?? 0;
    recorder = new Recorder(settings.run, program, step, total);
    const { checkpointEvery, picturesEvery, reportEvery } = settings;
    const facts = factsOf(settings, program, engine, data, { total, seed });
    const start = { step, updates: restored?.info.updates ?? {}, checkpoint: restored?.path };
    const parts = { engine, data, store, recorder, drawGrids, emit, stopping: host.stopping };
    const outcome = await train({ total, seed, checkpointEvery, picturesEvery, reportEvery, facts }, start, parts);
    await writeProfile();
    return outcome;
  } finally {
    profile?.close();
    data?.close();
    recorder?.close();
    await engine.close();
  }
}

/** A run killed before its first checkpoint begins again as it began: with the seed and the steps that its run file says. */
function asBegun(settings: TrainSettings, program: Program): TrainSettings {
  const path = join(settings.run, RUN_FILE);
  if (!settings.resume || !existsSync(path)) return settings;
  let first: { readonly hash?: unknown; readonly seed?: unknown; readonly steps?: unknown };
  try {
    first = JSON.parse(readFileSync(path, "utf8")) as typeof first;
  } catch {
    throw new UserError(`${path} cannot be read`, "begin the run again without --resume");
  }
  if (first.hash !== program.hash) throw new UserError(`${settings.run} was begun with another spec or other settings, and has no checkpoint yet`, "give the same --set and --variant as before, or begin without --resume");
  if (typeof first.seed === "number" && settings.seed !== undefined && settings.seed !== first.seed)
    throw new UserError(`the run was begun with seed ${first.seed}, not ${settings.seed}`, "leave --seed away to go on with it");
  return {
    ...settings,
    ...(typeof first.seed === "number" ? { seed: first.seed } : {}),
    ...(settings.steps === undefined && typeof first.steps === "number" ? { steps: first.steps } : {}),
  };
}

function seedOf(settings: TrainSettings, progress: CheckpointInfo | undefined): number {
  if (!progress) return settings.seed ?? DEFAULT_SEED;
  const { seed } = progress;
  if (settings.seed !== undefined && settings.seed !== seed)
    throw new UserError(`the run was begun with seed ${seed}, not ${settings.seed}`, "leave --seed away to go on with it");
  return seed;
}

function tellStart(restored: Restored | undefined, settings: TrainSettings, data: DataSource, total: number, seed: number, emit: Emit): void {
  for (const message of restored?.warnings ?? []) emit({ kind: "warning", message: `${message}; going on from ${restored?.path}` });
  const info = restored?.info;
  if (settings.resume && !info) emit({ kind: "warning", message: `${settings.run} has no checkpoint yet: the run begins again at step 1` });
  if (info?.weightsOnly) emit({ kind: "warning", message: "the weights were imported: Adam's moments start at zero" });
  else if (info && info.total !== total) {
    emit({ kind: "warning", message: `the run was to have ${info.total} steps, now ${total}: a schedule in percent changes with it` });
  }
  if (info && !info.weightsOnly && info.epoch !== data.epoch) emit({ kind: "warning", message: `an epoch had ${info.epoch} steps, now ${data.epoch}` });
  for (const message of data.decided ?? []) emit({ kind: "note", message });
  emit({ kind: "begin", step: info?.step ?? 0, total, seed, resumed: restored?.path });
}

/** Who looks into the folder, or resumes before the first checkpoint, learns from it what was begun. Never changed afterwards. */
async function writeRunFile(settings: TrainSettings, program: Program): Promise<void> {
  const path = join(settings.run, RUN_FILE);
  if (settings.resume && existsSync(path)) return;
  const { spec, hash, settings: params } = program;
  const { data, notes = null, source, steps = null, seed = DEFAULT_SEED } = settings;
  await writeAtomic(path, `${JSON.stringify({ format: 1, spec, hash, steps, seed, data, settings: params, notes, source }, null, 1)}\n`);
}

function factsOf(settings: TrainSettings, program: Program, engine: Engine, data: DataSource, { total, seed }: { total: number; seed: number }): Record<string, string> {
  const trained = program.params.filter(({ optimizer }) => optimizer !== undefined);
  const parameters = trained.reduce((sum, { name }) => sum + count(engine.shape(`param:${name}`)), 0);
  return {
    data: settings.data,
    steps: total.toLocaleString("en"),
    "steps an epoch": data.epoch.toLocaleString("en"),
    batch: String(program.batch),
    seed: String(seed),
    "trained parameters": parameters.toLocaleString("en"),
    "program": program.hash.slice(0, 12),
  };
}
