// Functions that TensorFlow.js lacks, or has with a gradient that is wrong or slow. Gradients of gradients are right as well.
import { linearMap, withGradient, withGradients } from "./adjoint";
import { tensorFlow } from "./native";
import { passedTo, summed } from "./rules";
import { isRecorded, isState, offTape } from "./tape";
import { type Tensor, type Tensor2D, tf } from "./tf";

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
  if (native) return slope === 0 ? native.run("ReluGrad", [g, y], { T: "float32" }) : native.run("LeakyReluGrad", [g, y], { T: "float32", alpha: slope });
  return tf.where(y.greater(0), g, g.mul(slope));
}

/** e to the x. (The gradients of tfjs's own exp, tanh and sigmoid are constants for a second gradient, without a word.) */
export function exp(x: Tensor): Tensor {
  return withGradient(x, (t) => {
    const value = tf.exp(t);
    return { value, saved: [t, value], gradient: (g, input, y) => g.mul(isRecorded() ? exp(input) : y) };
  });
}

/** Hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return withGradient(x, (t) => {
    const value = tf.tanh(t);
    const slope = (y: Tensor): Tensor => tf.sub(1, y.square());
    return { value, saved: [t, value], gradient: (g, input, y) => (isRecorded() ? g.mul(slope(tanh(input))) : (tensorFlow()?.run("TanhGrad", [y, g], { T: "float32" }) ?? g.mul(slope(y)))) };
  });
}

/** 1 / (1 + exp(-x)). */
export function sigmoid(x: Tensor): Tensor {
  return withGradient(x, (t) => {
    const value = tf.sigmoid(t);
    const slope = (y: Tensor): Tensor => y.mul(tf.sub(1, y));
    return { value, saved: [t, value], gradient: (g, input, y) => g.mul(slope(isRecorded() ? sigmoid(input) : y)) };
  });
}

/** |x|, with gradient 0 at 0. */
export function abs(x: Tensor): Tensor {
  return withGradient(x, (t) => ({ value: t.abs(), saved: [t], gradient: (g, saved) => g.mul(offTape(() => saved.sign())) }));
}

/** The larger of a and b; of equals, a takes the gradient. */
export function maximum(a: Tensor | number, b: Tensor | number): Tensor {
  return tf.where(offTape(() => tf.greater(b, a)), b, a);
}

/** The smaller of a and b; of equals, a takes the gradient. */
export function minimum(a: Tensor | number, b: Tensor | number): Tensor {
  return tf.where(offTape(() => tf.less(b, a)), b, a);
}

/** x within [low, high]. */
export function clamp(x: Tensor, low: Tensor | number, high: Tensor | number): Tensor {
  return minimum(maximum(x, low), high);
}

/** t · b + (1 - t) · a, as a + t · (b - a). */
export function mix(a: Tensor, b: Tensor, t: Tensor | number): Tensor {
  if (typeof t === "number" || String(a.shape) !== String(b.shape)) return a.add(b.sub(a).mul(t));
  return withGradients([a, b, t], (x, y, share) => ({
    value: x!.add(y!.sub(x!).mul(share!)),
    saved: [x!, y!, share!],
    gradients: (g, from, to, by) => {
      const ofTo = g.mul(by!);
      return [summed(g.sub(ofTo), from!.shape), summed(ofTo, to!.shape), summed(to!.sub(from!).mul(g), by!.shape)];
    },
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
      return [g.mul(times.sub(ofTo)), g.mul(ofTo), summed(turn.mul(times), by.shape), summed(ofA.add(by.mul(turn)), times.shape), passedTo(g, shift!)];
    };
    return { value, saved: [x!, y!, share!, gain!], gradients };
  });
}

/**
 * The largest value over these axes. Of equals the first takes the gradient, counted along `axes` in the order given, the last fastest.
 */
export function max(x: Tensor, axes: readonly number[]): Tensor {
  const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return withGradient(x, (t) => ({
    value: t.max([...axes]),
    saved: [t],
    gradient: (g, saved) => g.reshape(kept).mul(offTape(() => firstMaxima(saved, axes))),
  }));
}

/** 1 at the first largest value over these axes, 0 elsewhere. */
function firstMaxima(x: Tensor, axes: readonly number[]): Tensor {
  const [first = 0] = axes;
  const adjacent = axes.every((axis, i) => axis === first + i);
  if (!adjacent) {
    const last = [...x.shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes);
    const laid = firstMaxima(x.transpose(last), axes.map((_, i) => x.rank - axes.length + i));
    return laid.transpose(last.map((_, axis) => last.indexOf(axis)));
  }
  const size = (from: number, to: number): number => x.shape.slice(from, to).reduce((product, dim) => product * dim, 1);
  const [outer, n, inner] = [size(0, first), size(first, first + axes.length), size(first + axes.length, x.rank)];
  const places = x.reshape([outer, n, inner]).argMax(1).expandDims(1);
  return tf.range(0, n, 1, "int32").reshape([1, n, 1]).equal(places).toFloat().reshape(x.shape);
}

/** The smallest value over these axes; the gradient as in `max`. */
export function min(x: Tensor, axes: readonly number[]): Tensor {
  return max(x.neg(), axes).neg();
}

/** v / max(|v|, eps), over all axes, or over these. */
export function unit(v: Tensor, eps = 1e-12, axes?: readonly number[]): Tensor {
  const norm = v.square().sum(axes && [...axes], true).sqrt();
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
  if (isState(a)) return withGradient(b, (t) => ({ value: t.mul(a).sum(), saved: [a], gradient: (g, other) => other.mul(g) }));
  return withGradients([a, b], (x, y) => ({ value: x!.mul(y!).sum(), saved: [x!, y!], gradients: (g, left, right) => [right!.mul(g), left!.mul(g)] }));
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
