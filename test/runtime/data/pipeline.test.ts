import { describe, expect, test } from "vitest";
import { crop, flip, prepareTesting, prepareTraining, toBytes, toFloat } from "../../../runtime/data/pipeline";
import { Random } from "../../../runtime/data/random";
import { resize } from "../../../runtime/data/resize";
import type { Picture, PictureStep as DataStep, SettledSpec as DataSpec } from "../../../runtime/data/types";
import { UserError } from "../../../runtime/files/errors";
import { noise } from "./scratch";

const spec = (steps: DataStep[], height: number, width = height, channels = 3): DataSpec => ({
  name: "A",
  folder: "A",
  channels,
  height,
  width,
  steps,
  test: [{ op: "resize", height, width, filter: "bilinear" }],
});
const picture = noise(13, 9, Random.seeded("pipeline"));
const run = (s: DataSpec, seed = 0, p: Picture = picture): Float32Array =>
  prepareTraining(p, s, Random.seeded(seed), "a.png");

describe("scaling", () => {
  test("is ((v / 255) - 0.5) / 0.5 in float32, channel by channel", () => {
    const { data } = toFloat({ width: 2, height: 1, channels: 3, data: new Uint8Array([0, 51, 255, 128, 1, 254]) });
    const f = Math.fround;
    const of = (v: number): number => f(f(f(v / 255) - 0.5) / 0.5);
    expect([...data]).toEqual([0, 128, 51, 1, 255, 254].map(of));
    expect([of(0), of(255)]).toEqual([-1, 1]);
  });

  test("toBytes is its inverse on all 256 levels; beyond is clipped, NaN is grey", () => {
    const all = { width: 256, height: 1, channels: 1, data: Uint8Array.from({ length: 256 }, (_, i) => i) };
    expect(toBytes(toFloat(all))).toEqual(all);
    expect([...toBytes({ width: 3, height: 1, channels: 1, data: new Float32Array([-7, 7, NaN]) }).data]).toEqual([
      0, 255, 128,
    ]);
  });
});

describe("steps", () => {
  test("run in the order written: flip, resize, crop is the flipped picture, resized, cropped", () => {
    const steps: DataStep[] = [
      { op: "random_flip", p: 1 },
      { op: "resize", height: 20, width: 18, filter: "bicubic" },
      { op: "center_crop", height: 16, width: 16 },
    ];
    expect(run(spec(steps, 16))).toEqual(toFloat(crop(resize(flip(picture), 20, 18, "bicubic"), 2, 1, 16, 16)).data);
    const other = [
      steps[1]!,
      { op: "center_crop", height: 16, width: 12 } as const,
      { op: "resize", height: 16, width: 16, filter: "bilinear" } as const,
    ];
    expect(run(spec(other, 16))).toEqual(
      toFloat(resize(crop(resize(picture, 20, 18, "bicubic"), 2, 3, 16, 12), 16, 16)).data,
    );
  });

  test("random_flip flips about half, p: 0 never", () => {
    const flips = spec([{ op: "random_flip" }], 9, 13);
    const flipped = toFloat(flip(picture)).data;
    const count = Array.from({ length: 400 }, (_, seed) => run(flips, seed)).filter((d) =>
      d.every((v, i) => v === flipped[i]),
    ).length;
    expect(count).toBeGreaterThan(150);
    expect(count).toBeLessThan(250);
    expect(run(spec([{ op: "random_flip", p: 0 }], 9, 13))).toEqual(toFloat(picture).data);
  });

  test("random_crop reaches every place, each within the picture", () => {
    const crops = spec([{ op: "random_crop", height: 8, width: 11 }], 8, 11);
    const seen = new Set(Array.from({ length: 200 }, (_, seed) => run(crops, seed).join()));
    const all = [0, 1].flatMap((top) => [0, 1, 2].map((left) => toFloat(crop(picture, top, left, 8, 11)).data.join()));
    expect([...seen].sort()).toEqual(all.sort());
  });

  test("resize_short keeps the aspect, rounding down", () => {
    const wide = noise(50, 20, Random.seeded(1));
    const steps: DataStep[] = [{ op: "resize_short", size: 15, filter: "bilinear" }];
    expect(run(spec(steps, 15, 37), 0, wide)).toEqual(toFloat(resize(wide, 15, 37)).data);
    const tall = noise(20, 50, Random.seeded(1));
    expect(run(spec(steps, 37, 15), 0, tall)).toEqual(toFloat(resize(tall, 37, 15)).data);
  });

  test("center_crop rounds half margins to even, as torchvision's round does", () => {
    const offsets = [9, 10, 11, 12, 13].map((width) => {
      const row = { width, height: 1, channels: 1, data: Uint8Array.from({ length: width }, (_, i) => i) };
      return Math.round((run(spec([{ op: "center_crop", height: 1, width: 8 }], 1, 8, 1), 0, row)[0]! + 1) * 127.5);
    });
    // Python: [round(m / 2) for m in (1, 2, 3, 4, 5)]
    expect(offsets).toEqual([0, 1, 2, 2, 2]);
  });

  test("testing goes straight to the model's size, without chance", () => {
    expect(prepareTesting(picture, spec([{ op: "random_flip" }], 8), "a.png")).toEqual(
      toFloat(resize(picture, 8, 8)).data,
    );
  });
});

test("a picture that does not fit is named, with both sizes", () => {
  const refused = (steps: DataStep[], message: RegExp): void => {
    expect(() => run(spec(steps, 16))).toThrow(UserError);
    expect(() => run(spec(steps, 16))).toThrow(message);
  };
  refused([], /^a\.png: is 13×9 after the steps of data A, the model takes 16×16$/);
  refused(
    [{ op: "random_crop", height: 16, width: 16 }],
    /^a\.png: random_crop of 16×16 is larger than the picture \(13×9\)$/,
  );
});
