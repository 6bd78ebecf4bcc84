// What a checkpoint says beside its tensors: everything that a run must know to go on as if it had never stopped. Kept as
// safetensors metadata, which are texts; numbers and records are JSON.
import type { Program } from "../../compiler/program.ts";
import type { Json } from "../data/types.ts";
import { DamagedFile } from "./safetensors.ts";

export interface Progress {
  /** The last finished step. */
  readonly step: number;
  /** Steps of the whole run, and of an epoch: the schedule depends on both. */
  readonly total: number;
  readonly epoch: number;
  readonly seed: number;
  /** Updates each optimizer has made. */
  readonly updates: Readonly<Record<string, number>>;
  /** The position in each data stream. */
  readonly data: Json;
  /** The state of every source of chance that is carried on. */
  readonly random: Json;
}

export interface CheckpointInfo extends Progress {
  readonly programHash: string;
  readonly specName: string;
  /** The spec's text: a checkpoint alone is enough to compile its model again. */
  readonly source: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly schedule: Json;
  /** Whatever the command line wants to find again (overrides, variant, the imported files). */
  readonly notes: Json;
  readonly dataSha256: string;
  /** Imported: parameters and states alone. Adam's moments begin at 0, the data at their beginning, the length is the spec's. */
  readonly weightsOnly: boolean;
}

const FORMAT = "ganc checkpoint 1";

export function describeCheckpoint(
  program: Program,
  source: string,
  notes: Json,
  progress: Progress,
  dataSha256: string,
): Record<string, string> {
  return {
    format: FORMAT,
    program_hash: program.hash,
    spec_name: program.spec,
    spec: source,
    settings: JSON.stringify(program.settings),
    schedule: JSON.stringify(program.schedule),
    step: String(progress.step),
    total_steps: String(progress.total),
    epoch_steps: String(progress.epoch),
    seed: String(progress.seed),
    updates: JSON.stringify(progress.updates),
    data_position: JSON.stringify(progress.data),
    random_state: JSON.stringify(progress.random),
    notes: JSON.stringify(notes),
    data_sha256: dataSha256,
  };
}

/** The same for weights that came from elsewhere, said to have been trained for `step` steps. */
export function describeWeights(program: Program, source: string, notes: Json, step: number, dataSha256: string): Record<string, string> {
  const unknown: Progress = { step, total: Math.max(1, step), epoch: 1, seed: 1, updates: {}, data: null, random: null };
  return { ...describeCheckpoint(program, source, notes, unknown, dataSha256), weights_only: "true" };
}

export function readInfo(path: string, metadata: Readonly<Record<string, string>>): CheckpointInfo {
  const text = (key: string): string => {
    const value = metadata[key];
    if (value === undefined) throw new DamagedFile(path, `its metadata have no ${key}`);
    return value;
  };
  if (metadata["format"] !== FORMAT) throw new DamagedFile(path, `it is no checkpoint of ganc (format ${metadata["format"] ?? "unknown"})`);
  const whole = (key: string, least: number): number => {
    const value = Number(text(key));
    if (!Number.isSafeInteger(value) || value < least) throw new DamagedFile(path, `its ${key} is ${text(key)}`);
    return value;
  };
  const json = (key: string): Json => {
    try {
      return JSON.parse(text(key)) as Json;
    } catch {
      throw new DamagedFile(path, `its ${key} is not readable`);
    }
  };
  const record = <T>(key: string, sound: (value: unknown) => value is T): Readonly<Record<string, T>> => {
    const value = json(key);
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.values(value).every(sound))
      throw new DamagedFile(path, `its ${key} is not readable`);
    return value as unknown as Readonly<Record<string, T>>;
  };
  return {
    step: whole("step", 0),
    total: whole("total_steps", 1),
    epoch: whole("epoch_steps", 1),
    seed: whole("seed", Number.MIN_SAFE_INTEGER),
    updates: record("updates", (each): each is number => Number.isSafeInteger(each)),
    data: json("data_position"),
    random: json("random_state"),
    programHash: text("program_hash"),
    specName: text("spec_name"),
    source: text("spec"),
    settings: record("settings", (each): each is string => typeof each === "string"),
    schedule: json("schedule"),
    notes: json("notes"),
    dataSha256: text("data_sha256"),
    weightsOnly: metadata["weights_only"] === "true",
  };
}
