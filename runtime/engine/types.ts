// What the trainer, the checkpoints and the pictures know of an engine: a thing that holds a program's tensors and can do a
// step with them. onnx.ts is the one we have; a browser's would be another.
import type { Program } from "../../compiler/program.ts";

export interface StepFeeds {
  /** By the stream's name, batch first. */
  readonly data: Readonly<Record<string, Float32Array>>;
  readonly scalars: Readonly<Record<string, number>>;
  readonly samples: Readonly<Record<string, Float32Array>>;
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
  /** The live array, not a copy: what it holds changes with the next step. */
  read(name: StateName): Float32Array;
  write(name: StateName, values: Float32Array): void;
  /** Runs an export with the present parameters. */
  export(name: string, inputs: Readonly<Record<string, NamedTensor>>): Promise<Record<string, NamedTensor>>;
  close(): Promise<void>;
}
