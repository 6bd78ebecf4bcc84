import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../../runtime/data/random";

describe("xoshiro128**", () => {
  test("gives the reference implementation's numbers from the state 1, 2, 3, 4", () => {
    const random = Random.from([0, 0, 0, 0, 1, 2, 3, 4]);
    expect(Array.from({ length: 10 }, () => random.next())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  test("agrees with the C text transcribed to BigInt, over 1,000 draws of random states", () => {
    const mask = 0xffffffffn;
    const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
    const word = fc.integer({ min: 1, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (start) => {
        const s = start.map(BigInt);
        const random = Random.from([1, 2, 3, 4, ...start]);
        for (let i = 0; i < 1000; i++) {
          const result = (rotl((s[1]! * 5n) & mask, 7n) * 9n) & mask;
          const t = (s[1]! << 9n) & mask;
          s[2]! ^= s[0]!;
          s[3]! ^= s[1]!;
          s[1]! ^= s[2]!;
          s[0]! ^= s[3]!;
          s[2]! ^= t;
          s[3] = rotl(s[3]!, 11n);
          if (BigInt(random.next()) !== result) return false;
        }
        return true;
      }),
      { numRuns: 20 },
    );
  });
});

describe("streams", () => {
  test("a state restores the very numbers, forks included, through JSON", () => {
    const random = Random.seeded(7).fork("x");
    for (let i = 0; i < 5; i++) random.normal();
    const again = Random.from(JSON.parse(JSON.stringify(random.state())) as number[]);
    const draws = (r: Random): number[] => [
      r.uniform(),
      r.normal(),
      r.int(10),
      r.fork("y").uniform(),
      ...r.permutation(9),
    ];
    expect(draws(again)).toEqual(draws(random));
  });

  test("a fork depends on its labels, not on what was drawn before", () => {
    const random = Random.seeded(7);
    const before = random.fork("a").next();
    random.normal();
    expect(random.fork("a").next()).toBe(before);
    const others = [
      random.fork("b"),
      Random.seeded(8).fork("a"),
      Random.seeded("7").fork("a"),
      random.fork("a").fork("a"),
    ];
    expect(new Set([before, ...others.map((r) => r.next())]).size).toBe(5);
  });

  test("the numbers of a seed are pinned: a change would break every run's resume", () => {
    const random = Random.seeded(42).fork("data A");
    expect([random.next(), random.next(), random.int(1000)]).toMatchInlineSnapshot(`
      [
        2724028433,
        332263354,
        252,
      ]
    `);
  });

  test("no state of nonsense is taken", () => {
    for (const bad of [[], [1, 2, 3, 4, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, -1], [1, 2, 3, 4, 5, 6, 7, 0.5]])
      expect(() => Random.from(bad)).toThrow(RangeError);
    expect(() => Random.seeded(NaN)).toThrow(RangeError);
  });
});

describe("distributions", () => {
  const n = 100_000;
  const moments = (draw: () => number): readonly [mean: number, variance: number, fourth: number] => {
    const values = Float64Array.from({ length: n }, draw);
    const mean = values.reduce((a, b) => a + b) / n;
    const central = (p: number): number => values.reduce((a, b) => a + (b - mean) ** p, 0) / n;
    return [mean, central(2), central(4)];
  };

  test("uniform: mean 1/2, variance 1/12, within [0, 1)", () => {
    const random = Random.seeded(1);
    const [mean, variance] = moments(() => {
      const u = random.uniform();
      if (u < 0 || u >= 1) throw new Error(String(u));
      return u;
    });
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 / Math.sqrt(12 * n));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
  });

  test("normal: mean 0, variance 1, fourth moment 3", () => {
    const random = Random.seeded(2);
    const [mean, variance, fourth] = moments(() => random.normal());
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(fourth - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
  });

  test("int: each of 6 equally often (chi-squared), and each order of 3 in permutations", () => {
    const random = Random.seeded(3);
    const ofInt = new Float64Array(6);
    const ofOrder = new Map<string, number>();
    for (let i = 0; i < n; i++) {
      ofInt[random.int(6)]!++;
      const order = random.permutation(3).join("");
      ofOrder.set(order, (ofOrder.get(order) ?? 0) + 1);
    }
    const chi = (counts: readonly number[]): number => counts.reduce((a, c) => a + (c - n / 6) ** 2 / (n / 6), 0);
    expect(ofOrder.size).toBe(6);
    // 5 degrees of freedom: 25.7 is passed once in 10,000 seeds.
    expect(chi([...ofInt])).toBeLessThan(25.7);
    expect(chi([...ofOrder.values()])).toBeLessThan(25.7);
  });
});
