// What a comparison looks at, by one set of names for us and for PyTorch: `1.gradient.AB.content.conv1.weight`.
import type { NdArray } from "../../compiler/graph/ndarray";
import { batchOf, begin, type Case, judgeOf, stepsOf } from "./cases";
import { theirNet } from "./names";
import type { Tensor64 } from "./oracle";
import type { Reference, StepResult } from "./reference";
import type { Compiled } from "../../compiler/compile";

export type Quantities = Map<string, Float64Array>;
export const KINDS = ["loss", "output", "gradient", "update", "parameter", "moment1", "moment2", "state"] as const;
export type Kind = (typeof KINDS)[number];

/** `1.gradient.X` → gradient, step 1. */
export function partsOf(name: string): { step: number; kind: Kind } {
  const [step, kind] = name.split(".") as [string, Kind];
  return { step: Number(step), kind };
}

const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v - b[i]!);

/** The case in our reference evaluation as far as these steps. Updates are new minus old, old being what was reported before. */
export function ours(c: Case, compiled: Compiled, steps = stepsOf(c)): Quantities {
  const reference = begin(c, compiled);
  const old = new Map(compiled.program!.params.map((p) => [p.name, reference.get(`param:${p.name}`)]));
  const found: Quantities = new Map();
  for (let step = 1; step <= Math.max(...steps); step++) {
    const feeds = batchOf(compiled, step);
    const batch = reference.batch(feeds);
    if (steps.includes(step)) for (const [name, value] of generated(reference, batch)) found.set(`${step}.output.${name}`, value);
    const result = reference.step(feeds);
    for (const [name, value] of result.losses) found.set(`${step}.loss.${name}`, Float64Array.of(value));
    if (!steps.includes(step)) continue;
    for (const [name, value] of judged(reference, batch)) found.set(`${step}.output.${name}`, value);
    collect(found, step, reference, result, old);
  }
  return found;
}

/** What the generators make of the step's batch before the step changes them: `AB.cycle.image` is AB(BA(B)). */
export function generated(reference: Reference, batch: ReadonlyMap<string, NdArray>): [string, Float64Array][] {
  const found: [string, Float64Array][] = [];
  const run = (net: "AB" | "BA", call: string, x: NdArray): NdArray => {
    const made = reference.export(net === "AB" ? "A2B" : "B2A", { x });
    for (const [field, { data }] of made) found.push([`${net}.${call}.${field}`, data]);
    return made.get("image")!;
  };
  const [a, b] = [batch.get("A")!, batch.get("B")!];
  const [fakeB, fakeA] = [run("AB", "fake", a), run("BA", "fake", b)];
  run("BA", "cycle", fakeB);
  run("AB", "cycle", fakeA);
  run("AB", "same", b);
  run("BA", "same", a);
  return found;
}

/** What the critics say of the step's own pictures after the step, u and v at rest. */
export function judged(reference: Reference, batch: ReadonlyMap<string, NdArray>): [string, Float64Array][] {
  const critics = [...new Set(reference.program.params.map((p) => p.net))].filter((net) => net.startsWith("D"));
  return critics.flatMap((net) => {
    const made = reference.export(judgeOf(net), { x: batch.get(net[1]!)! });
    return [...made].map(([field, { data }]): [string, Float64Array] => [`${theirNet(net)}.${field}`, data]);
  });
}

/** What a step left, but for the outputs. A net that rested has no gradients. */
export function collect(found: Quantities, step: number, reference: Reference, result: StepResult, old: Map<string, Float64Array>): void {
  for (const { name } of reference.program.params) {
    const now = reference.get(`param:${name}`);
    const gradient = result.gradients.get(name);
    if (gradient) found.set(`${step}.gradient.${name}`, gradient);
    found.set(`${step}.update.${name}`, minus(now, old.get(name)!));
    found.set(`${step}.parameter.${name}`, now);
    old.set(name, now);
    found.set(`${step}.moment1.${name}`, reference.get(`m:${name}`));
    found.set(`${step}.moment2.${name}`, reference.get(`v:${name}`));
  }
  for (const { name } of reference.program.states) found.set(`${step}.state.${name}`, reference.get(`state:${name}`));
}

/**
 * The oracle's output by the same names. Where its start was perturbed, the first update is of no use (old is not what it began
 * with); the later ones are.
 */
export function theirs(from: Reference, steps: readonly number[], output: ReadonlyMap<string, Tensor64>): Quantities {
  const found: Quantities = new Map();
  for (const [name, { data }] of output) {
    const [, step, kind, ...rest] = name.split(".");
    const tensor = rest.join(".");
    found.set(`${step}.${kind}.${tensor}`, data);
    if (kind !== "parameter") continue;
    const before = steps[steps.indexOf(Number(step)) - 1];
    const old = before === undefined ? from.get(`param:${tensor}`) : output.get(`step.${before}.parameter.${tensor}`)!.data;
    found.set(`${step}.update.${tensor}`, minus(data, old));
  }
  return found;
}
