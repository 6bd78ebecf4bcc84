import { describe, expect, it } from "vitest";
import { Random } from "../../../compiler/random.ts";
import { OnnxEngine } from "../../../runtime/engine/onnx.ts";
import type { StepFeeds } from "../../../runtime/engine/types.ts";
import { initialize, Sampler } from "../../../runtime/train/init.ts";
import { stepScalars } from "../../../runtime/train/schedule.ts";
import { UserError } from "../../../runtime/files/errors.ts";
import { ADAM, BATCH, TEACHER, tinyModels, tinyProgram, WIDTH } from "../train/tiny.ts";

const TOTAL = 40;
const program = tinyProgram();
const models = tinyModels();

function batchOf(step: number): Float32Array {
  const random = Random.of(7, `batch ${step}`);
  return Float32Array.from({ length: BATCH * WIDTH }, () => 2 * random.unit() - 1);
}

function feedsOf(step: number, sampler: Sampler): StepFeeds {
  const x = batchOf(step);
  return { data: { A: x, B: x }, scalars: stepScalars(program, step, { main: step }, { total: TOTAL, epoch: 5 }), samples: sampler.draw(step) };
}

interface Doubles {
  w: number[]; b: number[]; rho: number[]; u: number[];
}

/** The same training in plain double precision, from the formulas and not from the graphs. */
function reference(start: Doubles, steps: number): { state: Doubles; losses: number[]; moments: Record<string, { m: number[]; v: number[] }> } {
  const state: Doubles = { w: [...start.w], b: [...start.b], rho: [...start.rho], u: [...start.u] };
  const moments = Object.fromEntries((["w", "b", "rho"] as const).map((p) => [p, { m: state[p].map(() => 0), v: state[p].map(() => 0) }]));
  const sampler = new Sampler(program, 3);
  const losses: number[] = [];
  for (let t = 1; t <= steps; t++) {
    const x = batchOf(t);
    const z = sampler.draw(t)["z"] as Float32Array;
    const row = (n: number) => Array.from(x.slice(n * WIDTH, (n + 1) * WIDTH));
    const dot = (a: number[], c: number[]) => a.reduce((sum, value, i) => sum + value * (c[i] as number), 0);
    const uSum = state.u.reduce((a, c) => a + c, 0);
    const e = [0, 1].map((n) => dot(row(n), state.w) + (state.b[0] as number) + (state.rho[0] as number) * (z[n] as number) + 0.01 * uSum - dot(row(n), TEACHER));
    losses.push(e.reduce((sum, value) => sum + value * value, 0) / BATCH);
    const mean = (f: (value: number, n: number) => number) => (2 / BATCH) * e.reduce((sum, value, n) => sum + f(value, n), 0);
    const grads: Record<string, number[]> = {
      w: state.w.map((_, i) => mean((value, n) => value * (row(n)[i] as number))),
      b: [mean((value) => value)],
      rho: [mean((value, n) => value * (z[n] as number))],
    };
    const rate = ADAM.rate * Math.min(1, 2 - (2 * t) / TOTAL);
    for (const p of ["w", "b", "rho"] as const) {
      const { m, v } = moments[p] as { m: number[]; v: number[] };
      state[p] = state[p].map((value, i) => {
        const g = (grads[p]?.[i] as number) + ADAM.decay * value;
        m[i] = ADAM.betas[0] * (m[i] as number) + (1 - ADAM.betas[0]) * g;
        v[i] = ADAM.betas[1] * (v[i] as number) + (1 - ADAM.betas[1]) * g * g;
        const mHat = m[i] / (1 - ADAM.betas[0] ** t);
        const vHat = v[i] / (1 - ADAM.betas[1] ** t);
        const next = value - (rate * mHat) / (Math.sqrt(vHat) + ADAM.eps);
        return p === "rho" ? Math.min(1, Math.max(0, next)) : next;
      });
    }
    state.u = state.u.map((value, i) => 0.5 * (value + (x[i] as number) + (x[WIDTH + i] as number)));
  }
  return { state, losses, moments };
}

async function trained(share: boolean, steps: number) {
  const engine = await OnnxEngine.create(program, models, { share });
  initialize(engine, 3);
  const start: Doubles = { w: [...engine.read("param:w")], b: [...engine.read("param:b")], rho: [...engine.read("param:rho")], u: [...engine.read("state:u")] };
  const sampler = new Sampler(program, 3);
  const losses: Record<string, number>[] = [];
  for (let t = 1; t <= steps; t++) losses.push(await engine.step(feedsOf(t, sampler)));
  return { engine, start, losses };
}

describe("a program on onnxruntime", () => {
  it("updates parameters and moments in place as Adam in double precision does", async () => {
    const { engine, start, losses } = await trained(true, TOTAL);
    const expected = reference(start, TOTAL);
    const close = (name: "param:w" | "param:b" | "param:rho" | "state:u" | "m:w" | "v:w" | "v:rho", values: readonly number[]) =>
      values.forEach((value, i) => expect(Math.abs((engine.read(name)[i] as number) - value), `${name}[${i}]`).toBeLessThan(2e-5 * Math.max(1, Math.abs(value))));
    close("param:w", expected.state.w);
    close("param:b", expected.state.b);
    close("param:rho", expected.state.rho);
    close("state:u", expected.state.u);
    close("m:w", expected.moments["w"]!.m);
    close("v:w", expected.moments["w"]!.v);
    close("v:rho", expected.moments["rho"]!.v);
    losses.forEach((loss, i) => expect(loss["fit.mse"]).toBeCloseTo(expected.losses[i] as number, 4));
    expect(losses.at(-1)!["fit.mse"]).toBeLessThan(0.6 * losses[0]!["fit.mse"]!);
    await engine.close();
  });

  it("keeps a parameter within its range, whatever the update wants", async () => {
    const { engine } = await trained(true, 0);
    const sampler = new Sampler(program, 3);
    for (const [start, least, most] of [[50, 0, 1], [-50, 0, 1]] as const) {
      engine.write("param:rho", Float32Array.of(start));
      await engine.step(feedsOf(1, sampler));
      expect(engine.read("param:rho")[0]).toBeGreaterThanOrEqual(least);
      expect(engine.read("param:rho")[0]).toBeLessThanOrEqual(most);
    }
    await engine.close();
  });

  it("gives the same bits whether values share memory or not", async () => {
    const [shared, apart] = [await trained(true, 25), await trained(false, 25)];
    for (const name of shared.engine.stateNames) expect(shared.engine.read(name), name).toEqual(apart.engine.read(name));
    expect(shared.losses).toEqual(apart.losses);
    expect(shared.engine.storage.arenaBytes).toBeLessThan(apart.engine.storage.arenaBytes);
    await shared.engine.close();
    await apart.engine.close();
  });

  it("keeps the very arrays it began with", async () => {
    const { engine } = await trained(true, 0);
    const before = engine.stateNames.map((name) => engine.read(name));
    const w = [...engine.read("param:w")];
    await engine.step(feedsOf(1, new Sampler(program, 3)));
    engine.stateNames.forEach((name, i) => expect(engine.read(name)).toBe(before[i]));
    expect([...engine.read("param:w")]).not.toEqual(w);
    await engine.close();
  });

  it("names the loss that is no number, and leaves the states alone", async () => {
    const { engine } = await trained(true, 1);
    const u = [...engine.read("state:u")];
    engine.write("param:b", Float32Array.of(NaN));
    const step = engine.step(feedsOf(2, new Sampler(program, 3)));
    await expect(step).rejects.toThrow(UserError);
    await expect(step).rejects.toThrow("the loss fit.mse is not a number: training has diverged");
    expect([...engine.read("state:u")]).toEqual(u);
    await engine.close();
  });

  it("runs an export with the present parameters, at any size", async () => {
    const { engine } = await trained(true, 3);
    for (const [h, w] of [[1, 2], [3, 5]] as const) {
      const data = Float32Array.from({ length: h * w }, (_, i) => i - 2);
      const { image } = await engine.export("A2B", { x: { shape: [1, 1, h, w], data } });
      expect(image?.shape).toEqual([1, 1, h, w]);
      expect(image?.data).toEqual(data.map((value) => value * engine.read("param:rho")[0]!));
    }
    await engine.close();
  });

  it("refuses feeds of the wrong size", async () => {
    const { engine } = await trained(true, 0);
    const feeds = feedsOf(1, new Sampler(program, 3));
    await expect(engine.step({ ...feeds, data: { ...feeds.data, A: new Float32Array(3) } })).rejects.toThrow("data:A takes 8 values, got 3");
    await engine.close();
  });
});
