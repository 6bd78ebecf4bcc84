// What a training is told, and what it tells. Messages are plain data: they cross from the worker thread to the main one.
import type { Json } from "../data/types.ts";
import type { TfjsChoice } from "../engine/tfjs-open.ts";
import type { Engine } from "../engine/types.ts";

export interface TrainSettings {
  /** The run's folder: checkpoints/, pictures/, events/, log.jsonl, report.html, run.json. */
  readonly run: string;
  /** The spec's text, kept in each checkpoint. */
  readonly source: string;
  /** Anything else to be kept there (overrides, variant, imported files). */
  readonly notes?: Json;
  /** Where trainA, trainB, testA, testB are. */
  readonly data: string;
  /** Steps of the whole run; the spec's `length` unless given. A resumed run keeps its own unless given. */
  readonly steps?: number;
  /** 1 unless given. A resumed run has its own, and another one is refused. */
  readonly seed?: number;
  readonly resume: boolean;
  /** Refuse a damaged picture instead of skipping it. */
  readonly strict?: boolean;
  /** In steps; 0 for never. Checkpoints and pictures also come at the end. */
  readonly checkpointEvery: number;
  readonly picturesEvery: number;
  /** Checkpoints kept. */
  readonly keep?: number;
  /** Seconds between two writings of report.html at least. */
  readonly reportEvery?: number;
  /** Threads of one operation; 2 unless given. */
  readonly threads?: number;
  /** Train on TensorFlow.js; on onnxruntime unless given. */
  readonly tfjs?: TfjsChoice;
  /** A file for a trace of the first steps (profile.ts). */
  readonly profile?: string;
}

/** The pictures the networks learn from. `next` gives a batch of each stream, or of those named; `position` is that after the last `next`. */
export interface DataSource {
  next(streams?: readonly string[]): Promise<Readonly<Record<string, Float32Array>>>;
  position(): Json;
  /** Steps in an epoch: the longer folder, in batches. */
  readonly epoch: number;
  /** What chance has decided for the whole run, a line each. */
  readonly decided?: readonly string[];
  /** Damaged pictures passed over so far. */
  readonly skipped: number;
  close(): void;
}

export interface Grid {
  /** `A2B`: the file's and the tag's name. */
  readonly name: string;
  readonly png: Uint8Array;
}

/** Draws the picture grids with the present parameters. */
export type DrawGrids = (engine: Engine) => Promise<readonly Grid[]>;

export interface StepReport {
  readonly kind: "step";
  readonly step: number;
  readonly total: number;
  readonly epoch: number;
  readonly losses: Readonly<Record<string, number>>;
  readonly rate: Readonly<Record<string, number>>;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
  readonly skipped: number;
}

/** How a training ended; an error is thrown instead. */
export interface Outcome {
  readonly kind: "finished" | "stopped";
  readonly step: number;
  readonly total: number;
  /** The checkpoint that holds this step. */
  readonly checkpoint: string;
  readonly seconds: number;
}

export type TrainEvent =
  | { readonly kind: "begin"; readonly step: number; readonly total: number; readonly seed: number; readonly resumed?: string }
  | StepReport
  | { readonly kind: "checkpoint"; readonly step: number; readonly path: string }
  | { readonly kind: "pictures"; readonly step: number; readonly paths: readonly string[] }
  | { readonly kind: "skip"; readonly file: string; readonly message: string; readonly skipped: number }
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "note"; readonly message: string }
  | { readonly kind: "end"; readonly outcome: Outcome };

export type Emit = (event: TrainEvent) => void;
