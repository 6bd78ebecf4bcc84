// Initial values: each tensor from a stream named after it, so that its values depend on the seed and its name alone, never on
// which tensors were drawn before it. Used by training, by `compile` without weights, and by `sample` draws.
import type { InitSpec } from "./program.ts";
import { Random } from "./random.ts";

export function drawInit(spec: InitSpec, count: number, seed: number, name: string): Float32Array {
  const values = new Float32Array(count);
  fillInit(values, spec, seed, name);
  return values;
}

export function fillInit(values: Float32Array, spec: InitSpec, seed: number, name: string): void {
  const random = Random.of(seed, name);
  switch (spec.kind) {
    case "constant":
      values.fill(spec.value);
      return;
    case "uniform":
      random.fillUniform(values, spec.low, spec.high);
      return;
    case "normal":
      fillNormal(values, random, spec.mean, spec.std);
      return;
    case "unit_normal":
      fillNormal(values, random, 0, 1);
      scaleToUnit(values);
  }
}

function fillNormal(values: Float32Array, random: Random, mean: number, std: number): void {
  for (let at = 0; at < values.length; at += 2) {
    const [first, second] = random.normals();
    values[at] = mean + std * first;
    if (at + 1 < values.length) values[at + 1] = mean + std * second;
  }
}

function scaleToUnit(values: Float32Array): void {
  let sum = 0;
  for (const value of values) sum += value * value;
  const norm = Math.sqrt(sum);
  if (norm === 0) return;
  for (let at = 0; at < values.length; at++) values[at] = (values[at] as number) / norm;
}
