import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { decode, decodeBytes } from "../../../runtime/data/decode";
import { renderEmoji, renderIcon, splitNames, type EmojiResult } from "../../../runtime/data/emoji";
import { commonNames, installedSets, readIconSet } from "../../../runtime/data/iconsets";
import { baselines, score } from "../../../runtime/evaluate/baselines";
import { listPairs, readTest } from "../../../runtime/evaluate/pairs";
import { scratch } from "./scratch";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // the cores may be shared

const dir = scratch("emoji");
const pair = { from: "emojione", to: "emojione-monotone" };
const folders = ["trainA", "trainB", "testA", "testB"];

function hash(out: string): string {
  const all = createHash("sha256");
  for (const folder of folders)
    for (const name of readdirSync(join(out, folder)).sort())
      all.update(`${folder}/${name}`).update(readFileSync(join(out, folder, name)));
  return all.digest("hex");
}

describe("names", () => {
  test("are those both sets draw, without flags and tones", async () => {
    for (const [from, to, atLeast] of [
      ["emojione", "emojione-monotone", 1100],
      ["fluent-emoji-flat", "fluent-emoji-high-contrast", 1500],
    ] as const) {
      const names = commonNames(await readIconSet(from), await readIconSet(to));
      console.log(`${from} and ${to}: ${names.length} names in common`);
      expect(names.length).toBeGreaterThan(atLeast);
      expect(names.filter((n) => n.startsWith("flag-for") || /skin-tone/.test(n))).toEqual([]);
      expect(names).toEqual([...names].sort());
      expect(names).toContain("police-car-light");
      expect(names).toContain("gem-stone");
    }
    const fluent = commonNames(await readIconSet("fluent-emoji-flat"), await readIconSet("fluent-emoji-flat"));
    expect(fluent).toContain("woman-dancing");
    expect(fluent).not.toContain("woman-dancing-medium-dark");
  });

  test("are split disjointly, by their hashes: a name more moves none between the sides of training and testing", () => {
    const names = Array.from({ length: 300 }, (_, i) => `name-${i}`);
    const split = splitNames(names, { ...pair, heldOut: 40 });
    expect([split.trainA.length, split.trainB.length, split.test.length]).toEqual([130, 130, 40]);
    expect(new Set([...split.trainA, ...split.trainB, ...split.test]).size).toBe(300);
    expect(splitNames([...names].reverse(), { ...pair, heldOut: 40 })).toEqual(split);
    expect(splitNames(names, { ...pair, heldOut: 40, seed: "x" }).test).not.toEqual(split.test);
    expect(splitNames(names, pair).test).toHaveLength(30);
    const fewer = splitNames(names, { ...pair, heldOut: 40, count: 12 });
    expect([fewer.trainA.length, fewer.trainB.length, fewer.test.length]).toEqual([12, 12, 40]);
    const grown = splitNames([...names, "new"], { ...pair, heldOut: 40 });
    expect(grown.test.filter((n) => !split.test.includes(n)).length).toBeLessThanOrEqual(1);
    expect(() => splitNames(names.slice(0, 5), { ...pair, heldOut: 4 })).toThrow(/5 names in common/);
  });
});

describe("rendering", () => {
  test("honours the box, centres what is not square, paints currentColor black on white", async () => {
    const icon = {
      left: 10,
      top: 20,
      width: 20,
      height: 10,
      body: '<rect x="10" y="20" width="10" height="10" fill="currentColor"/>',
    };
    const { data, ...size } = await decodeBytes(await renderIcon(icon, 16), 3, "icon");
    expect(size).toEqual({ width: 16, height: 16, channels: 3 });
    const at = (x: number, y: number): number => data[(y * 16 + x) * 3]!;
    // 20 × 10 units on 16 pixels: rows 4 to 11, and the rectangle fills the left half of them.
    expect([at(0, 3), at(0, 4), at(7, 11), at(8, 8), at(7, 12)]).toEqual([255, 0, 0, 255, 255]);
  });

  test("bodies may use xlink:href undeclared", async () => {
    const icon = {
      left: 0,
      top: 0,
      width: 8,
      height: 8,
      body: '<defs><path id="p" d="M0 0h8v8H0z"/></defs><use xlink:href="#p" fill="#ff0000"/>',
    };
    const { data } = await decodeBytes(await renderIcon(icon, 8), 3, "icon");
    expect([...data.slice(0, 3)]).toEqual([255, 0, 0]);
  });
});

describe("the folders", () => {
  const out = join(dir, "first");
  const options = { ...pair, size: 64, out, count: 6 };
  const progress: string[] = [];
  let result: EmojiResult;
  beforeAll(async () => {
    result = await renderEmoji({ ...options, onProgress: (done, total) => progress.push(`${done}/${total}`) });
  });

  test("hold what was asked: train names disjoint, test names shared, sizes right, credits beside", async () => {
    const lists = folders.map((folder) => readdirSync(join(out, folder)).sort());
    expect(lists.map((l) => l.length)).toEqual([6, 6, 100, 100]);
    expect(lists[2]).toEqual(lists[3]);
    expect(new Set([...lists[0]!, ...lists[1]!, ...lists[2]!]).size).toBe(112);
    expect(progress).toHaveLength(212);
    expect(progress.at(-1)).toBe("212/212");
    expect(await decode(join(out, "testB", lists[3]![0]!), 3)).toMatchObject({ width: 64, height: 64 });
    const credits = readFileSync(join(out, "CREDITS.txt"), "utf8");
    for (const part of [
      "Emoji One (Colored)",
      "Emoji One (Monotone)",
      "CC BY 4.0",
      "https://creativecommons.org/licenses/by/4.0/",
    ])
      expect(credits).toContain(part);
    expect(result.credit).toContain("CC BY 4.0");
  });

  test("are the same bytes each time, also after an interruption", async () => {
    const first = hash(out);
    rmSync(join(out, "testA"), { recursive: true });
    await renderEmoji(options);
    expect(hash(out)).toBe(first);
    await renderEmoji({ ...options, out: join(dir, "second") });
    expect(hash(join(dir, "second"))).toBe(first);
  });

  test("are not mixed with other files", async () => {
    writeFileSync(join(out, "trainB", "mine.png"), "");
    await expect(renderEmoji(options)).rejects.toThrow(/trainB: holds other files already \(mine\.png\)/);
    rmSync(join(out, "trainB", "mine.png"));
    await expect(renderEmoji({ ...options, seed: "another" })).rejects.toThrow(/holds other files already/);
  });

  test("are true pairs; the baselines are near what the field notes say", async () => {
    const spec = { name: "A", folder: "A", channels: 3, height: 64, width: 64, steps: [], test: [] };
    const pairs = await listPairs(out);
    const a = await Promise.all(pairs.map((p) => readTest(p.a, spec)));
    const b = await Promise.all(pairs.map((p) => readTest(p.b, spec)));
    const toMono = baselines(a, b);
    const toColour = baselines(b, a);
    const f = (x: number): string => x.toFixed(3);
    console.log(
      `emojione, 100 pairs: untranslated L1 ${f(toMono.untranslated.l1)} SSIM ${f(toMono.untranslated.ssim)}; ` +
        `mono to colour, ink to mid-grey L1 ${f(toColour.inkToMidGrey.l1)} SSIM ${f(toColour.inkToMidGrey.ssim)}; ` +
        `colour to mono, best threshold (${toMono.bestThreshold.level}) L1 ${f(toMono.bestThreshold.l1)} SSIM ${f(toMono.bestThreshold.ssim)}; ` +
        `chroma ${f(toMono.untranslated.chroma)} and ${f(toColour.untranslated.chroma)}`,
    );
    expect(Math.abs(toMono.untranslated.l1 - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(toColour.inkToMidGrey.l1 - 0.29)).toBeLessThan(0.05);
    expect(toMono.bestThreshold.l1).toBeLessThan(0.4);
    expect(toMono.bestThreshold.l1).toBeGreaterThan(0.2);
    expect(Math.abs(toMono.untranslated.chroma - 0.42)).toBeLessThan(0.05);
    expect(toColour.untranslated.chroma).toBeLessThan(0.001);
    expect(score(a, a)).toMatchObject({ l1: 0 });
  }, 30_000);
});

test("a set that is not installed: how to install it, and which ones are", async () => {
  expect(await installedSets()).toEqual(expect.arrayContaining(["emojione", "emojione-monotone"]));
  for (const name of ["noto-not-there", "../../etc", ""]) {
    const e: unknown = await readIconSet(name).catch((e: unknown) => e);
    expect(e).toMatchObject({ name: "UserError", message: `the icon set ${name} is not installed` });
    expect((e as { hint: string }).hint).toMatch(
      /npm install @iconify-json\/.*; installed: .*emojione, emojione-monotone/,
    );
  }
  await expect(renderEmoji({ ...pair, size: 3, out: dir })).rejects.toThrow(/size of 3/);
});
