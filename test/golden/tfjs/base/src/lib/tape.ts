// What a gradient sees. TensorFlow.js records operations on a tape while a gradient is taken.
import { type Tensor, tf } from "./tf.js";
import type { Learned } from "./weights.js";

/**
 * Runs `f` as if no gradient were being taken: what it computes is a constant for the gradients outside, and it may take gradients of
 * its own.
 */
export function offTape<T>(f: () => T): T {
  const state = tf.engine().state;
  const { activeTape, gradientDepth, kernelDepth } = state;
  state.gradientDepth = 0;
  state.kernelDepth = 0;
  state.activeTape = [];
  try {
    return f();
  } finally {
    Object.assign(state, { activeTape, gradientDepth, kernelDepth });
  }
}

/** True where the operations of a gradient are recorded themselves, for a gradient of the gradient. */
export function isRecorded(): boolean {
  return tf.engine().state.gradientDepth > 0;
}

/** Whether no gradient is ever taken by it: a state's variable, which steps advance but nobody learns. */
export function isState(x: Tensor): boolean {
  return x instanceof tf.Variable && !x.trainable;
}

export interface Gradients {
  /** What was differentiated, a scalar. */
  readonly value: Tensor;
  /** By the weight's name; a weight that has no part in the value is missing. */
  readonly grads: ReadonlyMap<string, Tensor>;
}

/**
 * The value of `f` and its gradients by what `wanted` lists. The list is asked for once `f` has run, for a weight is made at its first
 * use.
 */
export function gradients(wanted: () => readonly Learned[], f: () => Tensor): Gradients {
  const variables: Tensor[] = [];
  let learned: readonly Learned[] = [];
  const run = (): Tensor => {
    const value = f();
    learned = wanted();
    // The engine looks at its list only now, but insists that it is not empty before.
    variables.splice(0, 1, ...learned.map(({ variable }) => variable));
    return value;
  };
  const nothing = tf.scalar(0);
  variables.push(nothing);
  const { value, grads } = tf.engine().gradients(run, variables, undefined, true);
  nothing.dispose();
  const found = learned.flatMap(({ name }, i) => (grads[i] ? [[name, grads[i]] as const] : []));
  return { value, grads: new Map(found) };
}
