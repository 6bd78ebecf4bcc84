// bmp, ppm, pgm and pbm as Pillow reads them (test/oracle/pillow_plain.py); damaged ones are named.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBytes, PictureError, toLuminance } from "../../../runtime/data/decode";

interface Listed {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly rgb: string;
}
const golden = JSON.parse(readFileSync(fileURLToPath(new URL("../../../test/golden/pillow/plain.json", import.meta.url)), "utf8")) as Record<string, Listed>;
const bytesOf = (name: string): Buffer => Buffer.from(golden[name]!.file, "base64");

/** Five bits a colour: NetSurf's decoder leaves the other three at 0, Pillow stretches to 255. */
const SIXTEEN_BITS = "fives.bmp";

describe("pixels are Pillow's", () => {
  it.each(Object.keys(golden))("%s", async (name) => {
    const { width, height, rgb } = golden[name]!;
    const data = new Uint8Array(Buffer.from(rgb, "base64"));
    const read = await decodeBytes(bytesOf(name), 3, name);
    if (name === SIXTEEN_BITS) return expect(Math.max(...read.data.map((v, i) => Math.abs(v - data[i]!)))).toBe(7);
    expect({ ...read, data: [...read.data] }).toEqual({ width, height, channels: 3, data: [...data] });
    expect(await decodeBytes(bytesOf(name), 1, name)).toEqual(toLuminance({ width, height, channels: 3, data }));
  });
});

describe("what is damaged is named", () => {
  const refused = async (bytes: Uint8Array): Promise<string> => {
    const e: unknown = await decodeBytes(bytes, 3, "x.ppm").catch((problem: unknown) => problem);
    expect(e).toBeInstanceOf(PictureError);
    return (e as PictureError).message;
  };

  it.each(Object.keys(golden))("%s, cut off", async (name) => {
    const whole = bytesOf(name);
    // A decoder may show what there is of the last rows; without half of the file there is no picture.
    for (let at = 2; at < whole.length / 2; at += 3) await refused(whole.subarray(0, at));
  });

  it.each([
    ["P6 100000 100000 255\n", /it is cut off/], ["P5 0 5 255\n", /0 x 5 pixels/], ["P5 5 5 70000\n", /of 70000 levels/], ["P2 2 2 255\n1 2 3", /it is cut off/],
    ["P3 x", /a number was expected/], ["P4 999999999 999999999\n", /it is cut off/], ["P6", /it is cut off/], ["P1 2 1\n1 2", undefined],
  ] as const)("%j", async (text, message) => {
    if (message) expect(await refused(Buffer.from(text))).toMatch(message);
  });

  it("whatever the bytes behind a sound beginning are", async () => {
    const heads = Object.keys(golden).map((name) => bytesOf(name).subarray(0, 40));
    await fc.assert(fc.asyncProperty(fc.constantFrom(...heads), fc.nat(40), fc.uint8Array({ maxLength: 200 }), async (head, kept, tail) => {
      const e: unknown = await decodeBytes(Buffer.concat([head.subarray(0, 2 + kept), tail]), 3, "x").catch((problem: unknown) => problem);
      if (e instanceof Error) expect(e).toBeInstanceOf(PictureError);
    }), { numRuns: 300, seed: 1 });
  });
});
