import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { decode, decodeBytes } from "../../../runtime/data/decode";
import { toBytes } from "../../../runtime/data/pipeline";
import { Random } from "../../../runtime/data/random";
import { compareSheet } from "../../../runtime/pictures/compare";
import { drawGrid, tile } from "../../../runtime/pictures/grid";
import { resizeAsCv2 } from "../../../runtime/data/resize-cv2";
import { heatmap, jet, overlay, scaleMap } from "../../../runtime/pictures/heatmap";
import { encodePng, writePng } from "../../../runtime/pictures/png";
import { flat, floats, noise, scratch } from "./scratch";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // the cores may be shared

const dir = scratch("pictures");
const random = Random.seeded("pictures");

describe("png", () => {
  test("what is written is read back, floats rounded to 8 bits", async () => {
    const picture = noise(10, 6, random);
    await writePng(join(dir, "a.png"), picture);
    expect(await decode(join(dir, "a.png"), 3)).toEqual(picture);
    const model = {
      width: 10,
      height: 6,
      channels: 3,
      data: Float32Array.from({ length: 180 }, () => random.normal()),
    };
    expect(await decodeBytes(await encodePng(model), 3, "m")).toEqual(toBytes(model));
    expect(await encodePng(model)).toEqual(await encodePng(model));
  });

  test("one channel is written as grey", async () => {
    const read = await decodeBytes(await encodePng(flat(3, 2, [0.5])), 3, "g");
    expect(new Set(read.data)).toEqual(new Set([191]));
  });
});

describe("heat maps", () => {
  interface Golden {
    jet: string;
    cases: {
      name: string;
      map: string;
      height: number;
      width: number;
      toHeight: number;
      toWidth: number;
      scaled: string;
      levels: string;
    }[];
  }
  const golden = JSON.parse(readFileSync("test/golden/pillow/heatmap.json", "utf8")) as Golden;
  const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
  const largest = (a: Uint8Array, b: Uint8Array): number => a.reduce((m, v, i) => Math.max(m, Math.abs(v - b[i]!)), 0);

  test("the colours are OpenCV's COLORMAP_JET", () => {
    // One of its 768 literals, the blue of level 159, is 1.4999… where the ramp's value is 1.5.
    const differs = [...jet.entries()].filter(([i, v]) => v !== bytes(golden.jet)[i]);
    expect(differs).toEqual([[159 * 3 + 2, 2]]);
    expect(bytes(golden.jet)[159 * 3 + 2]).toBe(1);
  });

  test("scaling is the published code's within one level, enlarging OpenCV's own", () => {
    for (const c of golden.cases) {
      const scaled = scaleMap(floats(c.map));
      expect(largest(scaled, bytes(c.scaled)), c.name).toBeLessThanOrEqual(1);
      const levels = { width: c.width, height: c.height, channels: 1, data: bytes(c.scaled) };
      expect(resizeAsCv2(levels, c.toHeight, c.toWidth).data, c.name).toEqual(bytes(c.levels));
    }
  });

  test("the smallest is dark blue, the largest dark red, the middle greenish", () => {
    const { data } = heatmap(new Float32Array([-3, 1, 5]), 1, 3, 1, 3);
    expect([...data]).toEqual([0, 0, 128, ...jet.slice(127 * 3, 128 * 3), 128, 0, 0]);
  });

  test("a constant map is one flat colour, also with rounding noise; never NaN", () => {
    const f = Math.fround;
    for (const map of [
      [0, 0, 0, 0],
      [7, 7, 7, 7],
      [-1e30, -1e30, -1e30, -1e30],
      [f(0.1), f(0.1) + 2 ** -27, f(0.1), f(0.1)],
      [NaN, NaN, NaN, NaN],
      [Infinity, 1, 1, 1],
    ]) {
      const { data } = heatmap(Float32Array.from(map), 2, 2, 9, 9);
      expect(new Set(Array.from({ length: 81 }, (_, i) => data.slice(i * 3, i * 3 + 3).join())), String(map)).toEqual(
        new Set(["0,0,128"]),
      );
    }
  });

  test("an overlay is half of each", () => {
    const picture = { width: 1, height: 1, channels: 3, data: new Uint8Array([100, 200, 0]) };
    const heat = { width: 1, height: 1, channels: 3, data: new Uint8Array([0, 0, 128]) };
    expect([...overlay(picture, heat).data]).toEqual([50, 100, 64]);
    expect([...overlay(picture, heat, 0).data]).toEqual([100, 200, 0]);
  });
});

describe("grids", () => {
  const red = flat(4, 3, [1, -1, -1]);
  const grey = flat(2, 1, [-1]);

  test("tiles lie in rows with gaps of white, smaller ones at their cell's centre", () => {
    const grid = tile(
      [
        [red, grey],
        [undefined, red],
      ],
      1,
    );
    expect([grid.width, grid.height]).toEqual([1 + 2 * 5, 1 + 2 * 4]);
    const at = (x: number, y: number): string => grid.data.slice((y * 11 + x) * 3, (y * 11 + x) * 3 + 3).join();
    expect([at(0, 0), at(1, 1), at(4, 3), at(5, 1)]).toEqual(["255,255,255", "255,0,0", "255,0,0", "255,255,255"]);
    expect([at(6, 1), at(7, 2), at(8, 2), at(9, 2)]).toEqual(["255,255,255", "0,0,0", "0,0,0", "255,255,255"]);
    expect([at(1, 5), at(6, 5)]).toEqual(["255,255,255", "255,0,0"]);
  });

  test("labels stand outside the tiles, which stay as they were", async () => {
    const tiles = [[flat(40, 40, [0, 0, 0]), flat(40, 40, [1, 0, -1])]];
    const bare = tile(tiles);
    const labelled = await decodeBytes(
      await drawGrid(tiles, { columns: ["source", "a < b & c"], rows: ["row"] }),
      3,
      "grid",
    );
    const left = labelled.width - bare.width;
    const top = labelled.height - bare.height;
    expect([left > 15, top > 8]).toEqual([true, true]);
    for (let y = 2; y < bare.height - 2; y++)
      for (const x of [2, 41, 44, 83])
        for (let c = 0; c < 3; c++)
          expect(labelled.data[((y + top) * labelled.width + x + left) * 3 + c]).toBe(
            bare.data[(y * bare.width + x) * 3 + c],
          );
  });

  test("a comparison leaves out the columns nobody has", async () => {
    const size = async (entries: Parameters<typeof compareSheet>[0], across = 1): Promise<number> =>
      (await decodeBytes(await compareSheet(entries, {}, across), 3, "sheet")).width;
    const two = { source: red, translation: red };
    expect(await size([two, two])).toBe(2 + 2 * 6);
    expect(await size([two, { ...two, truth: red }])).toBe(2 + 3 * 6);
    expect(await size([two, two, two], 2)).toBe(2 + 4 * 6);
  });
});
