// A run's checkpoints: RUN/checkpoints/step-00000100.safetensors, the last few of them. Each is written whole or not at all.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../data/types.ts";
import type { Engine } from "../engine/types.ts";
import { temporarySuffix, writeAtomic } from "../files/atomic.ts";
import { errorCode, explainFsError, UserError } from "../files/errors.ts";
import { describeCheckpoint, readInfo, type CheckpointInfo, type Progress } from "./contents.ts";
import { TensorFile } from "./file.ts";
import { refuseOther } from "./match.ts";
import { bytesOf, DamagedFile, encodeSafetensors, type TensorEntry } from "./safetensors.ts";

export interface StoreOptions {
  /** How many are kept; 2 unless said: the newest, and one to fall back on. */
  readonly keep?: number;
  readonly source: string;
  readonly notes?: Json;
}

export interface Found {
  readonly path: string;
  readonly step: number;
}

export interface Restored {
  readonly path: string;
  readonly info: CheckpointInfo;
  /** Newer checkpoints that could not be read: why. */
  readonly warnings: readonly string[];
}

export function checkpointFolder(run: string): string {
  return join(run, "checkpoints");
}

/** All checkpoints of a run, the newest first. Does not look into them. */
export function listCheckpoints(run: string): Found[] {
  const folder = checkpointFolder(run);
  const found: Found[] = [];
  for (const name of namesIn(folder)) {
    const step = /^step-(\d+)\.safetensors$/.exec(name)?.[1];
    if (step !== undefined) found.push({ path: join(folder, name), step: Number(step) });
  }
  return found.sort((a, b) => b.step - a.step);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (e) {
    if (errorCode(e) === "ENOENT") return [];
    throw explainFsError(e, folder);
  }
}

export class CheckpointStore {
  readonly #run: string;
  readonly #options: StoreOptions;

  constructor(run: string, options: StoreOptions) {
    this.#run = run;
    this.#options = options;
  }

  /** Saves the engine's tensors. Rejects with a UserError and leaves all earlier checkpoints as they are, if that fails. */
  async save(engine: Engine, progress: Progress): Promise<string> {
    const tensors = tensorsOf(engine);
    refuseNonFinite(tensors, progress.step);
    const folder = checkpointFolder(this.#run);
    makeFolder(folder);
    const sum = createHash("sha256");
    for (const { data } of tensors) for (const bytes of bytesOf(data)) sum.update(bytes);
    const { source, notes = null } = this.#options;
    const metadata = describeCheckpoint(engine.program, source, notes, progress, sum.digest("hex"));
    const path = join(folder, `step-${String(progress.step).padStart(8, "0")}.safetensors`);
    await writeAtomic(path, encodeSafetensors(tensors, metadata));
    for (const old of listCheckpoints(this.#run).slice(this.#options.keep ?? 2)) rmSync(old.path, { force: true });
    return path;
  }

  /**
   * Fills the engine from the newest checkpoint that can be read. A damaged one is passed over with a warning; one of another
   * architecture is refused. Files that a killed process left half-written are removed.
   */
  restore(engine: Engine): Restored {
    const found = listCheckpoints(this.#run);
    removeTemporaries(checkpointFolder(this.#run));
    if (found.length === 0) throw new UserError(`${this.#run} has no checkpoint to go on from`, "begin the run without --resume");
    const damaged: DamagedFile[] = [];
    for (const { path } of found) {
      try {
        const info = fill(path, engine, this.#options.source);
        // Out of the way: the run will soon save steps below theirs, and only the newest few are kept.
        for (const { path: bad } of damaged) setAside(bad);
        return { path, info, warnings: damaged.map(({ message }) => message) };
      } catch (e) {
        if (!(e instanceof DamagedFile)) throw e;
        damaged.push(e);
      }
    }
    const warnings = damaged.map(({ message }) => message);
    throw new UserError(`no checkpoint of ${this.#run} can be read: ${warnings.join("; ")}`, "begin the run again without --resume");
  }
}

function setAside(path: string): void {
  try {
    renameSync(path, `${path}.damaged`);
  } catch (e) {
    throw explainFsError(e, path);
  }
}

function fill(path: string, engine: Engine, source: string): CheckpointInfo {
  const file = TensorFile.open(path);
  try {
    const info = readInfo(path, file.header.metadata);
    const held = engine.stateNames.filter((name) => !info.weightsOnly || !isMoment(name));
    const shapes = new Map(held.map((name) => [fileName(name), engine.shape(name)]));
    refuseOther(path, info, file.header.tensors, { program: engine.program, source, shapes });
    const sum = createHash("sha256");
    for (const name of engine.stateNames) if (!held.includes(name)) engine.fill(name, (values) => void values.fill(0));
    // The sum is of the file's bytes as they follow one another; an emitted program may have written them in another order than ours.
    const inFile = [...held].sort((a, b) => file.place(fileName(a)).begin - file.place(fileName(b)).begin);
    for (const name of inFile) engine.fill(name, (values) => void file.readInto(fileName(name), values, (bytes) => sum.update(bytes)));
    if (sum.digest("hex") !== info.dataSha256) throw new DamagedFile(path, "its numbers are not those that were saved");
    return info;
  } finally {
    file.close();
  }
}

const isMoment = (name: string): boolean => /^[mv]:/.test(name);

/** `param:X` in an engine, `param/X` in a file. */
function fileName(name: string): string {
  return name.replace(":", "/");
}

function tensorsOf(engine: Engine): TensorEntry[] {
  return engine.stateNames.map((name) => ({ name: fileName(name), shape: engine.shape(name), data: engine.read(name) }));
}

/** A step may end in a NaN that only the next one's losses would show: never save it over what was good. */
function refuseNonFinite(tensors: readonly TensorEntry[], step: number): void {
  for (const { name, data } of tensors) {
    let sum = 0;
    for (let at = 0; at < data.length; at++) sum += (data[at] as number) * 0; // NaN as soon as one is not finite
    if (sum !== 0) throw new UserError(`${name} is no longer finite at step ${step}: training has diverged`, "the last checkpoint is kept as it was");
  }
}

export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (e) {
    throw explainFsError(e, path);
  }
}

/** What a killed process left half-written. */
export function removeTemporaries(folder: string): void {
  for (const name of namesIn(folder)) if (name.endsWith(temporarySuffix)) rmSync(join(folder, name), { force: true });
}

/** The newest readable checkpoint of a run (or the one file named): for `translate` and `compile --weights`. The caller closes `file`. */
export function openWeights(runOrFile: string): { file: TensorFile; info: CheckpointInfo } {
  const candidates = runOrFile.endsWith(".safetensors") ? [runOrFile] : listCheckpoints(runOrFile).map(({ path }) => path);
  let damage: DamagedFile | undefined;
  for (const path of candidates) {
    let file: TensorFile | undefined;
    try {
      file = TensorFile.open(path);
      return { file, info: readInfo(path, file.header.metadata) };
    } catch (e) {
      file?.close();
      if (!(e instanceof DamagedFile)) throw e;
      damage ??= e;
    }
  }
  throw damage ?? new UserError(`${runOrFile} has no checkpoint`, "train first: ganc train SPEC --data DIR --out RUN");
}
