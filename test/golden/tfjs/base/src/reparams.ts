// What a layer uses in place of the weight it learns. From specs/ugatit.gan.
import { unitNormal } from "./lib/inits.js";
import { overGain, timesVector, unit } from "./lib/math.js";
import type { Scope } from "./lib/scope.js";
import type { Tensor } from "./lib/tf.js";

/**
 * Spectral normalization: w / sigma, where sigma = u . (W v) approximates the largest singular value of w, seen as the
 * matrix W[out, rest]. Power iteration: v = unit(W^T u), u = unit(W v), `iterations` times at each call while training.
 * Miyato et al., ICLR 2018; torch.nn.utils.spectral_norm. u and v are state, and constants for the gradient.
 * reparam spectral, std/reparams:6
 */
export function spectral(at: Scope, w: Tensor): Tensor {
  const Out = w.shape[1]!;
  const Rest = w.shape[0]!;
  const here = at.place("spectral");
  let u = here.state("u", [Out], unitNormal);
  let v = here.state("v", [Rest], unitNormal, { order: at.rest });
  v = here.next("v", () => unit(timesVector(w, u, 1), 1e-12));
  const product = timesVector(w, v, 0);
  u = here.next("u", () => unit(product, 1e-12));
  return overGain(w, u, v, product);
}
