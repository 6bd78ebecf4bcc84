// The light U-GAT-IT's networks as functions over tensors.
import type * as tensorFlow from "@tensorflow/tfjs";
import type { Ops, Tensor, Tf } from "./ops";

type Tensor2D = tensorFlow.Tensor2D;
type Tensor4D = tensorFlow.Tensor4D;

/** A net's tensors by name. */
export type Params = (name: string) => Tensor;

export interface Sizes {
  readonly blocks: number;
  readonly depths: readonly number[];
}

export function makeNets(tf: Tf, ops: Ops, { blocks }: Sizes) {
  const { relu, leakyRelu, reflect, instanceNorm, layerNorm } = ops;
  const conv = (x: Tensor, kernel: Tensor, stride = 1): Tensor => tf.conv2d(x as Tensor4D, kernel as Tensor4D, stride, "valid");
  const linear = (x: Tensor, matrix: Tensor): Tensor => tf.matMul(x as Tensor2D, matrix as Tensor2D);

  /** gamma · (rho · IN(x) + (1 - rho) · LN(x)) + beta. */
  const mixedNorm = (x: Tensor, rho: Tensor, gamma: Tensor, beta: Tensor): Tensor => {
    const ofInstance = rho.mul(gamma);
    return instanceNorm(x, true).mul(ofInstance).add(layerNorm(x).mul(gamma.sub(ofInstance))).add(beta);
  };

  /** Features weighted by two classifiers, and what the classifiers say. */
  const attend = (x: Tensor, p: Params, judge: (name: string) => Tensor, kernel: Tensor, act: (x: Tensor) => Tensor) => {
    const [average, maximum] = [p("attention.CAM1.average"), p("attention.CAM1.maximum")];
    const features = act(conv(tf.concat([x.mul(average), x.mul(maximum)], 3), kernel).add(p("attention.CAM1.features.conv1.bias")));
    const pools = tf.stack([ops.globalMean(x), ops.globalMax(x)], 1);
    const logits = pools.mul(tf.stack([judge("average"), judge("maximum")])).sum(2);
    return { features, logits };
  };

  function generator(p: Params, x: Tensor): { image: Tensor; logits: Tensor } {
    let h = relu(instanceNorm(conv(reflect(x, 3), p("content.conv1.weight"))));
    for (const n of [2, 3]) h = relu(instanceNorm(conv(reflect(h, 1), p(`content.conv${n}.weight`), 2)));
    for (let n = 1; n <= blocks; n++) {
      const y = relu(instanceNorm(conv(reflect(h, 1), p(`content.Residual${n}.conv1.weight`))));
      h = h.add(instanceNorm(conv(reflect(y, 1), p(`content.Residual${n}.conv2.weight`))));
    }
    const attention = attend(h, p, (name) => p(`attention.CAM1.${name}`), p("attention.CAM1.features.conv1.weight"), relu);
    h = attention.features;
    const style = [1, 2].reduce((s, n) => relu(linear(s, p(`style.linear${n}.weight`))), ops.globalMean(h));
    const [gamma, beta] = ["gamma", "beta"].map((name) => linear(style, p(`${name}.linear1.weight`)).reshape([-1])) as [Tensor, Tensor];
    for (let n = 1; n <= blocks; n++) {
      const at = `image.Residual${n}`;
      const y = relu(mixedNorm(conv(reflect(h, 1), p(`${at}.conv1.weight`)), p(`${at}.AdaLIN1.rho`), gamma, beta));
      h = h.add(mixedNorm(conv(reflect(y, 1), p(`${at}.conv2.weight`)), p(`${at}.AdaLIN2.rho`), gamma, beta));
    }
    for (const n of [1, 2]) {
      const at = `image.ILN${n}`;
      h = relu(mixedNorm(conv(reflect(ops.upsample(h), 1), p(`image.conv${n}.weight`)), p(`${at}.rho`), p(`${at}.gamma`), p(`${at}.beta`)));
    }
    return { image: ops.tanh(conv(reflect(h, 3), p("image.conv3.weight"))), logits: attention.logits };
  }

  function critic(p: Params, x: Tensor, depth: number): { patches: Tensor; logits: Tensor } {
    const weight = (at: string, name = "weight", spectral = "spectral1"): Tensor => spectralNorm(p(`${at}.${name}`), p(`${at}.${spectral}.u`) as tensorFlow.Variable, p(`${at}.${spectral}.v`) as tensorFlow.Variable);
    let h = x;
    for (let n = 1; n < depth; n++) h = leakyRelu(conv(reflect(h, 1), weight(`features.conv${n}`), n < depth - 1 ? 2 : 1).add(p(`features.conv${n}.bias`)));
    const judge = (name: string): Tensor => weight("attention.CAM1", name, name === "average" ? "spectral1" : "spectral2");
    // The step's spec leaves the attention's own convolution as it is.
    const attention = attend(h, p, judge, p("attention.CAM1.features.conv1.weight"), leakyRelu);
    return { patches: conv(reflect(attention.features, 1), weight("patches.conv1")), logits: attention.logits };
  }

  /** w / sigma after one power iteration, of which u and v keep the result. w: [..., out]. */
  function spectralNorm(w: Tensor, u: tensorFlow.Variable, v: tensorFlow.Variable): Tensor {
    return ops.custom(w, (t) => {
      const matrix = t.reshape([-1, u.size]) as Tensor2D;
      const length = (x: Tensor): Tensor => x.square().sum().sqrt().maximum(1e-12);
      const along = tf.matMul(matrix, u.reshape([-1, 1]) as Tensor2D);
      const left = along.div(length(along)) as Tensor2D;
      const product = tf.matMul(left, matrix, true);
      // sigma = u · (W v), with u = W v / |W v|.
      const sigma = length(product);
      const right = product.div(sigma) as Tensor2D;
      v.assign(left.reshape(v.shape));
      u.assign(right.reshape(u.shape));
      const y = t.div(sigma);
      return [y, [y, left, right, sigma], (g, [seen, column, row, size]) => g.sub(tf.matMul(column as Tensor2D, row!.mul(g.mul(seen!).sum()) as Tensor2D).reshape(g.shape)).div(size!)];
    });
  }

  return { generator, critic };
}
