// Functions that TensorFlow.js lacks, or has with a gradient that is wrong or slow. Gradients of gradients are right as well.
import { linearMap, withGradient, withGradients } from "./adjoint.js";
import { tensorFlow } from "./native.js";
import { passedTo, summed } from "./rules.js";
import { isRecorded, isState, offTape } from "./tape.js";
import { type Tensor, type Tensor2D, tf } from "./tf.js";

/** max(x, 0). */
export function relu(x: Tensor): Tensor {
  return leakyRelu(x, 0);
}

/** x where positive, slope · x elsewhere. */
export function leakyRelu(x: Tensor, slope: number): Tensor {
  return withGradient(x, (t) => {
    const value = slope === 0 ? tf.relu(t) : tf.leakyRelu(t, slope);
    const gate = (y: Tensor) => (g: Tensor) => passed(g, y, slope);
    return { value, saved: [value], gradient: (g, y) => linearMap(gate(y), gate(y))(g) };
  });
}

/** g where y > 0, slope · g elsewhere; y is a result of leakyRelu. */
function passed(g: Tensor, y: Tensor, slope: number): Tensor {
  const native = tensorFlow();
  if (native)
    return slope === 0
      ? native.run("ReluGrad", [g, y], { T: "float32" })
      : native.run("LeakyReluGrad", [g, y], { T: "float32", alpha: slope });
  return tf.where(y.greater(0), g, g.mul(slope));
}

/** Hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return withGradient(x, (t) => {
    const value = tf.tanh(t);
    const slope = (y: Tensor): Tensor => tf.sub(1, y.square());
    return {
      value,
      saved: [t, value],
      gradient: (g, input, y) =>
        isRecorded()
          ? g.mul(slope(tanh(input)))
          : (tensorFlow()?.run("TanhGrad", [y, g], { T: "float32" }) ?? g.mul(slope(y))),
    };
  });
}

/** |x|, with gradient 0 at 0. */
export function abs(x: Tensor): Tensor {
  return withGradient(x, (t) => ({
    value: t.abs(),
    saved: [t],
    gradient: (g, saved) => g.mul(offTape(() => saved.sign())),
  }));
}

/** scale · mix(a, b, t) + offset, as (scale - scale · t) · a + scale · t · b + offset: the factors are smaller than the pictures. */
export function affineMix(a: Tensor, b: Tensor, t: Tensor, scale: Tensor, offset: Tensor): Tensor {
  return withGradients([a, b, t, scale, offset], (x, y, share, gain, shift) => {
    const ofY = share!.mul(gain!);
    const value = x!.mul(gain!.sub(ofY)).add(y!.mul(ofY)).add(shift!);
    const gradients = (g: Tensor, from: Tensor, to: Tensor, by: Tensor, times: Tensor): Tensor[] => {
      const ofTo = by.mul(times);
      const [ofA, ofB] = [from, to].map((z) => summed(g.mul(z), ofTo.shape)) as [Tensor, Tensor];
      const turn = ofB.sub(ofA);
      return [
        g.mul(times.sub(ofTo)),
        g.mul(ofTo),
        summed(turn.mul(times), by.shape),
        summed(ofA.add(by.mul(turn)), times.shape),
        passedTo(g, shift!),
      ];
    };
    return { value, saved: [x!, y!, share!, gain!], gradients };
  });
}

/** v / max(|v|, eps), over all axes, or over these. */
export function unit(v: Tensor, eps = 1e-12, axes?: readonly number[]): Tensor {
  const norm = v
    .square()
    .sum(axes && [...axes], true)
    .sqrt();
  return v.div(tf.maximum(norm, eps));
}

/** Sums of a matrix' products with a vector along its rows (axis 0) or columns (axis 1): a vector of the other axis' length. */
export function timesVector(matrix: Tensor, vector: Tensor, axis: 0 | 1): Tensor {
  if (!isState(vector)) return timesColumn(matrix, vector, axis);
  const outer = (g: Tensor, v: Tensor): Tensor => {
    const [rows, columns] = axis === 0 ? [v, g] : [g, v];
    return tf.matMul(rows.reshape([-1, 1]) as Tensor2D, columns.reshape([1, -1]) as Tensor2D);
  };
  return withGradient(matrix, (m) => ({ value: timesColumn(m, vector, axis), saved: [vector], gradient: outer }));
}

function timesColumn(matrix: Tensor, vector: Tensor, axis: 0 | 1): Tensor {
  const [m, column] = [matrix as Tensor2D, vector.reshape([-1, 1]) as Tensor2D];
  return (axis === 0 ? tf.matMul(column, m, true) : tf.matMul(m, column)).flatten();
}

/** The sum of two vectors' products: a scalar. */
export function dot(a: Tensor, b: Tensor): Tensor {
  if (isState(a))
    return withGradient(b, (t) => ({ value: t.mul(a).sum(), saved: [a], gradient: (g, other) => other.mul(g) }));
  return withGradients([a, b], (x, y) => ({
    value: x!.mul(y!).sum(),
    saved: [x!, y!],
    gradients: (g, left, right) => [right!.mul(g), left!.mul(g)],
  }));
}

/** matrix / (u · product), product being the matrix [rest, out] times v. */
export function overGain(matrix: Tensor, u: Tensor, v: Tensor, product: Tensor): Tensor {
  if (!isState(u) || !isState(v)) return matrix.div(dot(u, product));
  return withGradient(matrix, (m) => {
    const gain = product.mul(u).sum();
    const value = m.div(gain);
    const gradient = (g: Tensor, input: Tensor, y: Tensor, s: Tensor, left: Tensor, right: Tensor): Tensor => {
      // A second gradient must see how the gain and what it divides come from the matrix.
      const by = isRecorded() ? timesColumn(input, right, 0).mul(left).sum() : s;
      const quotient = isRecorded() ? input.div(by) : y;
      const row = left.mul(g.mul(quotient).sum());
      return g.sub(tf.matMul(right.reshape([-1, 1]) as Tensor2D, row.reshape([1, -1]) as Tensor2D)).div(by);
    };
    return { value, saved: [m, value, gain, u, v], gradient };
  });
}
