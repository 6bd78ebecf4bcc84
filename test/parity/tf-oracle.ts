// Runs test/oracle/tf_step.py, the step on TensorFlow, from what a reference evaluation holds; and the same quantities of ours.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Compiled } from "../../compiler/compile";
import { readTensors, type Tensor64, writeTensors } from "./oracle";
import { partsOf, type Quantities } from "./quantities";
import type { Reference } from "./reference";
import { beginTf, configOf, feedsTf, type TfCase } from "./tf-cases";
import { isCopy, originalOf, tfMapping } from "./tf-names";

const SCRIPT = fileURLToPath(new URL("../../test/oracle/tf_step.py", import.meta.url));
const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v - b[i]!);
const last = (c: TfCase): number => Math.max(...c.steps);

/** TensorFlow's side, by the names of quantities.ts. */
export function askTensorFlow(python: string, c: TfCase, compiled: Compiled, dtype: "float64" | "float32" = "float64"): Quantities {
  const from = beginTf(c, compiled);
  const folder = mkdtempSync(join(tmpdir(), "ganc-tf-"));
  try {
    const [inputs, mapping, output] = ["in.safetensors", "mapping.json", "out.safetensors"].map((name) => join(folder, name)) as [string, string, string];
    writeTensors(inputs, inputsOf(c, compiled, from));
    writeFileSync(mapping, JSON.stringify({ config: configOf(c), ...tfMapping(from.program) }));
    const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", CUDA_VISIBLE_DEVICES: "" };
    execFileSync(python, [SCRIPT, inputs, mapping, output, "--steps", String(last(c)), "--dtype", dtype], { stdio: ["ignore", "ignore", "pipe"], env });
    return quantitiesOf(c, from, readTensors(output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function inputsOf(c: TfCase, compiled: Compiled, from: Reference): Map<string, Tensor64> {
  const { program } = from;
  const input = new Map<string, Tensor64>();
  for (const p of program.params) input.set(p.name, { shape: p.shape, data: from.get(`param:${p.name}`) });
  for (const s of program.states) input.set(s.name, { shape: s.shape, data: from.get(`state:${s.name}`) });
  for (let step = 1; step <= last(c); step++) {
    const { data, samples = {} } = feedsTf(compiled, step);
    for (const d of program.data) input.set(`${d.name}.${step}`, { shape: [program.batch, d.channels, d.height, d.width], data: data[d.name]! });
    for (const s of program.samples) input.set(`${s.name}.${step}`, { shape: s.shape, data: samples[s.name]! });
  }
  return input;
}

function quantitiesOf(c: TfCase, from: Reference, output: ReadonlyMap<string, Tensor64>): Quantities {
  const found: Quantities = new Map();
  for (const [name, { data }] of output) {
    const [, step, kind, ...rest] = name.split(".");
    const tensor = rest.join(".");
    if (kind !== "loss" && kind !== "output" && !c.steps.includes(Number(step))) continue;
    if (kind !== "parameter") found.set(`${step}.${kind}.${tensor}`, data);
    else found.set(`${step}.update.${tensor}`, minus(data, step === "1" ? from.get(`param:${tensor}`) : output.get(`step.1.parameter.${tensor}`)!.data));
  }
  return found;
}

/** Our reference evaluation's side. */
export function oursTf(c: TfCase, compiled: Compiled): Quantities {
  const reference = beginTf(c, compiled);
  const { program } = reference;
  const found: Quantities = new Map();
  const first = feedsTf(compiled, 1);
  for (const [name, stream] of [["A2B", "A"], ["B2A", "B"]] as const) {
    for (const [field, { data }] of reference.export(name, { x: reference.batch(first).get(stream)! })) found.set(`1.output.${name}.${field}`, data);
  }
  const old = new Map(program.params.map((p) => [p.name, reference.get(`param:${p.name}`)]));
  for (let step = 1; step <= last(c); step++) {
    const result = reference.step(feedsTf(compiled, step));
    for (const [name, value] of result.losses) found.set(`${step}.loss.${name}`, Float64Array.of(value));
    if (!c.steps.includes(step)) continue;
    for (const { name } of program.params) {
      const gradient = result.gradients.get(name);
      if (gradient) found.set(`${step}.gradient.${name}`, gradient);
      found.set(`${step}.update.${name}`, minus(reference.get(`param:${name}`), old.get(name)!));
      found.set(`${step}.moment1.${name}`, reference.get(`m:${name}`));
      found.set(`${step}.moment2.${name}`, reference.get(`v:${name}`));
      old.set(name, reference.get(`param:${name}`));
    }
    for (const { name } of program.states) if (!isCopy(name)) found.set(`${step}.state.${name}`, reference.get(`state:${name}`));
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

/** An update is the least exact quantity: where a gradient is nearly 0, Adam divides it by nearly itself, and its rounding is the update's. */
export const boundOf = (name: string): number => (partsOf(name).kind === "update" ? 1e-8 : 1e-9);

/** A bias whose gradient is this part of its kernel's has no effect: the norm behind it, or the other half of the loss, takes it away again. */
const NOTHING = 1e-10;

/**
 * The least that a quantity counts as where a difference is measured. A bias without effect shows rounding on both sides: it is held against its
 * kernel's gradient, of which it must be a 1e-4 · 1e-9; Adam makes movement of that rounding, so that its update is held to 1e-5
 * of its kernel's. A loss may be a difference of scores: it counts as 0.1 at least.
 */
export function leastSize(name: string, sizeOf: (name: string) => number): number {
  const { kind, step } = partsOf(name);
  if (kind === "loss") return 0.1;
  const tensor = name.slice(`${step}.${kind}.`.length);
  if (!tensor.endsWith(".bias")) return 0;
  const kernel = tensor.replace(/bias$/, "weight");
  const [own, kernels] = [sizeOf(`${step}.gradient.${tensor}`), sizeOf(`${step}.gradient.${kernel}`)];
  if (!(own < NOTHING * kernels)) return 0;
  return (kind === "update" ? 1000 : 1e-4) * sizeOf(`${step}.${kind}.${kernel}`);
}
