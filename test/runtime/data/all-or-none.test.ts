// `all_or_none`: one coin a domain and run, which a resumed run does not throw again; and `if training` in a data line.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it, vi } from "vitest";
import * as kit from "../../../backends/tfjs/kit/data";
import { compile } from "../../../compiler/compile";
import type { Program } from "../../../compiler/program";
import { prepareTesting, toFloat } from "../../../runtime/data/pipeline";
import { Random } from "../../../runtime/data/random";
import { resize } from "../../../runtime/data/resize";
import { settle } from "../../../runtime/data/settle";
import type { DataSpec, Json } from "../../../runtime/data/types";
import { openData } from "../../../runtime/train/data";
import { noise, scratch } from "./scratch";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // the cores may be shared

const folder = scratch("all-or-none");
const COUNT = 5;
const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);

/** Dark on the left, bright on the right. */
beforeAll(async () => {
  const data = Uint8Array.from({ length: 192 }, (_, i) => (i % 24 < 12 ? 0 : 255));
  for (const side of ["A", "B"]) {
    mkdirSync(join(folder, `train${side}`));
    for (let i = 0; i < COUNT; i++) await sharp(data, { raw: { width: 8, height: 8, channels: 3 } }).png().toFile(join(folder, `train${side}`, `${i}.png`));
  }
});

function programOf(steps: string, test = "resize(8)"): Program {
  const text = `
network G(x: image[3, H, W]) { return x |> conv(3, 3, pad: 1) }
train {
  data A, B: image[3, 8, 8] = if training { ${steps} } else { ${test} }
  data A2: A
  net AB: G
  phase p trains AB { loss x += mean(AB(A)^2) + mean(AB(B)) + mean(AB(A2)) }
  optimizer p = adam(rate: 1e-4)
}`;
  const { program, diagnostics } = compile({ path: "all.gan", text });
  if (!program) throw new Error(diagnostics.map((d) => d.message).join("; "));
  return program;
}
const flips = programOf("resize(8) |> all_or_none(random_flip(p: 1))");

const isFlipped = (batch: Float32Array | undefined): boolean => batch![0] === 1;
/** Of each stream: which of its pictures in 4 steps were flipped. */
async function run(program: Program, seed: number, position?: Json): Promise<{ seen: Record<string, boolean[]>; position: Json; decided: readonly string[] }> {
  const data = await openData(program, { folder, seed, ...(position === undefined ? {} : { position }) });
  const seen: Record<string, boolean[]> = { A: [], A2: [], B: [] };
  for (let step = 0; step < 4; step++) for (const [name, batch] of Object.entries(await data.next())) seen[name]!.push(isFlipped(batch));
  const result = { seen, position: JSON.parse(JSON.stringify(data.position())) as Json, decided: data.decided ?? [] };
  data.close();
  return result;
}

describe("all_or_none", () => {
  it("is one coin a domain and run: every picture or none, second draws as the first, domains apart", async () => {
    const pairs = await Promise.all(SEEDS.map(async (seed) => {
      const { seen, decided } = await run(flips, seed);
      const of = (name: string): boolean => seen[name]![0]!;
      expect([new Set(seen["A"]), new Set(seen["A2"]), new Set(seen["B"])]).toEqual([new Set([of("A")]), new Set([of("A")]), new Set([of("B")])]);
      expect(decided).toEqual(["A", "B"].map((name) => `data ${name}: ${of(name) ? "all" : "none"} of its pictures go through all_or_none`));
      return [of("A"), of("B")].join();
    }));
    const counts = Object.fromEntries(["true,true", "true,false", "false,true", "false,false"].map((k) => [k, pairs.filter((p) => p === k).length]));
    for (const [pair, count] of Object.entries(counts)) expect(count, pair).toBeGreaterThan(3); // 10 of 40 each, give or take
  });
  it("is thrown once: a run that goes on has what it began with, whatever seed it is told now", async () => {
    for (const seed of SEEDS.slice(0, 8)) {
      const began = await run(flips, seed);
      const other = SEEDS.find((s) => s > seed)!;
      const resumed = await run(flips, other, began.position);
      expect([resumed.seen, resumed.decided]).toEqual([began.seen, began.decided]);
    }
  });
  it("obeys p, and counts its coins in the order of the text, those inside of others too", () => {
    const spec = (steps: DataSpec["steps"]): DataSpec => ({ name: "A", folder: "A", channels: 3, height: 8, width: 8, steps, test: [] });
    const flip = { op: "random_flip" } as const;
    const coin = (p: number, steps: DataSpec["steps"] = [flip]): DataSpec["steps"][number] => ({ op: "all_or_none", p, steps });
    const decided = (...steps: DataSpec["steps"]): { count: number; coins: readonly boolean[] }[] =>
      SEEDS.map((seed) => settle(spec(steps), Random.seeded(seed))).map(({ spec: made, decided: coins }) => ({ count: made.steps.length, coins }));
    expect(new Set(decided(coin(0)).map(({ count }) => count))).toEqual(new Set([0]));
    expect(new Set(decided(coin(1)).map(({ count }) => count))).toEqual(new Set([1]));
    expect(decided(coin(0.1)).filter(({ count }) => count === 1).length).toBeLessThan(12);
    // The second coin is the same, whether the first stands beside it or around it.
    const beside = decided(coin(1), coin(0.5)).map(({ coins }) => coins[1]);
    expect(decided(coin(1, [coin(0.5)])).map(({ coins }) => coins[1])).toEqual(beside);
    expect(new Set(beside).size).toBe(2);
    expect(decided(coin(0, [coin(0.5)])).map(({ coins }) => coins)).toEqual(SEEDS.map(() => [false]));
  });
  it("decides in an emitted project as here", async () => {
    const files = await kit.listPictures(join(folder, "trainA"));
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      for (const seed of SEEDS.slice(0, 12)) {
        const stream = new kit.Stream(flips.data[0]!, files, seed);
        expect(isFlipped(await stream.next(1)), String(seed)).toBe((await run(flips, seed)).seen["A"]![0]);
        const resumed = new kit.Stream(flips.data[0]!, files, seed, stream.position());
        expect(isFlipped(await resumed.next(1))).toBe((await run(flips, seed)).seen["A"]![0]);
      }
      expect(write).toHaveBeenCalledWith(expect.stringMatching(/^data A: (all|none) of its pictures go through all_or_none\n$/));
    } finally {
      write.mockRestore();
    }
  });
});

describe("`if training` in a data line", () => {
  const picture = noise(20, 13, Random.seeded("testing"));
  it("says what is done to a picture to be translated", () => {
    const { data } = programOf("random_flip |> resize(10) |> random_crop(8)", "resize(12, bilinear_cv2) |> center_crop(8)");
    expect(data[0]!.steps.map(({ op }) => op)).toEqual(["random_flip", "resize", "random_crop"]);
    const wanted = resize(picture, 12, 12, "bilinear_cv2");
    const cropped = { ...wanted, width: 8, height: 8, data: Uint8Array.from({ length: 192 }, (_, i) => wanted.data[(2 + Math.floor(i / 24)) * 36 + 6 + (i % 24)]!) };
    for (const stream of data) expect(prepareTesting(picture, stream as DataSpec, "a.png")).toEqual(toFloat(cropped).data);
  });
  it("without it the last resize is followed, within all_or_none, too", () => {
    const text = "resize(8) |> all_or_none(resize(10, bicubic) |> random_crop(8))";
    const plain = compile({ path: "all.gan", text: `network G(x: image[3, H, W]) { return x |> conv(3, 3, pad: 1) }\ntrain {\n data A: image[3, 8, 8] = ${text}\n net AB: G\n phase p trains AB { loss x += mean(AB(A)^2) }\n optimizer p = adam(rate: 1e-4)\n}` });
    expect(plain.program!.data[0]!.test).toEqual([{ op: "resize", height: 8, width: 8, filter: "bicubic" }]);
  });
});
