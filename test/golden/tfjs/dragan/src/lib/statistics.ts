// Means and deviations. tfjs has them, too, but its gradients fill and read the whole picture many times more.
import { withGradient } from "./adjoint.js";
import { tensorFlow, type TensorFlowOperations } from "./native.js";
import { isRecorded } from "./tape.js";
import { type Tensor, tf } from "./tf.js";

export interface StandardizeOptions {
  readonly eps?: number;
  /** Divides the sum of squares by N - 1 instead of N. */
  readonly unbiased?: boolean;
  /** `variance` divides by sqrt(variance + eps), `std_plus_eps` by sqrt(variance) + eps. */
  readonly form?: "variance" | "std_plus_eps";
}

/** (x - mean) / deviation, both over these axes. */
export function standardize(x: Tensor, axes: readonly number[], options: StandardizeOptions = {}): Tensor {
  const native = tensorFlow();
  const channels = batchNormChannels(x, axes, options);
  if (native && channels) return batchNormalized(native, x, channels, axes, options);
  return withGradient(x, (t) => {
    const { value, scale } = standardized(t, axes, options);
    const gradient = (g: Tensor, input: Tensor, y: Tensor, r: Tensor): Tensor =>
      isRecorded() ? recordedGradient(g, input, axes, options) : standardizeGradient(g, y, r, axes, options);
    return { value, saved: [t, value, scale], gradient };
  });
}

/** A second gradient must see how y and r come from x. */
function recordedGradient(g: Tensor, x: Tensor, axes: readonly number[], options: StandardizeOptions): Tensor {
  const { value, scale } = standardized(x, axes, options);
  return standardizeGradient(g, value, scale, axes, options);
}

/**
 * TensorFlow's batch normalization is one kernel, and its gradient another. It takes means over all axes but the last, so it will do where
 * the kept axes are the last ones and those before them, the batch among them, are 1 or normalized: how many channels it sees. For a single
 * channel its gradient takes six times as long as the formula's own operations.
 */
function batchNormChannels(
  x: Tensor,
  axes: readonly number[],
  { form = "variance" }: StandardizeOptions,
): number | undefined {
  const last = Math.max(...axes);
  const covered = x.shape.every((dim, axis) => axis > last || dim === 1 || axes.includes(axis));
  const channels = x.shape.slice(last + 1).reduce((product, dim) => product * dim, 1);
  return form === "variance" && covered && channels > 1 ? channels : undefined;
}

/** It divides by N; for N - 1 the factor goes into its eps and scale: 1 / sqrt(v · N / (N - 1) + eps) = s / sqrt(v + eps · s²), s² = (N - 1) / N. */
function batchNormalized(
  native: TensorFlowOperations,
  x: Tensor,
  channels: number,
  axes: readonly number[],
  options: StandardizeOptions,
): Tensor {
  const { eps = 1e-5, unbiased = false } = options;
  const share = 1 / bessel(x, axes, unbiased);
  const settings = { T: "float32", U: "float32", epsilon: eps * share, data_format: "NHWC", is_training: true };
  const flat = [1, 1, x.size / channels, channels];
  const fits = x.rank === 4 && x.shape[3] === channels;
  const laid = (t: Tensor): Tensor => (fits ? t : t.reshape(flat));
  const back = (t: Tensor): Tensor => (fits ? t : t.reshape(x.shape));
  return withGradient(x, (t) => {
    const [scale, offset, none] = [
      filled(native, channels, Math.sqrt(share)),
      filled(native, channels, 0),
      filled(native, 0, 0),
    ];
    const [y, , , ...kept] = native.runMany("FusedBatchNormV3", [laid(t), scale, offset, none, none], settings, 6);
    const gradient = (g: Tensor, input: Tensor, ...rest: Tensor[]): Tensor => {
      if (isRecorded()) return recordedGradient(g, input, axes, options);
      return back(native.runMany("FusedBatchNormGradV3", [laid(g), laid(input), scale, ...rest], settings, 5)[0]!);
    };
    return { value: back(y!), saved: [t, ...kept], gradient };
  });
}

function filled(native: TensorFlowOperations, count: number, value: number): Tensor {
  return native.constant(`${count} times ${value}`, () => tf.tensor1d(new Float32Array(count).fill(value)));
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

/** The variance over these axes. */
export function variance(
  x: Tensor,
  axes: readonly number[],
  { unbiased = false }: { readonly unbiased?: boolean } = {},
): Tensor {
  const spread = meanSquare(x.sub(x.mean([...axes], true)), axes, unbiased);
  return spread.reshape(x.shape.filter((_, axis) => !axes.includes(axis)));
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
