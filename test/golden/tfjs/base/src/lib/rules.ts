// Gradient rules of TensorFlow.js that cast and reshape what has its type and shape already, and multiply by ones: each does it for every
// operation of a step, and a kernel's start costs more than a small tensor's values. The same formulas without that.
import { isRecorded } from "./tape.js";
import { type Tensor, tf } from "./tf.js";

type Rule = Parameters<typeof tf.registerGradient>[0];

const pair = ["a", "b"];

const rules: readonly Rule[] = [
  {
    kernelName: "Add",
    inputsToSave: pair,
    gradFunc: (g, [a, b]) => ({ a: () => passedTo(one(g), a!), b: () => passedTo(one(g), b!) }),
  },
  {
    kernelName: "Sub",
    inputsToSave: pair,
    gradFunc: (g, [a, b]) => ({ a: () => passedTo(one(g), a!), b: () => summed(one(g), b!.shape).neg() }),
  },
  {
    kernelName: "Multiply",
    inputsToSave: pair,
    gradFunc: (g, [a, b]) => ({
      a: () => summed(one(g).mul(real(b!)), a!.shape),
      b: () => summed(one(g).mul(real(a!)), b!.shape),
    }),
  },
  {
    kernelName: "RealDiv",
    inputsToSave: pair,
    outputsToSave: [true],
    gradFunc: (g, [a, b, y]) => ({
      a: () => summed(one(g).div(real(b!)), a!.shape),
      // A second gradient must see how y comes from a and b.
      b: () =>
        summed(one(g).mul(isRecorded() ? real(a!).div(real(b!)) : y!), b!.shape)
          .div(real(b!))
          .neg(),
    }),
  },
  {
    kernelName: "Sum",
    inputsToSave: ["x"],
    gradFunc: (g, [x], settings) => ({ x: () => spread(one(g), x!, axesOf(settings["axis"], x!)) }),
  },
  {
    kernelName: "Mean",
    inputsToSave: ["x"],
    gradFunc: (g, [x], settings) => {
      const axes = axesOf(settings["axis"], x!);
      return { x: () => spread(one(g).div(axes.reduce((n, axis) => n * x!.shape[axis]!, 1)), x!, axes) };
    },
  },
  {
    // tfjs adds up a slice a repetition.
    kernelName: "Tile",
    inputsToSave: ["x"],
    gradFunc: (g, [x], settings) => ({ x: () => untiled(one(g), x!, settings["reps"] as number[]) }),
  },
];

/** Puts the rules in the place of TensorFlow.js's own. */
export function useRules(): void {
  rules.forEach((rule) => tf.registerGradient(rule));
}

const one = (g: Tensor | Tensor[]): Tensor => (Array.isArray(g) ? g[0]! : g);

const real = (x: Tensor): Tensor => (x.dtype === "float32" ? x : x.toFloat());

/** The gradient of what was broadcast to g's shape. */
export function summed(g: Tensor, shape: readonly number[]): Tensor {
  if (String(g.shape) === String(shape)) return g;
  const ahead = g.rank - shape.length;
  const axes = g.shape.flatMap((dim, axis) => (axis < ahead || (shape[axis - ahead] === 1 && dim !== 1) ? [axis] : []));
  const sum = axes.length > 0 ? g.sum(axes) : g;
  return String(sum.shape) === String(shape) ? sum : sum.reshape([...shape]);
}

/** The sum of a tensor's repetitions: each tiled axis seen as (repetition, place). */
function untiled(g: Tensor, x: Tensor, reps: readonly number[]): Tensor {
  const parts = x.shape.flatMap((dim, axis) => (reps[axis] === 1 ? [dim] : [reps[axis]!, dim]));
  const places = x.shape.map((_, axis) => axis + reps.slice(0, axis).filter((n) => n !== 1).length);
  const axes = places.filter((_, axis) => reps[axis] !== 1);
  return axes.length === 0 ? g.clone() : g.reshape(parts).sum(axes).reshape(x.shape);
}

/** A tensor of its own, for the engine disposes of what it adds up. */
export function passedTo(g: Tensor, x: Tensor): Tensor {
  return String(g.shape) === String(x.shape) ? g.clone() : summed(g, x.shape);
}

function axesOf(axis: unknown, x: Tensor): number[] {
  const axes = typeof axis === "number" ? [axis] : Array.isArray(axis) ? (axis as number[]) : [...x.shape.keys()];
  return axes.map((each) => (each < 0 ? each + x.rank : each));
}

/** g along the axes that were summed. */
function spread(g: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const laid = String(g.shape) === String(kept) ? g : g.reshape(kept);
  // A tile of more than four axes has no gradient.
  if (isRecorded() || x.rank > 4) return laid.mul(tf.ones(x.shape));
  return laid.tile(x.shape.map((dim, axis) => dim / kept[axis]!));
}
