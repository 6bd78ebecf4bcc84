import type { Random } from "./random";
import type { DataSpec, DataStep, PictureStep, SettledSpec } from "./types";

export interface Settled {
  readonly spec: SettledSpec;
  /** Of each all_or_none that was reached, in the order of the text: whether all pictures go through it. */
  readonly decided: readonly boolean[];
}

/**
 * Decides what is left to chance once a run. The TensorFlow U-GAT-IT throws its coin for augmentation in Python, while `Dataset.map` traces
 * the function: once a domain, so that all pictures of a domain are augmented or none (its utils.py, lines 20-24).
 * @param random the stream's own, which depends on the seed and the stream's name: a resumed run decides the same
 */
export function settle(spec: DataSpec, random: Random): Settled {
  const decided: boolean[] = [];
  let count = 0;
  const flat = (steps: readonly DataStep[]): PictureStep[] =>
    steps.flatMap((step) => {
      if (step.op !== "all_or_none") return [step];
      count++;
      const all = random.fork(`all_or_none ${count}`).uniform() < step.p;
      decided.push(all);
      return all ? flat(step.steps) : [];
    });
  return { spec: { ...spec, steps: flat(spec.steps) }, decided };
}
