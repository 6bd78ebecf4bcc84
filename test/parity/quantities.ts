// What a comparison looks at, by one set of names for us and for PyTorch: `1.gradient.AB.content.conv1.weight`.
import type { Case } from "./cases";
import { batchOf, begin } from "./cases";
import { STEPS, type Tensor64 } from "./oracle";
import type { Reference, StepResult } from "./reference";
import type { Compiled } from "../../compiler/compile";

export type Quantities = Map<string, Float64Array>;
export const REPORTED: readonly number[] = [1, STEPS];
export const KINDS = ["loss", "gradient", "update", "moment1", "moment2", "state"] as const;
export type Kind = (typeof KINDS)[number];

/** `1.gradient.X` → gradient, step 1. */
export function partsOf(name: string): { step: number; kind: Kind } {
  const [step, kind] = name.split(".") as [string, Kind];
  return { step: Number(step), kind };
}

const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v - b[i]!);

/** Three steps of the case in our reference evaluation. Updates are new minus old, old being what was reported before. */
export function ours(c: Case, compiled: Compiled): Quantities {
  const reference = begin(c, compiled);
  const old = new Map(compiled.program!.params.map((p) => [p.name, reference.get(`param:${p.name}`)]));
  const found: Quantities = new Map();
  for (let step = 1; step <= STEPS; step++) {
    const result = reference.step(batchOf(compiled, step));
    for (const [name, value] of result.losses) found.set(`${step}.loss.${name}`, Float64Array.of(value));
    if (REPORTED.includes(step)) collect(found, step, reference, result, old);
  }
  return found;
}

function collect(found: Quantities, step: number, reference: Reference, result: StepResult, old: Map<string, Float64Array>): void {
  for (const { name } of reference.program.params) {
    found.set(`${step}.gradient.${name}`, result.gradients.get(name)!);
    found.set(`${step}.update.${name}`, minus(reference.get(`param:${name}`), old.get(name)!));
    old.set(name, reference.get(`param:${name}`));
    found.set(`${step}.moment1.${name}`, reference.get(`m:${name}`));
    found.set(`${step}.moment2.${name}`, reference.get(`v:${name}`));
  }
  for (const { name } of reference.program.states) found.set(`${step}.state.${name}`, reference.get(`state:${name}`));
}

/**
 * The oracle's output by the same names. Where its start was perturbed, the first update is of no use (old is not what it began
 * with); the later ones are.
 */
export function theirs(from: Reference, output: ReadonlyMap<string, Tensor64>): Quantities {
  const found: Quantities = new Map();
  for (const [name, { data }] of output) {
    const [, step, kind, ...rest] = name.split(".");
    const tensor = rest.join(".");
    if (kind !== "parameter") found.set(`${step}.${kind}.${tensor}`, data);
    else found.set(`${step}.update.${tensor}`, minus(data, step === "1" ? from.get(`param:${tensor}`) : output.get(`step.1.parameter.${tensor}`)!.data));
  }
  return found;
}
