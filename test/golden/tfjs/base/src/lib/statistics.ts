// Means and deviations. tfjs has them, too, but its gradients fill and read the whole picture many times more.
import { withGradient } from "./adjoint.js";
import { isRecorded } from "./tape.js";
import type { Tensor } from "./tf.js";

export interface StandardizeOptions {
  readonly eps?: number;
  /** Divides the sum of squares by N - 1 instead of N. */
  readonly unbiased?: boolean;
  /** `variance` divides by sqrt(variance + eps), `std_plus_eps` by sqrt(variance) + eps. */
  readonly form?: "variance" | "std_plus_eps";
}

/** (x - mean) / deviation, both over these axes. */
export function standardize(x: Tensor, axes: readonly number[], options: StandardizeOptions = {}): Tensor {
  return withGradient(x, (t) => {
    const { value, scale } = standardized(t, axes, options);
    const gradient = (g: Tensor, input: Tensor, y: Tensor, r: Tensor): Tensor => {
      // A second gradient must see how y and r come from x.
      const seen = isRecorded() ? standardized(input, axes, options) : { value: y, scale: r };
      return standardizeGradient(g, seen.value, seen.scale, axes, options);
    };
    return { value, saved: [t, value, scale], gradient };
  });
}

function standardized(
  x: Tensor,
  axes: readonly number[],
  { eps = 1e-5, unbiased = false, form = "variance" }: StandardizeOptions,
): { value: Tensor; scale: Tensor } {
  const centred = x.sub(x.mean([...axes], true));
  const spread = meanSquare(centred, axes, unbiased);
  const scale = form === "variance" ? spread.add(eps).rsqrt() : spread.sqrt().add(eps).reciprocal();
  return { value: centred.mul(scale), scale };
}

/** dx = (g - mean g) · r - y · mean(g · y) · k, with k = r under sqrt(variance + eps), and 1 / deviation under deviation + eps. */
function standardizeGradient(
  g: Tensor,
  y: Tensor,
  r: Tensor,
  axes: readonly number[],
  options: StandardizeOptions,
): Tensor {
  const { eps = 1e-5, unbiased = false, form = "variance" } = options;
  const k = form === "variance" ? r : r.reciprocal().sub(eps).reciprocal();
  const share = g
    .mul(y)
    .mean([...axes], true)
    .mul(bessel(y, axes, unbiased))
    .mul(k);
  return g
    .sub(g.mean([...axes], true))
    .mul(r)
    .sub(y.mul(share));
}

function meanSquare(centred: Tensor, axes: readonly number[], unbiased: boolean): Tensor {
  const mean = centred.square().mean([...axes], true);
  return unbiased ? mean.mul(bessel(centred, axes, unbiased)) : mean;
}

/** N / (N - 1) for N values along these axes, or 1. */
function bessel(x: Tensor, axes: readonly number[], unbiased: boolean): number {
  const n = axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
  return unbiased ? n / (n - 1) : 1;
}
