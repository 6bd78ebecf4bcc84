// Checkpoints: safetensors (https://github.com/huggingface/safetensors#format) in the layout of ganc's own runs, so that either goes on
// where the other stopped. RUN/checkpoints/step-00000100.safetensors, the last two of them.
import { createHash } from "node:crypto";
import { type FileHandle, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Position } from "./data.js";
import { errorCode, explained, writeWhole } from "./files.js";
import { UserError } from "./mistake.js";
import type { TrainingModel } from "./training.js";
import type { FileTensor } from "./weights.js";

const FORMAT = "ganc checkpoint 1";

export interface Progress {
  /** The last finished step. */
  readonly step: number;
  /** Steps of the whole run, and of an epoch. */
  readonly total: number;
  readonly epoch: number;
  readonly seed: number;
  /** Updates that each optimizer has made. */
  readonly updates: Readonly<Record<string, number>>;
  /** Where each data stream stands. */
  readonly data: Readonly<Record<string, Position>>;
}

export interface Checkpoint {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, FileTensor>;
  /** Absent where the weights were imported: a run begins with them. */
  readonly progress: Progress | undefined;
}

/** A file that is not what it should be. */
export class DamagedFile extends UserError {}

/** Saves one; the earlier ones stay as they are if that fails. */
export async function saveCheckpoint(
  run: string,
  model: TrainingModel,
  tensors: ReadonlyMap<string, FileTensor>,
  progress: Progress,
): Promise<string> {
  for (const [name, { data }] of tensors)
    if (!data.every(Number.isFinite))
      throw new UserError(
        `${name} is no longer finite at step ${progress.step}: training has diverged; the last checkpoint is kept as it was`,
      );
  const sum = createHash("sha256");
  for (const { data } of tensors.values()) sum.update(bytesOf(data));
  const { origin, schedule } = model;
  const metadata = {
    format: FORMAT,
    program_hash: origin.hash,
    spec_name: origin.name,
    spec: origin.source,
    settings: JSON.stringify(origin.settings),
    schedule: JSON.stringify(schedule),
    step: String(progress.step),
    total_steps: String(progress.total),
    epoch_steps: String(progress.epoch),
    seed: String(progress.seed),
    updates: JSON.stringify(progress.updates),
    data_position: JSON.stringify(progress.data),
    random_state: JSON.stringify({ kind: "keyed", seed: progress.seed, step: progress.step }),
    notes: JSON.stringify(origin.notes),
    data_sha256: sum.digest("hex"),
  };
  const path = join(run, "checkpoints", `step-${String(progress.step).padStart(8, "0")}.safetensors`);
  await writeWhole(path, [headerOf(tensors, metadata), ...[...tensors.values()].map(({ data }) => bytesOf(data))]);
  for (const old of (await listCheckpoints(run)).slice(2)) await rm(old, { force: true });
  return path;
}

function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function headerOf(tensors: ReadonlyMap<string, FileTensor>, metadata: Readonly<Record<string, string>>): Uint8Array {
  let at = 0;
  const entries = [...tensors].map(([name, { shape, data }]) => {
    const begin = at;
    at += data.byteLength;
    return [name, { dtype: "F32", shape, data_offsets: [begin, at] }] as const;
  });
  const text = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }), "utf8");
  const bytes = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, " ");
  bytes.writeBigUInt64LE(BigInt(bytes.length - 8));
  text.copy(bytes, 8);
  return bytes;
}

/** A run's checkpoints, the newest first. */
async function listCheckpoints(run: string): Promise<string[]> {
  const folder = join(run, "checkpoints");
  const names = await readdir(folder).catch((e: unknown) => {
    if (errorCode(e) === "ENOENT") return [];
    throw explained(e, folder);
  });
  const steps = names.filter((name) => /^step-\d+\.safetensors$/.test(name));
  return steps.sort((a, b) => parseInt(b.slice(5), 10) - parseInt(a.slice(5), 10)).map((name) => join(folder, name));
}

/** The newest readable checkpoint of a run, or the file that is named; one of another model is refused. */
export async function findCheckpoint(runOrFile: string, model: TrainingModel): Promise<Checkpoint> {
  const candidates = runOrFile.endsWith(".safetensors") ? [runOrFile] : await listCheckpoints(runOrFile);
  const damage: string[] = [];
  for (const path of candidates) {
    try {
      return await readCheckpoint(path, model);
    } catch (e) {
      if (!(e instanceof DamagedFile)) throw e;
      damage.push(e.message);
    }
  }
  throw new UserError(
    damage.length > 0
      ? `no checkpoint can be read: ${damage.join("; ")}`
      : `${runOrFile} has no checkpoint to go on from`,
  );
}

/** One file. It is not believed: lengths, offsets and the sum of its bytes are checked. */
async function readCheckpoint(path: string, model: TrainingModel): Promise<Checkpoint> {
  const file = await open(path).catch((e: unknown) => {
    throw explained(e, path);
  });
  try {
    const { size } = await file.stat();
    const { metadata, places, end } = await readHeader(file, path, size);
    refuseOther(path, metadata, model);
    const sum = createHash("sha256");
    const tensors = new Map<string, FileTensor>();
    let at = end;
    for (const { name, shape, begin, length } of [...places].sort((a, b) => a.begin - b.begin)) {
      if (begin !== at || begin + length > size)
        throw new DamagedFile(`${path} is damaged: it is cut off, or ${name} lies elsewhere`);
      const data = new Float32Array(length / 4);
      await readFully(file, path, bytesOf(data), begin);
      sum.update(bytesOf(data));
      tensors.set(name, { shape, data });
      at = begin + length;
    }
    if (sum.digest("hex") !== metadata["data_sha256"])
      throw new DamagedFile(`${path} is damaged: its numbers are not those that were saved`);
    return { path, tensors, progress: metadata["weights_only"] === "true" ? undefined : progressOf(path, metadata) };
  } finally {
    await file.close();
  }
}

interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly length: number;
}

async function readHeader(
  file: FileHandle,
  path: string,
  size: number,
): Promise<{ metadata: Record<string, string>; places: Place[]; end: number }> {
  const damaged = new DamagedFile(`${path} is damaged: it does not begin with a safetensors header`);
  if (size < 8) throw damaged;
  const first = Buffer.alloc(8);
  await readFully(file, path, first, 0);
  const end = 8 + Number(first.readBigUInt64LE());
  if (end > size || end > 100_000_000) throw damaged;
  const text = Buffer.alloc(end - 8);
  await readFully(file, path, text, 8);
  try {
    const { __metadata__: metadata, ...tensors } = JSON.parse(text.toString("utf8")) as {
      __metadata__: Record<string, string>;
    } & Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
    const places = Object.entries(tensors).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        if (dtype !== "F32" || to - from !== 4 * shape.reduce((product, dim) => product * dim, 1)) throw damaged;
        return { name, shape, begin: end + from, length: to - from };
      },
    );
    return { metadata, places, end };
  } catch {
    throw damaged;
  }
}

async function readFully(file: FileHandle, path: string, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.byteLength;) {
    const { bytesRead } = await file.read(into, done, Math.min(into.byteLength - done, 2 ** 30), position + done);
    if (bytesRead === 0) throw new DamagedFile(`${path} is damaged: it ended while it was read`);
    done += bytesRead;
  }
}

/** A run never goes on from another model's weights; tensors are compared when they are made. */
function refuseOther(path: string, metadata: Readonly<Record<string, string>>, { origin }: TrainingModel): void {
  if (metadata["format"] !== FORMAT) throw new UserError(`${path} is no checkpoint of this program`);
  const saved = parsed<Record<string, string>>(path, metadata, "settings");
  const names = [...new Set([...Object.keys(saved), ...Object.keys(origin.settings)])].filter(
    (name) => saved[name] !== origin.settings[name],
  );
  const differing = names.map(
    (name) => `${name} is ${saved[name] ?? "not set"} in the checkpoint, ${origin.settings[name] ?? "not set"} here`,
  );
  if (differing.length > 0) throw new UserError(`${path} is of another model: ${differing.slice(0, 4).join("; ")}`);
}

function progressOf(path: string, metadata: Readonly<Record<string, string>>): Progress {
  const whole = (key: string): number => {
    const value = Number(metadata[key]);
    if (!Number.isSafeInteger(value))
      throw new DamagedFile(`${path} is damaged: its ${key} is ${metadata[key] ?? "missing"}`);
    return value;
  };
  const [updates, data] = [
    parsed<Progress["updates"]>(path, metadata, "updates"),
    parsed<Progress["data"]>(path, metadata, "data_position"),
  ];
  return {
    step: whole("step"),
    total: whole("total_steps"),
    epoch: whole("epoch_steps"),
    seed: whole("seed"),
    updates,
    data,
  };
}

function parsed<T>(path: string, metadata: Readonly<Record<string, string>>, key: string): T {
  try {
    return JSON.parse(metadata[key] ?? "") as T;
  } catch {
    throw new DamagedFile(`${path} is damaged: its ${key} is not readable`);
  }
}
