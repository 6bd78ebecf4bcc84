// What the hand-written step needs beyond tf: functions whose own gradient in TensorFlow.js is wrong (mirrorPad) or slow, each with the
// gradient that its formula has. TensorFlow's own operations are called where tfjs-node has no name for them.
import type * as tensorFlow from "@tensorflow/tfjs";

export type Tf = typeof tensorFlow;
export type Tensor = tensorFlow.Tensor;
type Tensor4D = tensorFlow.Tensor4D;

interface Attribute {
  readonly name: string;
  readonly type: number | undefined;
  readonly value: unknown;
}

interface NodeBackend {
  readonly binding: Readonly<Record<string, number>>;
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly Tensor[]): Tensor;
  executeMultipleOutputs(name: string, attributes: readonly Attribute[], inputs: readonly Tensor[], count: number): Tensor[];
}

/** x's value and, of the value's gradient, x's. */
type Custom = (x: Tensor) => readonly [value: Tensor, saved: readonly Tensor[], gradient: (g: Tensor, saved: readonly Tensor[]) => Tensor];

export type Ops = ReturnType<typeof makeOps>;

export function makeOps(tf: Tf) {
  const backend = tf.backend() as unknown as NodeBackend;
  const { binding } = backend;
  const type = (name: string, value = "TF_FLOAT"): Attribute => ({ name, type: binding["TF_ATTR_TYPE"], value: binding[value] });
  const float = (name: string, value: number): Attribute => ({ name, type: binding["TF_ATTR_FLOAT"], value });
  const word = (name: string, value: string): Attribute => ({ name, type: binding["TF_ATTR_STRING"], value });
  const flag = (name: string, value: boolean): Attribute => ({ name, type: binding["TF_ATTR_BOOL"], value });
  const T = type("T");
  const none = tf.keep(tf.tensor1d([]));

  const custom = (x: Tensor, f: Custom): Tensor =>
    tf.customGrad((t, save) => {
      const [value, saved, gradient] = f(t as Tensor);
      (save as (tensors: readonly Tensor[]) => void)(saved);
      return { value, gradFunc: (g: Tensor, kept: Tensor[]) => gradient(g, kept) };
    })(x);

  const relu = (x: Tensor): Tensor => custom(x, (t) => {
    const y = tf.relu(t);
    return [y, [y], (g, [seen]) => backend.executeSingleOutput("ReluGrad", [T], [g, seen!])];
  });

  const leakyRelu = (x: Tensor, slope = 0.2): Tensor => custom(x, (t) => {
    const y = tf.leakyRelu(t, slope);
    return [y, [y], (g, [seen]) => backend.executeSingleOutput("LeakyReluGrad", [T, float("alpha", slope)], [g, seen!])];
  });

  const tanh = (x: Tensor): Tensor => custom(x, (t) => {
    const y = tf.tanh(t);
    return [y, [y], (g, [seen]) => backend.executeSingleOutput("TanhGrad", [T], [seen!, g])];
  });

  const corners = new Map<number, Tensor>();
  /** Mirrored by n pixels on each side. */
  const reflect = (x: Tensor, n: number): Tensor => custom(x, (t) => {
    const sides: [number, number][] = [[0, 0], [n, n], [n, n], [0, 0]];
    if (!corners.has(n)) corners.set(n, tf.keep(tf.tensor2d(sides, undefined, "int32")));
    return [tf.mirrorPad(t, sides, "reflect"), [], (g) => backend.executeSingleOutput("MirrorPadGrad", [T, type("Tpaddings", "TF_INT32"), word("mode", "REFLECT")], [g, corners.get(n)!])];
  });

  /** Each pixel becomes two by two. */
  const upsample = (x: Tensor): Tensor => custom(x, (t) => {
    const [b = 1, h = 1, w = 1, c = 1] = t.shape;
    const y = t.reshape([b * h, 1, w, c]).tile([1, 2, 1, 2]).reshape([b, 2 * h, 2 * w, c]);
    return [y, [], (g) => tf.avgPool(g as Tensor4D, 2, 2, "valid").mul(4)];
  });

  const ones = new Map<string, Tensor>();
  const filled = (n: number, value: number): Tensor => {
    const key = `${n} ${value}`;
    if (!ones.has(key)) ones.set(key, tf.keep(tf.fill([n], value)));
    return ones.get(key)!;
  };
  /**
   * (x - mean) / sqrt(variance + eps) over all axes but the last, which for a batch of one is instance normalization. TensorFlow's batch
   * normalization divides by n; for n - 1 its scale and eps take the factor.
   */
  const normalize = (x: Tensor, unbiased: boolean): Tensor => custom(x, (t) => {
    const c = t.shape[3]!;
    const n = t.size / c;
    const factor = unbiased ? (n - 1) / n : 1;
    const scale = filled(c, Math.sqrt(factor));
    const settings = [T, type("U"), float("epsilon", 1e-5 * factor), word("data_format", "NHWC"), flag("is_training", true)];
    const [y, , , ...kept] = backend.executeMultipleOutputs("FusedBatchNormV3", settings, [t, scale, filled(c, 0), none, none], 6);
    return [y!, [t, ...kept], (g, [seen, ...rest]) => backend.executeMultipleOutputs("FusedBatchNormGradV3", settings, [g, seen!, scale, ...rest], 5)[0]!];
  });

  /** Instance normalization of a batch of one. */
  const instanceNorm = (x: Tensor, unbiased = false): Tensor => normalize(x, unbiased);
  /** The same over everything, by n - 1: batch normalization's kernel is slow for a single channel. */
  const layerNorm = (x: Tensor): Tensor => custom(x, (t) => {
    const bessel = t.size / (t.size - 1);
    const centred = t.sub(t.mean());
    const scale = centred.square().mean().mul(bessel).add(1e-5).rsqrt();
    const y = centred.mul(scale);
    return [y, [y, scale], (g, [seen, r]) => g.sub(g.mean()).mul(r!).sub(seen!.mul(g.mul(seen!).mean().mul(r!.mul(bessel))))];
  });

  /** The largest value of each channel; of equals the first takes the gradient. */
  const globalMax = (x: Tensor): Tensor => custom(x, (t) => {
    const [b = 1, h = 1, w = 1, c = 1] = t.shape;
    return [t.max([1, 2]), [t], (g, [seen]) => {
      const places = seen!.reshape([b, h * w, c]).argMax(1);
      return tf.oneHot(places as tensorFlow.Tensor1D, h * w, 1, 0, "float32").transpose([0, 2, 1]).mul(g.reshape([b, 1, c])).reshape([b, h, w, c]);
    }];
  });

  /** The mean of each channel. */
  const globalMean = (x: Tensor): Tensor => custom(x, (t) => {
    const [b = 1, h = 1, w = 1, c = 1] = t.shape;
    return [t.mean([1, 2]), [], (g) => g.div(h * w).reshape([b, 1, 1, c]).tile([1, h, w, 1])];
  });

  /** mean((x - label)^2). */
  const mse = (x: Tensor, label: number): Tensor => custom(x, (t) => {
    const off = t.sub(label);
    return [off.square().mean(), [off], (g, [seen]) => seen!.mul(g.mul(2 / t.size))];
  });

  /** mean(|x - target|). */
  const l1 = (x: Tensor, target: Tensor): Tensor => custom(x, (t) => {
    const off = t.sub(target);
    return [off.abs().mean(), [off], (g, [seen]) => seen!.sign().mul(g.div(t.size))];
  });

  /** mean(softplus(x) - label · x). */
  const bce = (x: Tensor, label: number): Tensor => custom(x, (t) => {
    const softplus = t.softplus();
    return [(label === 0 ? softplus : softplus.sub(t.mul(label))).mean(), [t], (g, [seen]) => seen!.sigmoid().sub(label).mul(g.div(t.size))];
  });

  /** Runs f as if no gradient were being taken outside. */
  const offTape = <R>(f: () => R): R => {
    const { state } = tf.engine();
    const { activeTape, gradientDepth, kernelDepth } = state;
    Object.assign(state, { activeTape: [], gradientDepth: 0, kernelDepth: 0 });
    try {
      return f();
    } finally {
      Object.assign(state, { activeTape, gradientDepth, kernelDepth });
    }
  };

  return { custom, relu, leakyRelu, tanh, reflect, upsample, instanceNorm, layerNorm, globalMax, globalMean, mse, l1, bce, offTape };
}
