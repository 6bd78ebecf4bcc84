// Padding of pictures, and its gradients. tf.mirrorPad's own gradient drops what was mirrored.
import { linearMap } from "./adjoint.js";
import { tensorFlow } from "./native.js";
import { type Tensor, tf } from "./tf.js";

/** How a picture goes on beyond its border, and for how many pixels on each side. */
export interface Padding {
  readonly mode: "zero" | "reflect" | "edge";
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Zeros. One number is all four sides. */
export function zero(top: number, bottom = top, left = top, right = top): Padding {
  return { mode: "zero", top, bottom, left, right };
}

/** x: [..., h, w, c]. */
export function pad(x: Tensor, padding: Padding): Tensor {
  const { mode, top, bottom, left, right } = padding;
  if (top + bottom + left + right === 0) return x;
  const sides: [number, number][] = [
    ...x.shape.slice(3).map((): [number, number] => [0, 0]),
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  if (mode === "zero") return tf.pad(x, sides);
  if (mode === "edge")
    return linearMap(
      (t) => eachAxis(t, sides, extendEdge),
      (g) => eachAxis(g, sides, foldEdge),
    )(x);
  return linearMap(
    (t) => reflected(t, sides),
    (g) => reflectAdjoint(g, sides),
  )(x);
}

/** TensorFlow has a kernel for it; in plain JavaScript it is slower than putting the parts together, and wrong for a rank other than 4. */
function reflected(x: Tensor, sides: [number, number][]): Tensor {
  return tensorFlow() ? tf.mirrorPad(x, sides, "reflect") : eachAxis(x, sides, extendReflected);
}

/** What was mirrored outwards adds back. g: the padded picture's gradient. */
function reflectAdjoint(g: Tensor, sides: [number, number][]): Tensor {
  const native = tensorFlow();
  if (!native) return eachAxis(g, sides, foldReflected);
  const paddings = native.constant(`paddings ${sides.join()}`, () => tf.tensor2d(sides, undefined, "int32"));
  return native.run("MirrorPadGrad", [g, paddings], { T: "float32", Tpaddings: "int32", mode: "REFLECT" });
}

type AlongAxis = (x: Tensor, axis: number, before: number, after: number) => Tensor;

function eachAxis(x: Tensor, sides: [number, number][], along: AlongAxis): Tensor {
  return sides.reduceRight((t, [before, after], axis) => (before + after === 0 ? t : along(t, axis, before, after)), x);
}

/** `size` places from `start` along one axis. */
function part(x: Tensor, axis: number, start: number, size: number): Tensor {
  return x.slice(
    x.shape.map((_, i) => (i === axis ? start : 0)),
    x.shape.map((dim, i) => (i === axis ? size : dim)),
  );
}

/** x among `total` zeros along one axis. */
function embed(x: Tensor, axis: number, start: number, total: number): Tensor {
  return tf.pad(
    x,
    x.shape.map((dim, i): [number, number] => (i === axis ? [start, total - start - dim] : [0, 0])),
  );
}

function extendReflected(x: Tensor, axis: number, before: number, after: number): Tensor {
  const n = x.shape[axis] ?? 0;
  const mirrored = (start: number, size: number): Tensor[] => {
    if (size === 0) return [];
    const strip = part(x, axis, start, size);
    return [size === 1 ? strip : strip.reverse(axis)];
  };
  return tf.concat([...mirrored(1, before), x, ...mirrored(n - 1 - after, after)], axis);
}

function foldReflected(g: Tensor, axis: number, before: number, after: number): Tensor {
  const n = (g.shape[axis] ?? 0) - before - after;
  let sum = part(g, axis, before, n);
  if (before > 0) sum = sum.add(embed(part(g, axis, 0, before).reverse(axis), axis, 1, n));
  if (after > 0) sum = sum.add(embed(part(g, axis, before + n, after).reverse(axis), axis, n - 1 - after, n));
  return sum;
}

function extendEdge(x: Tensor, axis: number, before: number, after: number): Tensor {
  const n = x.shape[axis] ?? 0;
  const copies = (at: number, count: number): Tensor[] => Array.from({ length: count }, () => part(x, axis, at, 1));
  return tf.concat([...copies(0, before), x, ...copies(n - 1, after)], axis);
}

function foldEdge(g: Tensor, axis: number, before: number, after: number): Tensor {
  const n = (g.shape[axis] ?? 0) - before - after;
  const first = part(g, axis, 0, before + 1).sum(axis, true);
  if (n === 1) return g.sum(axis, true);
  const last = part(g, axis, before + n - 1, after + 1).sum(axis, true);
  return tf.concat(n === 2 ? [first, last] : [first, part(g, axis, before + 1, n - 2), last], axis);
}
