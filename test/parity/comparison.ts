// One step of an engine in float32 against the reference evaluation in double precision, from equal float32 values and batches.
import type { Compiled } from "../../compiler/compile";
import type { OptimizerSpec } from "../../compiler/program";
import type { StateName } from "../../runtime/engine/types";
import { begin } from "./cases";
import { norm } from "./digest";
import { batch32, type Before, load, type Opened, stepEngine } from "./engines";
import type { Feeds, Reference, StepResult } from "./reference";

/** Worst relative differences of one step. */
export interface Found {
  readonly losses: number;
  readonly critics: number;
  readonly generators: number;
  readonly moments: number;
  readonly states: number;
  /** NaN for an optimizer of small eps. */
  readonly updates: number;
}

export const NAMES: Readonly<Record<keyof Found, string>> = {
  losses: "losses", critics: "critics' gradients", generators: "generators' gradients", moments: "Adam's moments", states: "spectral vectors", updates: "updates",
};

/**
 * The absolute floors, as parts of a size. An update is judged less half a unit in the last place of the new value, which cannot be held better,
 * whatever is computed. A generator's gradient is judged less a whole one of the largest tensor of its net's gradient, and its moments and update less
 * what follows of that: where a shift is followed by a norm that takes it away (AdaIN's beta, a bias before AdaLIN), what is right is less than a
 * thousandth of that, and every engine adds it up in an order of its own.
 */
const ULP = 2 ** -23;
const HALF_ULP = ULP / 2;

/** A part of a kernel's gradient that is nothing but rounding. */
const NOTHING = 1e-10;

/**
 * What a tensor is judged as a part of: itself, but for a bias that the norm behind it takes away again. It has no gradient but rounding, so
 * that it, and what follows of it, is judged as a part of its kernel's.
 */
export function countsAs(param: string, gradients: ReadonlyMap<string, Float64Array>): string {
  const kernel = param.replace(/\.bias$/, ".weight");
  const [own, kernels] = [gradients.get(param), gradients.get(kernel)];
  return kernel !== param && own && kernels && norm(own) < NOTHING * norm(kernels) ? kernel : param;
}

const optimizerOf = ({ program }: Reference, param: string): OptimizerSpec => program.optimizers.find((o) => o.params.includes(param))!;
/** The most by which Adam's first update changes with its gradient. NaN where that is without bound to speak of, as eps is small: it follows a sign. */
const updateBy = ({ rate, eps, epsForm, betas }: OptimizerSpec): number => (eps < 0.1 ? NaN : (rate / eps) * (epsForm === "hat" ? Math.sqrt(1 - betas[1]) : 1));

/** NaN if one is. */
const worst = (list: readonly number[]): number => list.reduce((a, b) => (b <= a || Number.isNaN(a) ? a : b), 0);
const distance = (x: ArrayLike<number>, y: Float64Array): number => norm(y.map((v, i) => x[i]! - v));

/** One step in double precision, from float32 values and a float32 batch. */
export interface Right {
  /** After the step. */
  readonly reference: Reference;
  readonly before: Before;
  readonly feeds: Feeds;
  readonly result: StepResult;
}

/** First values and batch are drawn under the seed. */
export function rightStep(compiled: Compiled, seed: number, shaken = true): Right {
  const reference = begin({ shaken }, compiled, seed);
  for (const { data } of reference.store.values()) data.forEach((v, i) => (data[i] = Math.fround(v)));
  const before: Before = new Map([...reference.store].map(([name, { data }]) => [name, data]));
  const feeds = batch32(compiled, 1, seed);
  return { reference, before, feeds, result: reference.step(feeds) };
}

/** The engine's step from the same. Everything is judged tensor by tensor; the worst one counts. */
export async function compareStep(opened: Opened, { reference, before, feeds, result: wanted }: Right): Promise<Found> {
  const { engine } = opened;
  load(engine, { get: (name) => before.get(name)! });
  const losses = await stepEngine(engine, feeds, 1);

  const { params, states } = reference.program;
  const isCritic = (net: string): boolean => net.startsWith("D");
  const largest = new Map<string, number>();
  for (const p of params) largest.set(p.net, Math.max(largest.get(p.net) ?? 0, norm(wanted.gradients.get(p.name)!)));
  const floor = (net: string): number => (isCritic(net) ? 0 : ULP * largest.get(net)!);
  const read = (name: string): Float32Array => engine.read(name as StateName);
  const judge = (found: ArrayLike<number>, right: Float64Array, less: number, size: number): number => Math.max(0, distance(found, right) - less) / size;
  const sizeOf = (param: string, of: (param: string) => Float64Array): number => norm(of(countsAs(param, wanted.gradients)));

  const gradients = params.map((p) => {
    const right = wanted.gradients.get(p.name)!;
    return { critic: isCritic(p.net), error: judge(opened.gradient(p.name, before), right, floor(p.net), sizeOf(p.name, (name) => wanted.gradients.get(name)!)) };
  });
  return {
    losses: worst([...wanted.losses].map(([name, value]) => Math.abs(losses[name]! - value) / Math.abs(value))),
    critics: worst(gradients.filter((g) => g.critic).map((g) => g.error)),
    generators: worst(gradients.filter((g) => !g.critic).map((g) => g.error)),
    moments: worst(params.flatMap((p) => {
      const [b1, b2] = optimizerOf(reference, p.name).betas;
      const [m, v] = [`m:${p.name}`, `v:${p.name}`];
      const ofSquare = 2 * floor(p.net) * norm(wanted.gradients.get(p.name)!);
      const size = (kind: string): number => sizeOf(p.name, (name) => reference.get(`${kind}:${name}`));
      return [judge(read(m), reference.get(m), (1 - b1) * floor(p.net), size("m")), judge(read(v), reference.get(v), (1 - b2) * ofSquare, size("v"))];
    })),
    states: worst(states.map((s) => judge(read(`state:${s.name}`), reference.get(`state:${s.name}`), 0, norm(reference.get(`state:${s.name}`))))),
    updates: worst(params.map((p) => {
      const now = reference.get(`param:${p.name}`);
      const moved = (x: ArrayLike<number>, name = p.name): Float64Array => before.get(`param:${name}`)!.map((v, i) => x[i]! - v);
      const size = sizeOf(p.name, (name) => moved(reference.get(`param:${name}`), name));
      return judge(moved(read(`param:${p.name}`)), moved(now), HALF_ULP * norm(now) + updateBy(optimizerOf(reference, p.name)) * floor(p.net), size);
    })),
  };
}
