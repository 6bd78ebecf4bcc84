// Small specs run by two engines that know nothing of each other: the emitted code on plain TensorFlow.js, and the ONNX graphs on onnxruntime.
import { expect } from "vitest";
import { initialize, Sampler } from "../../../../runtime/train/init";
import { scheduleFactor, stepScalars, updatesAfter } from "../../../../runtime/train/schedule";
import type { Engine } from "../../../../runtime/engine/types";
import { random } from "../../../compiler/kit";
import { openEngine } from "../../../parity/engines";
import { openTfjsEngine } from "../../../parity/tfjs";
import { engines } from "../../../tfjs/engines";
import { compileSpec } from "./kit";

/** Of the largest value: sums of some hundred float32 numbers in another order. */
const TOLERANCE = 1e-4;
const STEPS = 2;

/** What the spec's declarations are tried in: G is theirs. */
export const around = (declarations: string, terms = "loss power += mse(G(A), B)"): string => `
import { mse } from "std/losses"
${declarations}
train {
  batch 2
  data A, B: image[3, 6, 6]
  net G: Maker
  phase p trains G { ${terms} }
  optimizer p = adam(rate: 1e-2)
}
`;

interface Both {
  readonly ours: Engine;
  readonly theirs: Engine;
}

function close(ours: ArrayLike<number>, theirs: ArrayLike<number>, what: string): void {
  expect(ours.length, what).toBe(theirs.length);
  const [a, b] = [Array.from(ours), Array.from(theirs)];
  const largest = Math.max(...b.map(Math.abs), 1e-3);
  expect(Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / largest, `${what}: ${a.slice(0, 4).join(" ")} for ${b.slice(0, 4).join(" ")}`).toBeLessThan(TOLERANCE);
}

/**
 * Two steps of both from the same weights, states off their first values: losses, weights' moments, states and every export's results agree.
 * Returns what the exports gave (onnxruntime's).
 */
export async function sameAsOnnx(text: string): Promise<Readonly<Record<string, Float32Array>>> {
  const compiled = compileSpec("small.gan", {}, text);
  const program = compiled.program!;
  const both: Both = { ours: await openTfjsEngine(engines()[0]!, compiled), theirs: await openEngine(compiled) };
  try {
    const next = random(5);
    const values = (count: number): Float32Array => Float32Array.from({ length: count }, () => 2 * next() - 1);
    initialize(both.theirs, 3);
    for (const name of both.theirs.stateNames) if (name.startsWith("state:")) both.theirs.write(name, values(both.theirs.read(name).length).map((v) => 1 + v / 2));
    for (const name of both.theirs.stateNames) both.ours.write(name, both.theirs.read(name));
    const sampler = new Sampler(program, 3);
    const length = { total: 20, epoch: 5 };
    let before: Record<string, number> = Object.fromEntries(program.optimizers.map((o) => [o.name, 0]));
    for (let step = 1; step <= STEPS; step++) {
      const data = Object.fromEntries(program.data.map((d) => [d.name, values(program.batch * d.channels * d.height * d.width)]));
      const updates = updatesAfter(program, step, before);
      const now = { step, factor: scheduleFactor(program.schedule, step, length, program.held), updates: before };
      const feeds = { data, samples: sampler.draw(step), scalars: stepScalars(program, step, updates, length), now };
      const [a, b] = [await both.ours.step(feeds), await both.theirs.step(feeds)];
      before = updates;
      expect(Object.keys(a)).toEqual(program.losses.map((l) => l.name));
      for (const [name, value] of Object.entries(b)) close([a[name]!], [value], `${name}, step ${step}`);
      for (const name of both.theirs.stateNames) if (/^(m|state):/.test(name)) close(both.ours.read(name), both.theirs.read(name), `${name}, step ${step}`);
    }
    const found: Record<string, Float32Array> = {};
    for (const { name, inputs } of program.exports) {
      const given = Object.fromEntries(inputs.map((port) => [port.name, { data: values(3 * 6 * 6), shape: [1, 3, 6, 6] }]));
      const states = both.theirs.stateNames.filter((n) => n.startsWith("state:")).map((n) => [n, both.theirs.read(n).slice()] as const);
      // Twice: an export leaves the states as they are.
      for (const time of ["first", "second"]) {
        const [a, b] = [await both.ours.export(name, given), await both.theirs.export(name, given)];
        for (const output of Object.keys(b)) {
          close(a[output]!.data, b[output]!.data, `${name} ${output}, the ${time} time`);
          found[`${name} ${output}`] = b[output]!.data;
        }
      }
      for (const [state, kept] of states) for (const engine of [both.ours, both.theirs]) close(engine.read(state), kept, `${state} after ${name}`);
    }
    return found;
  } finally {
    await both.ours.close();
    await both.theirs.close();
  }
}
