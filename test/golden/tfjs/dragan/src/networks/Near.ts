import { unsqueeze } from "../lib/samples.js";
import type { Scope } from "../lib/scope.js";
import type { Tensor } from "../lib/tf.js";
import { Spread } from "../norms.js";

/**
 * A point near a real picture: real + t * 0.5 * spread * noise, t and noise from U(0, 1), spread the standard deviation of
 * the whole batch; the fake has no part in it. Kodali et al., "On Convergence and Stability of GANs" (DRAGAN), 2017, in
 * the form of taki0112/UGATIT (d508e8f, UGATIT.py:300).
 * block Near, std/penalties:15
 */
export class Near {
  constructor(private readonly weights: Scope) {}

  call(real: Tensor, _fake: Tensor): Tensor {
    const w = this.weights.enter();
    const t = w.sample("t");
    const inNoise = w.at("noise");
    const noise = inNoise.sample();
    return real.add(unsqueeze(t, [1, 2, 3]).mul(Spread(w, real).mul(0.5).mul(noise)));
  }
}
