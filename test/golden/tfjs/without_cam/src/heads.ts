// Attention heads. From specs/ugatit.gan.
import type { Scope } from "./lib/scope.js";
import type { Tensor } from "./lib/tf.js";

/**
 * No attention: the features pass, and there is nothing to classify.
 * head Plain, std/heads:66
 */
export function Plain(_w: Scope, x: Tensor): { features: Tensor } {
  return { features: x };
}
