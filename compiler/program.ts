// What compile() hands to a runtime: the training step as a list of graphs with their storage, and the inference graphs.
// Plain data (JSON), so that a run folder can keep it.

import type { Lowerings } from "./lowering";

/** Key of a graph's metadata, if a runtime's own optimizer is known to find next to nothing in it. */
export const PLAIN = "ganc.plain";

/** A tensor outside the graphs. Layout: row-major in the order of `axes`. float32. */
export interface TensorSpec {
  readonly name: string;
  readonly axes: readonly string[];
  readonly shape: readonly number[];
}

/** Drawn once, element by element in layout order, from a stream of its own named after the tensor. */
export type InitSpec =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly mean: number; readonly std: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  /** Normal draws divided by their Euclidean norm. */
  | { readonly kind: "unit_normal" };

export interface ParamSpec extends TensorSpec {
  /** The `net` it belongs to, `AB` or `DA.0`. */
  readonly net: string;
  /** Which setting of a layer it is: decay_on: weights covers `weight` alone. */
  readonly role: "weight" | "bias" | "other";
  readonly init: InitSpec;
  /** Projected onto this range after each update. */
  readonly within?: readonly [number, number];
  /** Name of the OptimizerSpec that covers it; absent for a net nobody trains. */
  readonly optimizer?: string;
  /** The norm or head declaration that made it, e.g. `AdaLIN`: reports group by it. */
  readonly madeBy?: string;
}

export interface StateSpec extends TensorSpec {
  readonly init: InitSpec;
  readonly net: string;
}

export type ScheduleUnit = "steps" | "epochs" | "percent";
export type SchedulePieceSpec =
  | { readonly kind: "constant"; readonly count?: number; readonly unit?: ScheduleUnit }
  | { readonly kind: "linear"; readonly to: number; readonly count?: number; readonly unit?: ScheduleUnit }
  | { readonly kind: "times"; readonly factor: number; readonly every: number; readonly unit: ScheduleUnit };

export interface OptimizerSpec {
  readonly name: string;
  readonly kind: "adam";
  readonly rate: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  /**
   * "hat": eps is added to the root of the uncorrected second moment (Kingma & Ba 2015, end of section 2; TensorFlow), not of the corrected
   * one (algorithm 1; PyTorch). The scalars alone carry it: see ScalarSpec.
   */
  readonly epsForm?: "hat";
  readonly decay: number;
  /** "all": on every covered parameter; "weights": spares biases and norms. */
  readonly decayOn: "all" | "weights";
  readonly params: readonly string[];
  /** The phases that update each of its parameters, in order; absent: one, at each step. */
  readonly phases?: readonly string[];
}

/** Numbers the trainer computes for each step, in double precision, and feeds as float32 scalars. */
export type ScalarSpec =
  /** rate · schedule / (1 - beta1^t), t = 1 at the first update; times sqrt(1 - beta2^t) where eps is "hat". */
  | { readonly name: string; readonly kind: "step-size"; readonly optimizer: string; readonly phase?: string }
  /** 1 / sqrt(1 - beta2^t); 1 where eps is "hat". */
  | { readonly name: string; readonly kind: "root-correction"; readonly optimizer: string; readonly phase?: string };

/** A condition on the step's number, which counts from 1; everything else is folded. */
export type StepExpr = number | boolean | "step" | { readonly op: StepOp; readonly args: readonly StepExpr[] };
export type StepOp = "or" | "and" | "not" | "neg" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%" | "^";

/** One of the sets of phases that run together in a step: a compiled step of its own. */
export interface PlanSpec {
  readonly phases: readonly string[];
  /** The data streams that its graphs read. */
  readonly data: readonly string[];
}

/**
 * Where a graph's input comes from, or its output goes. `value` is one of
 *   param:NAME · m:NAME · v:NAME (Adam's moments, shaped as the parameter; start at 0) · state:NAME · data:NAME (batch
 *   first) · sample:NAME · scalar:NAME · grad:NAME (gradient of a parameter) · value:ID (crosses from one graph to the
 *   next) · loss:PHASE.TERM (scalar) · next:NAME (the state's new value: becomes state:NAME when the step is over)
 */
export interface Port {
  /** The graph's own name for it. */
  readonly port: string;
  readonly value: string;
}

/**
 * One graph of the step. `compute` graphs never write what they read. `update` graphs do: their outputs param:, m:, v: are
 * the very buffers of their inputs.
 */
export interface Segment {
  readonly name: string;
  readonly phase: string;
  readonly kind: "compute" | "update";
  /** Index into Program.plans: the steps it is part of. Absent: all of them. */
  readonly plan?: number;
  /** File name of the model, e.g. `step.0.discriminators.onnx`. */
  readonly model: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Of an update graph, what it does: a runtime runs either. */
  readonly updates?: readonly AdamUpdate[];
}

/**
 * Adam's update of one parameter as numbers: the same as the update graph does, for a runtime that has a faster way. The formula
 * stands in compiler/train/update.ts.
 */
export interface AdamUpdate {
  readonly param: string;
  /** Names of ScalarSpecs. */
  readonly step: string;
  readonly root: string;
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Coupled decay; 0 where the parameter is spared. */
  readonly decay: number;
  /** Projected onto this range afterwards. */
  readonly within?: readonly [number, number];
}

/** Pillow's two; TensorFlow 1's: the four nearest pixels of x · scale, without antialiasing; OpenCV's: the same about the pixels' centres. */
export type Filter = "bilinear" | "bicubic" | "bilinear_corner" | "bilinear_cv2";

/** One preprocessing step of a `data` line; runtime/data/types.ts mirrors it. */
export type DataStepSpec =
  | PictureStepSpec
  /** With probability p every picture of a run goes through these steps, else none does. */
  | { readonly op: "all_or_none"; readonly p: number; readonly steps: readonly DataStepSpec[] };

/** A step that is done to each picture by itself. */
export type PictureStepSpec =
  | { readonly op: "random_flip"; readonly p?: number }
  | { readonly op: "resize"; readonly height: number; readonly width: number; readonly filter: Filter }
  | { readonly op: "resize_short"; readonly size: number; readonly filter: Filter }
  | { readonly op: "random_crop" | "center_crop"; readonly height: number; readonly width: number };

export interface DataStreamSpec {
  readonly name: string;
  /** `A` reads trainA and testA. */
  readonly folder: string;
  /** Of a second draw (`data A2: A`): the stream whose next pictures it takes. */
  readonly of?: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly steps: readonly DataStepSpec[];
  /** What `translate` and the picture grids do instead: no chance in it. */
  readonly test: readonly PictureStepSpec[];
}

export interface LossTermSpec {
  /** `generators.cycle`: phase and term. */
  readonly name: string;
  readonly phase: string;
  readonly term: string;
  /** The term written out, weights folded, as `explain` shows it. */
  readonly formula: string;
}

export interface ExportPort {
  readonly name: string;
  readonly axes: readonly string[];
  /** Numbers, or expressions of free symbols such as `H`, `4*H`, `N` for the batch. */
  readonly shape: readonly (number | string)[];
}

/** What must hold of an export's free dims: H % 4 == 0, H >= 8. */
export interface Guard {
  readonly symbol: string;
  readonly divisor: number;
  readonly least: number;
}

export interface ExportSpec {
  readonly name: string;
  /** File name of the model whose parameters are inputs (ports named param:NAME, state:NAME). */
  readonly model: string;
  readonly inputs: readonly ExportPort[];
  readonly outputs: readonly ExportPort[];
  readonly params: readonly string[];
  readonly states: readonly string[];
  readonly guards: readonly Guard[];
  /** Sizes it was compiled for, where it cannot be free. */
  readonly fixed?: { readonly height: number; readonly width: number };
}

export interface Program {
  readonly format: 1;
  /** Name of the spec, e.g. `ugatit`. */
  readonly spec: string;
  /** SHA-256 of the spec's text and everything that decided the program (overrides, variants, imports). */
  readonly hash: string;
  /** Every param with its final value as text: what a run compares to say which norm or param differs. */
  readonly settings: Readonly<Record<string, string>>;
  readonly batch: number;
  readonly length: { readonly count: number; readonly unit: "steps" | "epochs" };
  readonly data: readonly DataStreamSpec[];
  readonly params: readonly ParamSpec[];
  readonly states: readonly StateSpec[];
  readonly samples: readonly (TensorSpec & { readonly distribution: InitSpec })[];
  readonly optimizers: readonly OptimizerSpec[];
  /** Factor of every rate. */
  readonly schedule: readonly SchedulePieceSpec[];
  /** The factor is set at the first of so many steps, to what it is after the steps done by then, and kept in between. */
  readonly held?: { readonly count: number; readonly unit: ScheduleUnit };
  readonly scalars: readonly ScalarSpec[];
  readonly losses: readonly LossTermSpec[];
  readonly segments: readonly Segment[];
  /** Phases that rest at some steps, and when they run. */
  readonly conditions?: readonly { readonly phase: string; readonly when: StepExpr }[];
  /** With conditions: what their phases amount to. planOf (train/when.ts) says which one a step runs. */
  readonly plans?: readonly PlanSpec[];
  /** Shapes of value:, grad:, next: storage by full name. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  readonly exports: readonly ExportSpec[];
  /** What decided the forms of its graphs beside the backend's own table. */
  readonly lowerings?: Lowerings;
}
