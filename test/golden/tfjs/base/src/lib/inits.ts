// First values of weights, and draws. Each tensor is drawn element by element in the order of its file.
import { Random } from "./random.js";

/** A recipe for first values; a number is that number everywhere. */
export type Init =
  | number
  | { readonly kind: "normal"; readonly mean: number; readonly std: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "uniform-fan-in" | "kaiming-normal" | "unit-normal" }
  | { readonly kind: "xavier-normal"; readonly gain: number };

/** What a net says about the first values of its layers: one recipe for all weights (biases are then 0), or one for each kind. */
export type NetInit = Init | { readonly conv?: Init; readonly linear?: Init; readonly bias?: Init };

/** How many values reach one output of a layer, and how many outputs one value reaches. */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

/** U(-b, b) with b = 1 / sqrt(fan in): PyTorch's default of Conv2d and Linear. */
export const uniformFanIn: Init = { kind: "uniform-fan-in" };

/** Normal draws scaled to Euclidean norm 1. */
export const unitNormal: Init = { kind: "unit-normal" };

/** How a layer's weight or bias begins in a net with this `init`. */
export function initFor(init: NetInit | undefined, layer: "conv" | "linear", setting: "weight" | "bias"): Init {
  if (init === undefined) return uniformFanIn;
  if (typeof init === "number" || "kind" in init) return setting === "bias" ? 0 : init;
  return (setting === "bias" ? init.bias : init[layer]) ?? uniformFanIn;
}

/** `count` values of the stream `name` under `seed`. */
export function drawn(init: Init, count: number, fans: Fans, seed: number, name: string): Float32Array {
  const values = new Float32Array(count);
  if (typeof init === "number") return values.fill(init);
  const random = new Random(seed, name);
  switch (init.kind) {
    case "normal":
      return fillNormal(values, random, init.mean, init.std);
    case "uniform":
      return fillUniform(values, random, init.low, init.high);
    case "uniform-fan-in":
      return fillUniform(values, random, -1 / Math.sqrt(fans.in), 1 / Math.sqrt(fans.in));
    case "kaiming-normal":
      return fillNormal(values, random, 0, Math.sqrt(2 / fans.in));
    case "xavier-normal":
      return fillNormal(values, random, 0, init.gain * Math.sqrt(2 / (fans.in + fans.out)));
    case "unit-normal":
      return scaleToUnit(fillNormal(values, random, 0, 1));
  }
}

function fillUniform(values: Float32Array, random: Random, low: number, high: number): Float32Array {
  for (let at = 0; at < values.length; at++) values[at] = low + (high - low) * random.unit();
  return values;
}

function fillNormal(values: Float32Array, random: Random, mean: number, std: number): Float32Array {
  for (let at = 0; at < values.length; at += 2) {
    const [first, second] = random.normals();
    values[at] = mean + std * first;
    if (at + 1 < values.length) values[at + 1] = mean + std * second;
  }
  return values;
}

function scaleToUnit(values: Float32Array): Float32Array {
  let sum = 0;
  for (const value of values) sum += value * value;
  const norm = Math.sqrt(sum);
  return norm === 0 ? values : values.map((value) => value / norm);
}
