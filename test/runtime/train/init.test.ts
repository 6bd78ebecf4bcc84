import { describe, expect, it } from "vitest";
import { drawInit } from "../../../compiler/init.ts";
import { Random } from "../../../compiler/random.ts";

const moments = (values: Float32Array) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const power = (k: number) => values.reduce((a, b) => a + (b - mean) ** k, 0) / values.length;
  return { mean, std: Math.sqrt(power(2)), kurtosis: power(4) / power(2) ** 2 };
};

describe("initial values", () => {
  it("depend on the seed and the tensor's name alone", () => {
    const spec = { kind: "normal", mean: 0, std: 0.02 } as const;
    expect(drawInit(spec, 100, 1, "AB.stem.weight")).toEqual(drawInit(spec, 100, 1, "AB.stem.weight"));
    expect(drawInit(spec, 100, 1, "AB.stem.weight").slice(0, 40)).toEqual(drawInit(spec, 40, 1, "AB.stem.weight"));
    expect(drawInit(spec, 100, 1, "AB.stem.weight")).not.toEqual(drawInit(spec, 100, 2, "AB.stem.weight"));
    expect(drawInit(spec, 100, 1, "AB.stem.weight")).not.toEqual(drawInit(spec, 100, 1, "BA.stem.weight"));
  });

  it("are the same for ever: a checkpoint of tomorrow's code starts as today's", () => {
    expect([...drawInit({ kind: "uniform", low: -1, high: 1 }, 4, 1, "w")].map((x) => x.toFixed(6))).toMatchInlineSnapshot(`
      [
        "-0.164897",
        "-0.463475",
        "0.353722",
        "-0.123771",
      ]
    `);
    expect([...drawInit({ kind: "normal", mean: 0, std: 1 }, 4, 1, "w")].map((x) => x.toFixed(6))).toMatchInlineSnapshot(`
      [
        "-0.151321",
        "1.312934",
        "-0.817550",
        "0.334948",
      ]
    `);
  });

  it("have the distribution they say", () => {
    const normal = moments(drawInit({ kind: "normal", mean: 0.5, std: 0.02 }, 200_001, 1, "n"));
    expect(normal.mean).toBeCloseTo(0.5, 3);
    expect(normal.std).toBeCloseTo(0.02, 3);
    expect(normal.kurtosis).toBeCloseTo(3, 1);
    const uniform = drawInit({ kind: "uniform", low: -0.25, high: 0.75 }, 200_000, 1, "u");
    expect(Math.min(...uniform.slice(0, 50_000))).toBeGreaterThanOrEqual(-0.25);
    expect(Math.max(...uniform.slice(0, 50_000))).toBeLessThanOrEqual(0.75);
    expect(moments(uniform).mean).toBeCloseTo(0.25, 2);
    expect(moments(uniform).std).toBeCloseTo(Math.sqrt(1 / 12), 2);
    expect([...drawInit({ kind: "constant", value: 0.9 }, 2, 1, "c")]).toEqual([Math.fround(0.9), Math.fround(0.9)]);
    const unit = drawInit({ kind: "unit_normal" }, 513, 1, "v");
    expect(Math.hypot(...unit)).toBeCloseTo(1, 5);
  });

  it("of neighbouring names and seeds are not alike", () => {
    const names = ["AB.0.weight", "AB.1.weight", "AB.2.weight"].flatMap((name) => [1, 2, 3].map((seed) => drawInit({ kind: "normal", mean: 0, std: 1 }, 20_000, seed, name)));
    for (const a of names)
      for (const b of names) {
        if (a === b) continue;
        const correlation = a.reduce((sum, value, i) => sum + value * b[i]!, 0) / a.length;
        expect(Math.abs(correlation)).toBeLessThan(0.04); // 5.6 standard deviations
      }
  });
});

describe("random streams", () => {
  it("go on from a saved state", () => {
    const random = Random.of(5, "x");
    for (let i = 0; i < 10; i++) random.word();
    const copy = new Random(JSON.parse(JSON.stringify(random.state())) as [number, number, number, number]);
    expect(Array.from({ length: 20 }, () => copy.word())).toEqual(Array.from({ length: 20 }, () => random.word()));
  });

  it("draw below a bound evenly, and shuffle to every order", () => {
    const random = Random.of(1, "below");
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle([1, 2, 3]).join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(160);
  });
});
