import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/**
 * One number that is learned, from 0: a classifier's bias.
 * block Offset, std/heads:60
 */
export class Offset {
  constructor(private readonly weights: Scope) {}

  call(): Tensor {
    const w = this.weights.enter();
    const bias = w.learn("bias", [], 0.0);
    return bias;
  }
}
