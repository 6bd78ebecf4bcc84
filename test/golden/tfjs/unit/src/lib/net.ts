// What a training step is made of: nets whose equal calls are one, losses by name, one minimization a phase.
import type { Adam } from "./adam.js";
import { useRules } from "./rules.js";
import { gradients } from "./tape.js";
import { type Tensor, tf } from "./tf.js";
import type { Weights } from "./weights.js";

/** Two calls of one net on the same values, with the same weights, are one computation. */
export class Net<Inputs extends readonly Tensor[], Result> {
  private readonly known = new Map<string, Result>();
  private readonly inExports = new WeakMap<object, Map<string, Result>>();
  private readonly made: Tensor[] = [];

  constructor(
    private readonly store: Weights,
    /** Its own name, and those of the nets that are parts of it: what decides its weights. */
    private readonly names: readonly string[],
    private readonly model: { call(...inputs: Inputs): Result },
  ) {}

  /** While training, kept until the step is over: a phase may ask again for what another has made. */
  call(...inputs: Inputs): Result {
    const { training, exporting } = this.store;
    const key = [...inputs.map(({ id }) => id), ...this.names.map((name) => this.store.versionOf(name))].join();
    const all = training ? this.known : exporting && this.within(exporting);
    const known = all?.get(key);
    if (known) return known;
    const result = apartFromWeights(this.model.call(...inputs));
    if (training) this.made.push(...tensorsOf(result).map((tensor) => tf.keep(tensor)));
    all?.set(key, result);
    return result;
  }

  private within(exporting: object): Map<string, Result> {
    const known = this.inExports.get(exporting) ?? new Map<string, Result>();
    this.inExports.set(exporting, known);
    return known;
  }

  /** Lets go of what the step has made. */
  release(): void {
    this.known.clear();
    tf.dispose(this.made.splice(0));
  }
}

function tensorsOf(value: unknown): Tensor[] {
  if (value instanceof tf.Tensor) return [value];
  return isPlain(value) ? Object.values(value).flatMap(tensorsOf) : [];
}

const isPlain = (value: unknown): value is object =>
  Array.isArray(value) ||
  (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype);

/** The same with copies where it holds a weight or a state itself, for what a net gives is disposed of, and weights are not. */
function apartFromWeights<T>(value: T): T {
  if (value instanceof tf.Variable) return value.clone() as T;
  if (!tensorsOf(value).some((tensor) => tensor instanceof tf.Variable)) return value;
  const copies = Object.entries(value as object).map(
    ([name, part]) => [name, apartFromWeights<unknown>(part)] as const,
  );
  return (Array.isArray(value) ? copies.map(([, part]) => part) : Object.fromEntries(copies)) as T;
}

/** The terms of a step's losses, each averaged over the batch and summed under its name. */
export class Losses {
  private readonly terms = new Map<string, Tensor>();

  /** @param value one number a sample, or one for all */
  add(name: string, value: Tensor | number): void {
    const mean = typeof value === "number" ? tf.scalar(value) : value.size === 1 ? value.reshape([]) : value.mean();
    const before = this.terms.get(name);
    this.terms.set(name, before ? before.add(mean) : mean);
  }

  /** What a phase minimizes: all that is named after it. */
  total(phase: string): Tensor {
    const own = [...this.terms].flatMap(([name, value]) => (name.startsWith(`${phase}.`) ? [tf.keep(value)] : []));
    return tf.addN(own);
  }

  /** By name, the caller's to dispose of. */
  values(): Record<string, Tensor> {
    return Object.fromEntries(this.terms);
  }
}

/** One phase: its losses, their gradients by what the optimizers cover, one update of each. */
export function minimize(optimizers: readonly Adam[], factor: number, losses: () => Tensor): void {
  useRules();
  tf.tidy(() => {
    const { grads } = gradients(() => optimizers.flatMap((adam) => adam.learned()), losses);
    for (const adam of optimizers) adam.apply(grads, factor);
  });
}
