import { unsqueeze } from "../lib/samples.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";

/**
 * A point of the line from a real picture to a fake: real + t * (fake - real), t from U(0, 1).
 * Gulrajani et al., "Improved Training of Wasserstein GANs", NIPS 2017.
 * block Between, std/penalties:7
 */
export class Between {
  constructor(private readonly weights: Scope) {}

  call(real: Tensor, fake: Tensor): Tensor {
    const w = this.weights.enter();
    const t = w.sample("t");
    return real.add(unsqueeze(t, [1, 2, 3]).mul(fake.sub(real)));
  }
}
