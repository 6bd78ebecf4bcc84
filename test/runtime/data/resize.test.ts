import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Random } from "../../../runtime/data/random";
import { resize } from "../../../runtime/data/resize";
import type { Filter, Picture } from "../../../runtime/data/types";
import { noise } from "./scratch";

interface Stored {
  width: number;
  height: number;
  data: string;
}
interface Case {
  name: string;
  filter: Filter;
  input: Stored;
  output: Stored;
}

const { cases } = JSON.parse(readFileSync("test/golden/pillow/resize.json", "utf8")) as { cases: Case[] };
const picture = ({ width, height, data }: Stored): Picture => ({
  width,
  height,
  channels: 3,
  data: new Uint8Array(Buffer.from(data, "base64")),
});

test("resize gives Pillow's pixels, shrinking and enlarging", () => {
  const worst: Record<string, number> = { bilinear: 0, bicubic: 0 };
  for (const { name, filter, input, output } of cases) {
    const ours = resize(picture(input), output.height, output.width, filter);
    const theirs = picture(output);
    expect([ours.width, ours.height, ours.data.length], name).toEqual([
      theirs.width,
      theirs.height,
      theirs.data.length,
    ]);
    const difference = theirs.data.reduce((most, v, i) => Math.max(most, Math.abs(v - ours.data[i]!)), 0);
    worst[filter] = Math.max(worst[filter]!, difference);
  }
  console.log(
    `resize against Pillow, ${cases.length} cases: largest difference ${worst["bilinear"]}/255 bilinear, ${worst["bicubic"]}/255 bicubic`,
  );
  expect(cases.length).toBeGreaterThanOrEqual(12);
  expect(worst).toEqual({ bilinear: 0, bicubic: 0 });
});

test("one channel is resized as each of three would be", () => {
  const grey = noise(19, 14, Random.seeded(1), 1);
  const rgb = {
    ...grey,
    channels: 3,
    data: Uint8Array.from({ length: 19 * 14 * 3 }, (_, i) => grey.data[Math.floor(i / 3)]!),
  };
  const one = resize(grey, 9, 27, "bicubic");
  const three = resize(rgb, 9, 27, "bicubic");
  expect(three.data.filter((_, i) => i % 3 === 1)).toEqual(one.data);
});

test("the same size changes nothing; a flat picture stays flat; an empty size is refused", () => {
  const picture = noise(8, 8, Random.seeded(2));
  expect(resize(picture, 8, 8)).toBe(picture);
  const flat = { width: 5, height: 4, channels: 3, data: new Uint8Array(60).fill(201) };
  for (const filter of ["bilinear", "bicubic"] as const)
    expect(new Set(resize(flat, 13, 2, filter).data)).toEqual(new Set([201]));
  expect(() => resize(picture, 0, 8)).toThrow(RangeError);
  expect(() => resize(picture, 8, 2.5)).toThrow(RangeError);
});
