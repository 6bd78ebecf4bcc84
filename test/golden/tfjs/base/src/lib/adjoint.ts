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
  return tf.customGrad((t, save) => {
    const { value, saved, gradient } = f(t as Tensor);
    (save as (tensors: Tensor[]) => void)(saved);
    return { value, gradFunc: (g: Tensor, kept: Tensor[]) => gradient(g, ...kept) };
  })(x);
}

export type Linear = (x: Tensor) => Tensor;

/**
 * A linear operation given with its adjoint: each is the other's gradient, to any order. Neither may depend on a tensor that a gradient
 * is taken by.
 */
export function linearMap(forward: Linear, adjoint: Linear): Linear {
  return (x) => withGradient(x, (t) => ({ value: forward(t), saved: [], gradient: linearMap(adjoint, forward) }));
}
