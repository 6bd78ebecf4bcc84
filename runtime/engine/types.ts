// What the trainer, the checkpoints and the pictures know of an engine: a thing that holds a program's tensors and can do a
// step with them. onnx.ts is the one we have; a browser's would be another.
import type { Program } from "../../compiler/program.ts";

/** Where a training stands when a step begins. */
export interface Now {
  /** Of this step, counted from 1. */
  readonly step: number;
  /** The schedule's, of every rate. */
  readonly factor: number;
  /** Each optimizer's updates before this step. */
  readonly updates: Readonly<Record<string, number>>;
}

export interface StepFeeds {
  /** By the stream's name, batch first. */
  readonly data: Readonly<Record<string, Float32Array>>;
  readonly scalars: Readonly<Record<string, number>>;
  readonly samples: Readonly<Record<string, Float32Array>>;
  /** For an engine that updates by itself instead of by these scalars. */
  readonly now?: Now;
  /** Index into the program's plans, if it has any: which phases run. Data that they do not read need not be given. */
  readonly plan?: number | undefined;
}

/** A tensor that crosses an export's border, with the shape of this call. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What stays from step to step: `param:X`, Adam's moments `m:X` and `v:X` of the trained ones, `state:X`. */
export type StateName = `${"param" | "m" | "v" | "state"}:${string}`;

export interface Engine {
  readonly program: Program;
  /** Everything a checkpoint must hold, in the program's order. */
  readonly stateNames: readonly StateName[];
  /** One whole training step. Gives the losses by name; rejects with a UserError if one is not finite. */
  step(feeds: StepFeeds): Promise<Record<string, number>>;
  shape(name: StateName): readonly number[];
  /** What it holds now. An engine may give the live array, or a copy: neither is to be written to, nor kept over a step. */
  read(name: StateName): Float32Array;
  write(name: StateName, values: Float32Array): void;
  /** Gives `make` an array of the tensor's size, with anything in it, to be filled. */
  fill(name: StateName, make: (values: Float32Array) => void): void;
  /** Runs an export with the present parameters. */
  export(name: string, inputs: Readonly<Record<string, NamedTensor>>): Promise<Record<string, NamedTensor>>;
  close(): Promise<void>;
}
