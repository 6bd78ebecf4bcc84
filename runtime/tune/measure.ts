// How long forms of one operation take on this machine, under the settings that training runs with.
import { performance } from "node:perf_hooks";
import { loadOrt, openSession, type Tensors } from "../engine/session.ts";
import { probeSilence, runInto } from "../engine/silent.ts";

export interface Subject {
  /** With `silent`, as training has it. */
  readonly model: Uint8Array;
  readonly inputs: readonly Port[];
  readonly output: Port;
}
interface Port {
  readonly name: string;
  readonly dims: readonly number[];
}
export interface Effort {
  readonly rounds: number;
  /** Of running, for all subjects together: fewer rounds where they take longer, but two at least. */
  readonly milliseconds: number;
  readonly threads?: number;
}

/**
 * Milliseconds of each: the least of several runs, in turns, so that whoever else uses the machine disturbs all of them alike. Results are
 * written into tensors that are there already, and not handed over, as in a training step.
 */
export async function leastTimes(subjects: readonly Subject[], { rounds, milliseconds, threads }: Effort): Promise<number[]> {
  const ort = await loadOrt();
  const running = [];
  const silence = await probeSilence();
  for (const { model, inputs, output } of subjects) {
    const session = await openSession(model, { threads });
    const tensors = (ports: readonly Port[]): Tensors => Object.fromEntries(ports.map(({ name, dims }) => [name, new ort.Tensor("float32", waves(dims), dims)]));
    const [feeds, fetches] = [tensors(inputs), tensors([output])];
    const run = (): Promise<void> => runInto(session, feeds, fetches, silence);
    await run();
    running.push({ session, run });
  }
  const least = running.map(() => Infinity);
  const began = performance.now();
  for (let round = 0; round < rounds && (round < 2 || performance.now() - began < milliseconds); round++) {
    for (const [i, { run }] of running.entries()) {
      const start = performance.now();
      await run();
      least[i] = Math.min(least[i]!, performance.now() - start);
    }
  }
  for (const { session } of running) await session.release();
  return least;
}

/** Values between -1 and 1 that do not repeat: times depend on neither, but numbers near zero would be slow. */
const waves = (dims: readonly number[]): Float32Array => Float32Array.from({ length: dims.reduce((n, d) => n * d, 1) }, (_, i) => Math.sin(i * 1.7 + 0.3));
