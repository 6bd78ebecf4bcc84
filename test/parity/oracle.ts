// Runs test/oracle/step_oracle.py, the PyTorch step in float64, from what a reference evaluation holds.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { decodeHeader } from "../../runtime/checkpoint/safetensors";
import { batchOf, type Case } from "./cases";
import { mappingOf } from "./names";
import type { Feeds, Reference } from "./reference";

export interface Tensor64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

const SCRIPT = fileURLToPath(new URL("../../test/oracle/step_oracle.py", import.meta.url));

/** The Python of the oracles' environment, or undefined where none is named. A name that leads nowhere is an error. */
export function oraclePython(): string | undefined {
  const python = process.env["ORACLE_PYTHON"];
  if (!python) return undefined;
  if (!existsSync(python)) throw new Error(`ORACLE_PYTHON is ${python}, which does not exist: test/oracle/setup.sh makes one and prints its path`);
  return python;
}

export function writeTensors(path: string, tensors: ReadonlyMap<string, Tensor64>): void {
  let at = 0;
  const entries = [...tensors].map(([name, { shape, data }]) => [name, { dtype: "F64", shape, data_offsets: [at, (at += data.byteLength)] }] as const);
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const head = Buffer.alloc(8 + 8 * Math.ceil(text.length / 8), " ");
  head.writeBigUInt64LE(BigInt(head.length - 8), 0);
  text.copy(head, 8);
  writeFileSync(path, Buffer.concat([head, ...[...tensors.values()].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))]));
}

export function readTensors(path: string): Map<string, Tensor64> {
  const bytes = readFileSync(path);
  const { tensors } = decodeHeader(path, bytes.length, (from, length) => bytes.subarray(from, from + length));
  return new Map([...tensors].map(([name, { shape, dtype, begin, end }]) => {
    if (dtype !== "F64" && dtype !== "F32") throw new Error(`${name} is ${dtype}`);
    const own = bytes.buffer.slice(bytes.byteOffset + begin, bytes.byteOffset + end);
    return [name, { shape, data: dtype === "F64" ? new Float64Array(own) : Float64Array.from(new Float32Array(own)) }];
  }));
}

export interface Question {
  /** Every weight is multiplied by 1 + 1e-15 · normal, drawn under this seed. */
  readonly perturb?: number;
  /** Where everything is told; the last one ends the run. The losses of every step are. */
  readonly steps: readonly number[];
  /** Generators' and critics' outputs, too. */
  readonly outputs?: boolean;
  readonly dtype?: "float64" | "float32";
  /** The step as its authors run it, or as a skilled user of PyTorch would: the same mathematics. */
  readonly kind?: "published" | "tuned";
  /** The batch of each step; the case's own unless given. */
  readonly batch?: (step: number) => Feeds;
}

export interface Asked {
  readonly config: Case["config"];
  readonly from: Reference;
  readonly question: Question;
}

/** The oracle's output from each reference's values, all by one process: PyTorch takes seconds to load. */
export async function askPyTorch(python: string, asked: readonly Asked[]): Promise<Map<string, Tensor64>[]> {
  const folder = mkdtempSync(join(tmpdir(), "ganc-parity-"));
  try {
    const jobs = asked.map((each, i) => jobOf(join(folder, String(i)), each));
    await runJobs(python, SCRIPT, folder, jobs);
    return jobs.map(([, , output]) => readTensors(output!));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the script once, for a list of lists of arguments. */
export async function runJobs(python: string, script: string, folder: string, jobs: readonly (readonly string[])[], env = process.env): Promise<void> {
  const list = join(folder, "jobs.json");
  writeFileSync(list, JSON.stringify(jobs));
  await promisify(execFile)(python, [script, "--jobs", list], { env, maxBuffer: 1 << 28 });
}

/** For tests that each want an answer of their own: the first of `size` neighbours asks for them all. */
export function inGroups<Q, A>(list: readonly Q[], size: number, ask: (group: readonly Q[]) => Promise<readonly A[]>): (item: Q) => Promise<A> {
  const groups = new Map<number, Promise<readonly A[]>>();
  return async (item) => {
    const at = list.indexOf(item);
    const begin = at - (at % size);
    const group = groups.get(begin) ?? ask(list.slice(begin, begin + size));
    groups.set(begin, group);
    return (await group)[at - begin]!;
  };
}

/** The arguments of one run, whose files lie under this prefix. */
function jobOf(at: string, { config, from, question }: Asked): readonly string[] {
  const steps = Math.max(...question.steps);
  const [inputs, mapping, output] = [`${at}.in.safetensors`, `${at}.json`, `${at}.out.safetensors`];
  writeTensors(inputs, inputsOf(from, steps, question.batch ?? ((step) => batchOf(from.compiled, step))));
  writeFileSync(mapping, JSON.stringify({ config: { ...config, length: from.total }, ...mappingOf(from.program) }));
  const drift = question.perturb === undefined ? [] : ["--perturb", "1e-15", "--seed", String(question.perturb)];
  const told = ["--report", question.steps.join(","), ...(question.outputs ? [] : ["--no-outputs"])];
  return [inputs, mapping, output, "--steps", String(steps), "--threads", "1", "--dtype", question.dtype ?? "float64", "--kind", question.kind ?? "published", ...told, ...drift];
}

/** What an oracle reads: first values and states by name, and data and draws of each step. */
export function inputsOf(from: Reference, steps: number, feeds: (step: number) => Feeds): Map<string, Tensor64> {
  const { program } = from;
  const input = new Map<string, Tensor64>();
  for (const p of program.params) input.set(p.name, { shape: p.shape, data: from.get(`param:${p.name}`) });
  for (const s of program.states) input.set(s.name, { shape: s.shape, data: from.get(`state:${s.name}`) });
  for (let step = 1; step <= steps; step++) {
    const { data, samples = {} } = feeds(step);
    for (const d of program.data) input.set(`${d.name}.${step}`, { shape: [program.batch, d.channels, d.height, d.width], data: data[d.name]! });
    for (const s of program.samples) input.set(`${s.name}.${step}`, { shape: s.shape, data: samples[s.name]! });
  }
  return input;
}
