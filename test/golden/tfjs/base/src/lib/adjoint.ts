// Operations whose gradient TensorFlow.js lacks, gets wrong, or computes slowly.
import { type Tensor, tf } from "./tf.js";

export interface Differentiable {
  readonly value: Tensor;
  /** What the gradient needs of this computation. */
  readonly saved: Tensor[];
  /** From the value's gradient to x's. Gradients of gradients run through what it computes on the tape. */
  readonly gradient: (g: Tensor, ...saved: Tensor[]) => Tensor;
}

/** f(x) with the gradient that f gives itself. */
export function withGradient(x: Tensor, f: (x: Tensor) => Differentiable): Tensor {
  return withGradients([x], (t) => {
    const { value, saved, gradient } = f(t!);
    return { value, saved, gradients: (g, ...kept) => [gradient(g, ...kept)] };
  });
}

export interface DifferentiableByAll {
  readonly value: Tensor;
  readonly saved: Tensor[];
  /** By each of the inputs, in their order. */
  readonly gradients: (g: Tensor, ...saved: Tensor[]) => Tensor[];
}

/** f of several tensors. */
export function withGradients(inputs: readonly Tensor[], f: (...inputs: Tensor[]) => DifferentiableByAll): Tensor {
  return tf.customGrad((...given) => {
    const save = given.pop() as (tensors: Tensor[]) => void;
    const { value, saved, gradients } = f(...(given as Tensor[]));
    save(saved);
    return { value, gradFunc: (g: Tensor, kept: Tensor[]) => gradients(g, ...kept) };
  })(...inputs);
}

export type Linear = (x: Tensor) => Tensor;

/**
 * A linear operation given with its adjoint: each is the other's gradient, to any order. Neither may depend on a tensor that a gradient
 * is taken by.
 */
export function linearMap(forward: Linear, adjoint: Linear): Linear {
  return (x) => withGradient(x, (t) => ({ value: forward(t), saved: [], gradient: linearMap(adjoint, forward) }));
}
