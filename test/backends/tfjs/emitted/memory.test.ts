// Two hundred steps of emitted code hold as many tensors as one, and no step waits for a value before its end.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { emitProject } from "../../../../backends/tfjs/project";
import { bundled } from "../../../../cli/emit-tfjs";
import { importTraining, TfjsEngine } from "../../../../runtime/engine/tfjs";
import { initialize, Sampler } from "../../../../runtime/train/init";
import { random } from "../../../compiler/kit";
import { engines } from "../../../tfjs/engines";
import { compileSpec } from "../writer/kit";

/** All that keeps something over a step: spectral vectors, running moments, a pool of fakes, draws, attention, a penalty, nets asked twice. */
const SPEC = `
import { mse, l1, critic_score } from "std/losses"
import { spectral } from "std/reparams"
import { BN, AdaLIN } from "std/norms"
import { CAM } from "std/heads"
import { Between, two_sided } from "std/penalties"

network G(x: image[3, H, W]) {
  let content = x |> conv(4, 3, pad: reflect(1)) |> BN |> relu
  let seen = CAM(content, activation: relu)
  let style = mean(seen.features, over: (h, w)) |> linear(4)
  let y = seen.features |> AdaLIN(gamma: style, beta: style)
  return { image: y |> conv(3, 3, pad: reflect(1)) |> tanh, logits: seen.logits }
}
network D(x: image[3, H, W]) {
  return x |> conv(4, 4, stride: 2, pad: reflect(1), weight: spectral) |> leaky_relu(0.2) |> conv(1, 1, weight: spectral)
}
train {
  data A, B: image[3, 8, 8]
  net AB, BA: G
  net DB: D
  let fake = AB(A).image
  phase critics trains DB {
    let at = Between(B, fake)
    loss judge += critic_score(DB(B), 1) + critic_score(DB(history(fake, 3)), 0)
    loss penalty += 10 * two_sided(gradient(of: sum(DB(at)), by: at))
  }
  phase generators trains AB, BA {
    let noisy = fake + 0.1 * sample normal like fake
    loss adversarial += critic_score(DB(fake), 1)
    loss cycle += l1(BA(noisy).image, A) + mse(AB(A).logits, 1)
  }
  optimizer critics, generators = adam(rate: 1e-3)
}
export A2B(x: image[3, H, W]) = AB(x).image
`;
const STEPS = 200;

describe.each(engines().map((e) => [e.name, e] as const))("%s", (_name, engine) => {
  it(`holds as many tensors after ${STEPS} steps as after one`, { timeout: 300_000 }, async () => {
    const { tf } = await engine.load();
    const compiled = compileSpec("keeps.gan", {}, SPEC);
    const made = emitProject(compiled);
    expect(made.diagnostics).toEqual([]);
    const program = compiled.program!;
    const trained = new TfjsEngine(program, tf, await importTraining(await bundled(made), tf));
    initialize(trained, 1);
    const sampler = new Sampler(program, 1);
    const next = random(3);
    const values = (): Float32Array => Float32Array.from({ length: 3 * 8 * 8 }, () => 2 * next() - 1);
    let first = 0;
    for (let step = 1; step <= STEPS; step++) {
      const now = { step, factor: 1, updates: Object.fromEntries(program.optimizers.map((o) => [o.name, step - 1])) };
      const losses = await trained.step({ data: { A: values(), B: values() }, samples: sampler.draw(step), scalars: {}, now });
      expect(Object.keys(losses)).toEqual(["critics.judge", "critics.penalty", "generators.adversarial", "generators.cycle"]);
      // The first step makes weights, the second the moments of what the first has not reached.
      if (step === 2) first = tf.memory().numTensors;
    }
    expect(tf.memory().numTensors).toBe(first);
    const { image } = await trained.export("A2B", { x: { data: values(), shape: [1, 3, 8, 8] } });
    expect(image!.shape).toEqual([1, 3, 8, 8]);
    expect(tf.memory().numTensors).toBe(first);
    await trained.close();
  });
});

it("emitted code reads no value inside a step", () => {
  const { files } = emitProject(compileSpec("keeps.gan", {}, SPEC));
  for (const [path, text] of files) {
    // The run's own loop fetches the losses, once and asynchronously; checkpoints read weights.
    if (!path.endsWith(".ts") || path === "src/lib/weights.ts") continue;
    expect(text, path).not.toMatch(/dataSync|arraySync/);
  }
  expect(readFileSync("backends/tfjs/kit/run.ts", "utf8").match(/\.data<"float32">\(\)/g)!.length).toBeGreaterThan(0);
});
