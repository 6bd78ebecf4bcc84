import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { Loader, type LoaderOptions, type Skip } from "../../../runtime/data/loader";
import { Random } from "../../../runtime/data/random";
import type { DataSpec, Json } from "../../../runtime/data/types";
import { UserError } from "../../../runtime/files/errors";
import { noise, scratch } from "./scratch";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // the cores may be shared

const dir = scratch("loader");
const spec: DataSpec = {
  name: "A",
  folder: "A",
  channels: 3,
  height: 8,
  width: 8,
  steps: [
    { op: "random_flip" },
    { op: "resize", height: 10, width: 10, filter: "bilinear" },
    { op: "random_crop", height: 8, width: 8 },
  ],
  test: [],
};
const plain: DataSpec = { ...spec, steps: [{ op: "resize", height: 8, width: 8, filter: "bilinear" }] };
const options: LoaderOptions = { seed: 5, batch: 2 };
let good: string[];
/** 7 pictures of which #2 and #5 are cut off. */
let mixed: string[];

async function make(folder: string, count: number, damaged: readonly number[]): Promise<string[]> {
  mkdirSync(join(dir, folder));
  const random = Random.seeded(folder);
  const files: string[] = [];
  for (let i = 0; i < count; i++) {
    const { width, height, data } = noise(12, 9, random);
    const file = join(dir, folder, `${i}.png`);
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(file);
    if (damaged.includes(i)) writeFileSync(file, readFileSync(file).subarray(0, 120));
    files.push(file);
  }
  return files;
}

beforeAll(async () => {
  good = await make("good", 7, []);
  mixed = await make("mixed", 7, [2, 5]);
});

async function take(loader: Loader, n: number): Promise<Float32Array[]> {
  const batches: Float32Array[] = [];
  for (let i = 0; i < n; i++) batches.push(await loader.next());
  return batches;
}

/** Through text, as a checkpoint does. */
const stored = (loader: Loader): Json => JSON.parse(JSON.stringify(loader.position())) as Json;

describe("order", () => {
  test("each epoch has every picture once, in an order of its own; another seed, another order", async () => {
    const loader = new Loader(plain, good, { seed: 1, batch: 1 });
    const keys = (await take(loader, 21)).map((b) => b.join());
    const epochs = [0, 7, 14].map((at) => keys.slice(at, at + 7));
    for (const epoch of epochs) expect(new Set(epoch).size).toBe(7);
    expect(new Set(keys).size).toBe(7);
    expect(new Set(epochs.map((e) => e.join("|"))).size).toBe(3);
    const other = (await take(new Loader(plain, good, { seed: 2, batch: 1 }), 7)).map((b) => b.join());
    expect(other).not.toEqual(epochs[0]);
    expect([...other].sort()).toEqual([...epochs[0]!].sort());
  });

  test("a batch is n × c × h × w and runs on over the epoch's end; batches are the items in a row", async () => {
    const single = await take(new Loader(spec, good, { seed: 3, batch: 1 }), 9);
    const triple = await take(new Loader(spec, good, { seed: 3, batch: 3 }), 3);
    expect(triple[0]).toHaveLength(3 * 3 * 8 * 8);
    expect(triple.flatMap((b) => [...b])).toEqual(single.flatMap((b) => [...b]));
  });

  test("streams of two names are independent", async () => {
    const a = await take(new Loader(plain, good, options), 4);
    const b = await take(new Loader({ ...plain, name: "B" }, good, options), 4);
    expect(a.map((x) => x.join())).not.toEqual(b.map((x) => x.join()));
  });

  test("how far it runs ahead changes nothing, nor do overlapping calls", async () => {
    const expected = await take(new Loader(spec, mixed, { ...options, ahead: 0 }), 6);
    for (const ahead of [1, 2, 9])
      expect(await take(new Loader(spec, mixed, { ...options, ahead }), 6)).toEqual(expected);
    for (const ahead of [0, 3]) {
      const loader = new Loader(spec, mixed, { ...options, ahead });
      expect(await Promise.all(Array.from({ length: 6 }, () => loader.next()))).toEqual(expected);
    }
  });
});

describe("resume is exact", () => {
  test("from every step, whatever ran ahead, damaged pictures and epochs' ends included", async () => {
    const steps = 12;
    const whole = new Loader(spec, mixed, options);
    const expected = await take(whole, steps);
    for (let at = 0; at <= steps; at++) {
      for (const ahead of [0, 5]) {
        const before = new Loader(spec, mixed, { ...options, ahead });
        await take(before, at);
        // Let what runs ahead finish, so that it could disturb.
        await new Promise((done) => setTimeout(done, 5));
        const position = stored(before);
        before.close();
        const after = Loader.restore(spec, mixed, { batch: options.batch, ahead }, position);
        expect(stored(after)).toEqual(position);
        expect(await take(after, steps - at), `from step ${at}, ${ahead} ahead`).toEqual(expected.slice(at));
        expect(stored(after)).toEqual(stored(whole));
      }
    }
  });

  test("the position is of the step consumed, and reads like one", async () => {
    const loader = new Loader(spec, good, { seed: 5, batch: 2, ahead: 6 });
    expect(loader.position()).toMatchObject({ name: "A", item: 0, epoch: 0, index: 0, skipped: 0 });
    await take(loader, 4);
    await new Promise((done) => setTimeout(done, 20));
    expect(loader.position()).toMatchObject({ item: 8, epoch: 1, index: 1, count: 7 });
    expect(loader.epochLength).toBe(7);
  });

  test("is refused for other files, another name, or nonsense; allowed where the whole folder moved", async () => {
    const position = stored(new Loader(spec, good, options));
    const restore = (files: string[], p: Json = position, s = spec): Loader =>
      Loader.restore(s, files, { batch: 2 }, p);
    expect(() => restore(good.slice(1))).toThrow(/it had 7 pictures, now 6/);
    expect(() => restore([...good.slice(1), join(dir, "good/9.png")])).toThrow(/other names/);
    expect(() => restore(good, position, { ...spec, name: "B" })).toThrow(UserError);
    for (const bad of [null, 3, [], { ...(position as object), item: -1 }])
      expect(() => restore(good, bad as Json)).toThrow(UserError);
    expect(() => restore(good.map((f) => f.replace(dir, "/elsewhere")))).not.toThrow();
  });
});

describe("damaged pictures", () => {
  test("are skipped, named once, counted at the step that meets them", async () => {
    const skips: Skip[] = [];
    const loader = new Loader(plain, mixed, { seed: 4, batch: 1, ahead: 8, onSkip: (skip) => skips.push(skip) });
    const first = await take(loader, 10); // two epochs of five
    expect(new Set(first.map((b) => b.join())).size).toBe(5);
    await loader.next();
    expect(skips.map((s) => s.file).sort()).toEqual([mixed[2], mixed[5]]);
    expect(skips[0]!.message).toMatch(/\.png: cannot be read as a picture/);
    // The draws past the 11th good one that were skipped: all of two epochs' four, and what the third had by then.
    expect(loader.skipped).toBeGreaterThanOrEqual(4);
    expect(loader.position()).toMatchObject({ skipped: loader.skipped, item: 11 + loader.skipped });
  });

  test("strict refuses the first one, at its step and ever after", async () => {
    const loader = new Loader(plain, mixed, { seed: 4, batch: 1, ahead: 3, strict: true });
    let given = 0;
    const fail = async (): Promise<never> => {
      for (;;) {
        await loader.next();
        given++;
      }
    };
    await expect(fail()).rejects.toThrow(/[25]\.png: cannot be read/);
    expect(given).toBeLessThan(7);
    expect(loader.position()).toMatchObject({ item: given });
    await expect(loader.next()).rejects.toThrow(UserError);
  });

  test("a folder of nothing else is refused, not searched for ever", async () => {
    const bad = await make("bad", 3, [0, 1, 2]);
    await expect(new Loader(plain, bad, options).next()).rejects.toThrow(/none of the 3 pictures can be read/);
    expect(() => new Loader(plain, [], options)).toThrow(UserError);
  });

  test("a picture that does not fit the steps is an error of the spec, not a skip", async () => {
    await expect(new Loader({ ...plain, steps: [] }, good, options).next()).rejects.toThrow(/the model takes 8×8/);
  });
});

test("a closed loader gives nothing more and leaves no rejection behind", async () => {
  const loader = new Loader(plain, mixed, { ...options, ahead: 4 });
  await loader.next();
  loader.close();
  await expect(loader.next()).rejects.toThrow(/closed/);
  await new Promise((done) => setTimeout(done, 20));
});
