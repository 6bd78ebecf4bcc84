// What a fresh run begins with, and the draws of a step. Each tensor has a stream of its own, and each step's samples are keyed
// by the step's number: so nothing of chance is carried on but the seed, and a resumed run draws what the other would have.
import { fillInit } from "../../compiler/init.ts";
import type { Program } from "../../compiler/program.ts";
import { count } from "../../compiler/layout.ts";
import type { Begun } from "../engine/update/begun.ts";
import type { Engine } from "../engine/types.ts";

export const DEFAULT_SEED = 1;

/**
 * Parameters and states from their specs; Adam's moments at 0.
 *
 * @param begun the engine's own: what was drawn there before is not drawn again
 */
export function initialize(engine: Engine, seed: number, begun?: Begun): void {
  for (const { name, init, optimizer } of engine.program.params) {
    if (begun?.holds(`param:${name}`, seed)) continue;
    engine.fill(`param:${name}`, (values) => fillInit(values, init, seed, name));
    if (optimizer === undefined) continue;
    for (const moment of ["m", "v"] as const) engine.fill(`${moment}:${name}`, (values) => void values.fill(0));
  }
  for (const { name, init } of engine.program.states) engine.fill(`state:${name}`, (values) => fillInit(values, init, seed, name));
}

export class Sampler {
  readonly #program: Program;
  readonly #seed: number;
  readonly #buffers: Record<string, Float32Array> = {};

  constructor(program: Program, seed: number) {
    this.#program = program;
    this.#seed = seed;
    for (const { name, shape } of program.samples) this.#buffers[name] = new Float32Array(count(shape));
  }

  /** The same arrays each time, filled for this step. */
  draw(step: number): Readonly<Record<string, Float32Array>> {
    for (const { name, distribution } of this.#program.samples)
      fillInit(this.#buffers[name] as Float32Array, distribution, this.#seed, `sample ${name} of step ${step}`);
    return this.#buffers;
  }
}
