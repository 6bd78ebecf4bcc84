// Runs test/oracle/tf_step.py, the step on TensorFlow, from what a reference evaluation holds; and the same quantities of ours.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Compiled } from "../../compiler/compile";
import { inputsOf, readTensors, runJobs, writeTensors } from "./oracle";
import { collect, generated, judged, partsOf, type Quantities, theirs } from "./quantities";
import type { Feeds, Reference } from "./reference";
import { beginTf, configOf, feedsTf, type TfCase } from "./tf-cases";
import { isCopy, originalOf, tfMapping } from "./tf-names";

const SCRIPT = fileURLToPath(new URL("../../test/oracle/tf_step.py", import.meta.url));
const last = (c: TfCase): number => Math.max(...c.steps);

export interface TfQuestion {
  readonly dtype?: "float64" | "float32";
  /** How convolutions are computed: one mathematics, rounded in two orders. */
  readonly kind?: "published" | "patches";
  /** Again, with every weight multiplied by 1 + `by` · normal, drawn under each of these seeds. */
  readonly perturbed?: readonly number[];
  /** 1e-15, double precision's rounding, unless given. */
  readonly by?: number;
  /** What it begins with and is fed; the case's own unless given. */
  readonly from?: Reference;
  readonly feeds?: (step: number) => Feeds;
  /** So many steps, and nothing but their losses. */
  readonly losses?: number;
}

export interface TfAsked {
  readonly c: TfCase;
  readonly compiled: Compiled;
  readonly question?: TfQuestion;
}

/** TensorFlow's side, by the names of quantities.ts; then the perturbed runs'. All cases by one process: TensorFlow takes many seconds to load. */
export async function askTensorFlow(python: string, asked: readonly TfAsked[]): Promise<Quantities[][]> {
  const folder = mkdtempSync(join(tmpdir(), "ganc-tf-"));
  try {
    const jobs = asked.map((each, i) => jobOf(join(folder, String(i)), each));
    await runJobs(python, SCRIPT, folder, jobs.map(({ args }) => args), { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", CUDA_VISIBLE_DEVICES: "" });
    return jobs.map(({ output, from, c, perturbed }) => {
      const all = [...readTensors(output)];
      return ["", ...perturbed.map((seed) => `perturbed.${seed}.`)].map((run) => {
        const own = all.filter(([name]) => name.startsWith(`${run}step.`)).map(([name, x]) => [name.slice(run.length), x] as const);
        return theirs(from, c.steps, new Map(own));
      });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Job {
  readonly args: readonly string[];
  readonly output: string;
  readonly from: Reference;
  readonly c: TfCase;
  readonly perturbed: readonly number[];
}

/** One run, whose files lie under this prefix. */
function jobOf(at: string, { c, compiled, question = {} }: TfAsked): Job {
  const from = question.from ?? beginTf(c, compiled);
  const steps = question.losses ?? last(c);
  const perturbed = question.perturbed ?? [];
  const [inputs, mapping, output] = [`${at}.in.safetensors`, `${at}.json`, `${at}.out.safetensors`];
  writeTensors(inputs, inputsOf(from, steps, question.feeds ?? ((step) => feedsTf(compiled, step))));
  writeFileSync(mapping, JSON.stringify({ config: configOf(c), ...tfMapping(from.program) }));
  const drift = perturbed.length === 0 ? [] : ["--perturb", String(question.by ?? 1e-15), "--seeds", perturbed.join(",")];
  const told = question.losses === undefined ? ["--report", c.steps.join(",")] : ["--losses-only"];
  return { args: [inputs, mapping, output, "--steps", String(steps), "--dtype", question.dtype ?? "float64", "--kind", question.kind ?? "published", ...told, ...drift], output, from, c, perturbed };
}

/** Our reference evaluation's side. */
export function oursTf(c: TfCase, compiled: Compiled, steps = c.steps): Quantities {
  const reference = beginTf(c, compiled);
  const found: Quantities = new Map();
  const old = new Map(reference.program.params.map((p) => [p.name, reference.get(`param:${p.name}`)]));
  for (let step = 1; step <= Math.max(...steps); step++) {
    const feeds = feedsTf(compiled, step);
    const batch = reference.batch(feeds);
    if (steps.includes(step)) for (const [name, value] of generated(reference, batch)) found.set(`${step}.output.${name}`, value);
    const result = reference.step(feeds);
    for (const [name, value] of result.losses) found.set(`${step}.loss.${name}`, Float64Array.of(value));
    if (!steps.includes(step)) continue;
    for (const [name, value] of judged(reference, batch)) found.set(`${step}.output.${name}`, value);
    collect(found, step, reference, result, old);
    for (const { name } of reference.program.states.filter((s) => isCopy(s.name))) found.delete(`${step}.state.${name}`);
    checkCopies(reference);
  }
  return found;
}

function checkCopies(reference: Reference): void {
  for (const { name } of reference.program.states.filter((s) => isCopy(s.name))) {
    const [copy, original] = [reference.get(`state:${name}`), reference.get(`state:${originalOf(name)}`)];
    const sign = Math.sign(copy[0]! * original[0]!);
    const worst = copy.reduce((most, v, i) => Math.max(most, Math.abs(v - sign * original[i]!)), 0);
    if (!(worst < 1e-12)) throw new Error(`${name} differs from ${originalOf(name)} by ${worst}`);
  }
}

/** A bias whose gradient is this part of its kernel's has no effect: the norm behind it, or the other half of the loss, takes it away again. */
const NOTHING = 1e-10;

/**
 * The least that a quantity counts as where a difference is measured. A bias without effect shows rounding on both sides: it is held against its
 * kernel's gradient, of which it must be a 1e-4 · 1e-9; Adam makes movement of that rounding, so that its update is held to 1e-5
 * of its kernel's, and its value, which may be nothing but such movement, to 1e-6. A loss may be a difference of scores: it counts as 0.1 at least.
 */
export function leastSize(name: string, sizeOf: (name: string) => number): number {
  const { kind, step } = partsOf(name);
  if (kind === "loss") return 0.1;
  const tensor = name.slice(`${step}.${kind}.`.length);
  if (!tensor.endsWith(".bias")) return 0;
  const kernel = tensor.replace(/bias$/, "weight");
  const [own, kernels] = [sizeOf(`${step}.gradient.${tensor}`), sizeOf(`${step}.gradient.${kernel}`)];
  if (!(own < NOTHING * kernels)) return 0;
  return (kind === "update" ? 1e4 : kind === "parameter" ? 1000 : 1e-4) * sizeOf(`${step}.${kind}.${kernel}`);
}
