import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { baselines, bestThreshold, inkToMidGrey, score, threshold } from "../../../runtime/evaluate/baselines";
import { chroma, l1, ssim } from "../../../runtime/evaluate/metrics";
import { listPairs } from "../../../runtime/evaluate/pairs";
import { Random } from "../../../runtime/data/random";
import type { FloatPicture } from "../../../runtime/data/types";
import { writePng } from "../../../runtime/pictures/png";
import { flat, floats, scratch } from "./scratch";

const random = Random.seeded("evaluate");
const drawn = (size = 16): FloatPicture => ({
  width: size,
  height: size,
  channels: 3,
  data: Float32Array.from({ length: 3 * size * size }, () => 2 * random.uniform() - 1),
});

describe("measures", () => {
  interface Stored {
    channels: number;
    height: number;
    width: number;
    data: string;
  }
  const { cases } = JSON.parse(readFileSync("test/golden/pillow/ssim.json", "utf8")) as {
    cases: { name: string; a: Stored; b: Stored; ssim: number; l1: number }[];
  };
  const read = (s: Stored): FloatPicture => ({ ...s, data: floats(s.data) });

  test("SSIM and L1 agree with numpy, written from the paper (and with scikit-image)", () => {
    let worst = 0;
    for (const c of cases) {
      worst = Math.max(worst, Math.abs(ssim(read(c.a), read(c.b)) - c.ssim));
      expect(l1(read(c.a), read(c.b)), c.name).toBeCloseTo(c.l1, 12);
    }
    console.log(
      `SSIM against the paper's formula, ${cases.length} cases: largest difference ${worst.toExponential(1)}`,
    );
    expect(worst).toBeLessThan(1e-9);
  });

  test("SSIM is symmetric, 1 for equals, and refuses pictures below its window", () => {
    const [a, b] = [drawn(), drawn()];
    expect(ssim(a, a)).toBeCloseTo(1, 12);
    expect(ssim(a, b)).toBeCloseTo(ssim(b, a), 12);
    expect(() => ssim(drawn(10), drawn(10))).toThrow(RangeError);
    expect(() => l1(drawn(10), drawn(11))).toThrow(RangeError);
  });

  test("chroma is 2 for pure red, 0 for grey, the mean of both for halves", () => {
    expect(chroma(flat(3, 3, [1, -1, -1]))).toBe(2);
    expect(chroma(flat(3, 3, [0.3, 0.3, 0.3]))).toBe(0);
    expect(chroma(flat(3, 3, [0.3]))).toBe(0);
    expect(chroma({ width: 2, height: 1, channels: 3, data: new Float32Array([0.5, 0, 0.25, 0, 0, 0]) })).toBe(0.25);
  });
});

describe("baselines", () => {
  test("ink to mid-grey: black 0, white white", () => {
    expect([...inkToMidGrey({ width: 3, height: 1, channels: 1, data: new Float32Array([-1, 0, 1]) }).data]).toEqual([
      0, 0.5, 1,
    ]);
  });

  test("the best threshold is no worse than any of the 257, tried one by one", () => {
    const sources = [drawn(), drawn()];
    const truths = sources.map((s) => ({ ...s, data: s.data.map((v) => (v + random.normal() > 0.4 ? 1 : -1)) }));
    const errors = Array.from(
      { length: 257 },
      (_, level) =>
        score(
          sources.map((s) => threshold(s, level)),
          truths.map((t) => ({ ...t })),
        ).l1,
    );
    expect(errors[bestThreshold(sources, truths)]).toBeCloseTo(Math.min(...errors), 12);
  });

  test("finds the threshold that made the truths", () => {
    const sources = [drawn(), drawn()];
    const truths = sources.map((s) => threshold(s, 90));
    const found = baselines(sources, truths);
    expect(found.bestThreshold).toMatchObject({ l1: 0, chroma: 0 });
    expect(found.bestThreshold.ssim).toBeCloseTo(1, 12);
    expect(found.untranslated.l1).toBeCloseTo((l1(sources[0]!, truths[0]!) + l1(sources[1]!, truths[1]!)) / 2, 12);
  });
});

test("pairs are the names both test folders have; none is an error", async () => {
  const dir = scratch("pairs");
  for (const path of [
    "testA/a.png",
    "testA/in/b.png",
    "testA/c.png",
    "testB/in/b.png",
    "testB/c.png",
    "testB/d.png",
    "none/testA/a.png",
    "none/testB/b.png",
  ]) {
    mkdirSync(join(dir, path, ".."), { recursive: true });
    await writePng(join(dir, path), flat(2, 2, [0]));
  }
  expect(await listPairs(dir)).toEqual(
    ["c.png", "in/b.png"].map((name) => ({ name, a: join(dir, "testA", name), b: join(dir, "testB", name) })),
  );
  expect((await listPairs(`${dir}/`)).map((p) => p.name)).toEqual(["c.png", "in/b.png"]);
  await expect(listPairs(join(dir, "none"))).rejects.toThrow(/share no file name/);
});
