import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { decode, PictureError, toLuminance } from "../../../runtime/data/decode";
import { Random } from "../../../runtime/data/random";
import { UserError } from "../../../runtime/files/errors";
import { noise, scratch } from "./scratch";

const dir = scratch("decode");
const random = Random.seeded("decode");
const source = noise(24, 16, random);
const raw = (): Sharp => sharp(source.data, { raw: { width: 24, height: 16, channels: 3 } });

describe("formats", () => {
  test("lossless ones give the very pixels", async () => {
    await raw().png().toFile(join(dir, "a.png"));
    await raw().webp({ lossless: true }).toFile(join(dir, "a.webp"));
    await raw().tiff({ compression: "lzw" }).toFile(join(dir, "a.tif"));
    for (const name of ["a.png", "a.webp", "a.tif"]) expect(await decode(join(dir, name), 3), name).toEqual(source);
  });

  test("jpg is near, and the EXIF orientation is not applied (as PIL reads it)", async () => {
    const smooth = {
      width: 32,
      height: 16,
      channels: 3,
      data: Uint8Array.from({ length: 32 * 16 * 3 }, (_, i) => Math.floor(i / 6)),
    };
    await sharp(smooth.data, { raw: { width: 32, height: 16, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toFile(join(dir, "a.jpg"));
    const read = await decode(join(dir, "a.jpg"), 3);
    expect([read.width, read.height]).toEqual([32, 16]);
    expect(Math.max(...read.data.map((v, i) => Math.abs(v - smooth.data[i]!)))).toBeLessThan(12);
  });

  test("transparent becomes white, half transparent half white", async () => {
    const rgba = new Uint8Array([200, 0, 0, 255, 200, 0, 0, 0, 200, 0, 0, 128]);
    await sharp(rgba, { raw: { width: 3, height: 1, channels: 4 } })
      .png()
      .toFile(join(dir, "alpha.png"));
    const { data } = await decode(join(dir, "alpha.png"), 3);
    expect([...data.slice(0, 6)]).toEqual([200, 0, 0, 255, 255, 255]);
    expect(Math.abs(data[6]! - 227)).toBeLessThanOrEqual(1);
    expect(Math.abs(data[7]! - 127)).toBeLessThanOrEqual(1);
  });

  test("grey becomes three equal channels; 16 bits keep the upper 8; cmyk becomes rgb", async () => {
    const grey = noise(9, 7, random, 1);
    await sharp(grey.data, { raw: { width: 9, height: 7, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toFile(join(dir, "grey.png"));
    const read = await decode(join(dir, "grey.png"), 3);
    expect([...read.data]).toEqual([...grey.data].flatMap((v) => [v, v, v]));
    expect(await decode(join(dir, "grey.png"), 1)).toEqual(grey);

    const wide = Uint16Array.from(source.data, (v) => v * 256 + 77);
    await sharp(wide, { raw: { width: 24, height: 16, channels: 3 } })
      .toColourspace("rgb16")
      .png()
      .toFile(join(dir, "16.png"));
    expect((await sharp(join(dir, "16.png")).metadata()).depth).toBe("ushort");
    expect(await decode(join(dir, "16.png"), 3)).toEqual(source);

    await raw().toColourspace("cmyk").jpeg().toFile(join(dir, "cmyk.jpg"));
    expect((await sharp(join(dir, "cmyk.jpg")).metadata()).space).toBe("cmyk");
    expect(await decode(join(dir, "cmyk.jpg"), 3)).toMatchObject({ width: 24, height: 16, channels: 3 });
  });

  test("one channel is Pillow's convert('L')", () => {
    // Image.frombytes("RGB", (4, 1), bytes([255,0,0, 0,255,0, 0,0,255, 12,200,99])).convert("L").tobytes()
    const four = {
      width: 4,
      height: 1,
      channels: 3,
      data: new Uint8Array([255, 0, 0, 0, 255, 0, 0, 0, 255, 12, 200, 99]),
    };
    expect([...toLuminance(four).data]).toEqual([76, 150, 29, 132]);
  });
});

describe("damaged files are named in one line", () => {
  const refused = async (name: string, bytes: Uint8Array | string): Promise<void> => {
    const path = join(dir, name);
    writeFileSync(path, bytes);
    const e: unknown = await decode(path, 3).catch((e: unknown) => e);
    expect(e, name).toBeInstanceOf(PictureError);
    expect(e).toMatchObject({ file: path });
    expect((e as PictureError).message.startsWith(`${path}: `)).toBe(true);
    expect((e as PictureError).message).not.toContain("\n");
  };

  test("truncated png, jpg, webp, wherever they end; text; an empty file", async () => {
    for (const [name, bytes] of [
      ["png", await raw().png().toBuffer()],
      ["jpg", await raw().jpeg().toBuffer()],
      ["webp", await raw().webp().toBuffer()],
    ] as const)
      for (const part of [0.1, 0.5, 0.9])
        await refused(`cut-${part}.${name}`, bytes.subarray(0, Math.floor(bytes.length * part)));
    await refused("text.png", "not a picture at all");
    await refused("empty.png", "");
  });

  test("a flipped byte within a png", async () => {
    const bytes = Uint8Array.from(readFileSync(join(dir, "a.png")));
    bytes[bytes.length - 300]! ^= 0xff;
    await refused("flipped.png", bytes);
  });

  test("a missing file is told apart from a damaged one", async () => {
    const e: unknown = await decode(join(dir, "nowhere.png"), 3).catch((e: unknown) => e);
    expect(e).toBeInstanceOf(UserError);
    expect(e).not.toBeInstanceOf(PictureError);
  });
});
