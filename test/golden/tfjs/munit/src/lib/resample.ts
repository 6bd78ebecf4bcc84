// Pictures made larger and smaller. x: [..., h, w, c].
import { linearMap } from "./adjoint.js";
import { pad as padded, zero } from "./pads.js";
import { offTape } from "./tape.js";
import { type Tensor, type Tensor4D, tf } from "./tf.js";

type Shape4D = Tensor4D["shape"];

/** f of pictures with one leading axis, for pictures with any. */
export function asPictures(x: Tensor, f: (pictures: Tensor4D) => Tensor): Tensor {
  if (x.rank === 4) return f(x as Tensor4D);
  const [h = 1, w = 1, c = 1] = x.shape.slice(-3);
  const y = f(x.reshape([-1, h, w, c]));
  return y.reshape([...x.shape.slice(0, -3), ...y.shape.slice(1)]);
}

/** Nearest neighbour: each pixel becomes factor × factor. */
export function upsample(x: Tensor, factor: number): Tensor {
  const enlarge = ([b, h, w, c]: Shape4D, t: Tensor): Tensor =>
    t
      .reshape([b * h, 1, w, c])
      .tile([1, factor, 1, factor])
      .reshape([b, h * factor, w * factor, c]);
  const sums = (g: Tensor4D): Tensor => tf.avgPool(g, factor, factor, "valid").mul(factor * factor);
  return factor === 1
    ? x
    : asPictures(
        x,
        linearMap(
          (t) => enlarge(t.shape as Shape4D, t),
          (g) => sums(g as Tensor4D),
        ),
      );
}

export interface PoolOptions {
  /** The kernel's size unless given. */
  readonly stride?: number;
  /** Zeros around the picture. */
  readonly pad?: number;
  /** Whether those zeros count in the mean. */
  readonly countPad?: boolean;
}

/** Means of kernel × kernel windows. */
export function avgPool(
  x: Tensor,
  kernel: number,
  { stride = kernel, pad = 0, countPad = true }: PoolOptions = {},
): Tensor {
  return asPictures(x, (pictures) => {
    const all = means(padded(pictures, zero(pad)) as Tensor4D, kernel, stride);
    if (countPad || pad === 0) return all;
    const share = offTape(() =>
      means(padded(tf.ones([1, ...pictures.shape.slice(1, 3), 1]), zero(pad)) as Tensor4D, kernel, stride),
    );
    return all.div(share);
  });
}

/** tfjs has no gradient of its average pool's gradient. */
function means(x: Tensor4D, kernel: number, stride: number): Tensor {
  const settings = { filterSize: [kernel, kernel], strides: [stride, stride], pad: "valid" };
  const spread = (g: Tensor): Tensor =>
    tf.engine().runKernel("AvgPoolGrad", { dy: g, input: tf.zeros(x.shape) }, settings);
  return linearMap((t) => tf.avgPool(t as Tensor4D, kernel, stride, "valid"), spread)(x);
}
