// What a model gives to be trained: `train.ts` exports one of these.
import type { Adam } from "./adam.js";
import type { DataStream } from "./data.js";
import type { Init } from "./inits.js";
import type { Order } from "./order.js";
import type { Held, SchedulePiece } from "./schedule.js";
import type { Tensor } from "./tf.js";
import type { Weights } from "./weights.js";

/** Where the model came from: checkpoints say so, and are taken back by what it says. */
export interface Origin {
  readonly name: string;
  readonly hash: string;
  /** The spec's text. */
  readonly source: string;
  /** Every param's value. */
  readonly settings: Readonly<Record<string, string>>;
  /** Path, overrides, variants and imported files of the spec. */
  readonly notes: unknown;
}

/** A tensor that is drawn for each step. */
export interface Sample {
  readonly name: string;
  /** As it lies in memory, the batch first. */
  readonly shape: readonly number[];
  readonly distribution: Init;
  readonly order?: Order;
}

/** A network's outputs; pictures are called `image`. */
export interface Outputs {
  readonly [name: string]: Tensor;
}

export interface Moment {
  /** Counted from 1. */
  readonly step: number;
  /** The schedule's: of every rate. */
  readonly factor: number;
}

/** The step, made once for a run. */
export interface Training {
  /** One step: pictures (NHWC, in [-1, 1]) by name in, losses by name out: scalars, the caller's to dispose of. */
  step(batch: Readonly<Record<string, Tensor>>, now: Moment): Record<string, Tensor>;
  /** By the spec's name; an optimizer of several phases is an Adam for each. */
  readonly optimizers: Readonly<Record<string, readonly Adam[]>>;
  /** By name, `A2B`: what the spec exports, for use outside of a step (`weights.inference`). */
  readonly exports: Readonly<Record<string, (x: Tensor, ...others: Tensor[]) => Tensor | Outputs>>;
}

export interface TrainingModel {
  readonly origin: Origin;
  readonly batch: number;
  readonly data: readonly DataStream[];
  readonly samples: readonly Sample[];
  readonly length: { readonly count: number; readonly unit: "steps" | "epochs" };
  readonly schedule: readonly SchedulePiece[];
  readonly held?: Held;
  /** Names of the data streams that a step reads; all of them unless given. */
  readonly streamsAt?: (step: number) => readonly string[];
  /** Weights that are made, but that nothing uses: `AB.spare1.weight`. Files leave them out. */
  readonly unused?: readonly string[];
  readonly create: (weights: Weights) => Training;
}
