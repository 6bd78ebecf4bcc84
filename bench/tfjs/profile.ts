// Which of TensorFlow's operations a function runs, how often, and for how long. tf.profile counts tfjs's kernels; an operation that code
// calls on tfjs-node's backend by itself is none of them, so the backend's own calls are counted as well.
import type { Tf } from "../../runtime/tfjs/load";

type Execute = (this: unknown, name: string, ...rest: unknown[]) => unknown;
type Backend = Record<"executeSingleOutput" | "executeMultipleOutputs", Execute>;

export interface Operation {
  readonly name: string;
  count: number;
  milliseconds: number;
}

/** tfjs-node runs an operation to its end before it returns, so that the time of the call is the operation's. */
export function operations(tf: Tf, f: () => void): Operation[] {
  const backend = tf.backend() as unknown as Backend;
  const found = new Map<string, Operation>();
  const watched = (execute: Execute): Execute => function (name, ...rest) {
    const began = performance.now();
    const result = execute.call(backend, name, ...rest);
    const operation = found.get(name) ?? { name, count: 0, milliseconds: 0 };
    operation.count++;
    operation.milliseconds += performance.now() - began;
    found.set(name, operation);
    return result;
  };
  const { executeSingleOutput, executeMultipleOutputs } = backend;
  backend.executeSingleOutput = watched(executeSingleOutput);
  backend.executeMultipleOutputs = watched(executeMultipleOutputs);
  try {
    f();
  } finally {
    Object.assign(backend, { executeSingleOutput, executeMultipleOutputs });
  }
  return [...found.values()].sort((a, b) => b.milliseconds - a.milliseconds);
}

export interface Profile {
  readonly kernels: number;
  /** Of all kernels' results. */
  readonly bytesAdded: number;
  /** Alive at once, weights included. */
  readonly peakBytes: number;
  readonly peakTensors: number;
}

/** What tf.profile says of a step. */
export async function profiled(tf: Tf, f: () => Promise<unknown>): Promise<Profile> {
  // Otherwise each result is read back, to see that it is finite.
  tf.env().set("CHECK_COMPUTATION_FOR_ERRORS", false);
  const { kernels, peakBytes } = await tf.profile(f as unknown as Parameters<Tf["profile"]>[0]);
  return {
    kernels: kernels.length,
    bytesAdded: kernels.reduce((sum, k) => sum + k.bytesAdded, 0),
    peakBytes,
    peakTensors: kernels.reduce((most, k) => Math.max(most, k.totalTensorsSnapshot), 0),
  };
}
