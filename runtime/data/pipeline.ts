import { UserError } from "../files/errors";
import type { Random } from "./random";
import { resize } from "./resize";
import type { DataSpec, Filter, FloatPicture, Picture, PictureStep, SettledSpec } from "./types";

/**
 * The preprocessing of a spec's `data` line on one picture, in the order written. Every step works on 8-bit pixels, as PIL and
 * torchvision do; the last thing is the scaling to [-1, 1]. Chance comes from `random` only: one number a flip, two a random crop
 * (top, then left), drawn even where they cannot matter, so that a picture's size does not shift what later steps draw.
 * Throws a UserError (with `name`) for a picture too small for a crop, or not of the model's size at the end.
 */
export function prepareTraining(picture: Picture, spec: SettledSpec, random: Random, name: string): Float32Array {
  return finish(picture, spec, spec.steps, random, name);
}

/** The same in testing: the spec's `test` steps, no chance. */
export function prepareTesting(picture: Picture, spec: DataSpec, name: string): Float32Array {
  return finish(picture, spec, spec.test, undefined, name);
}

function finish(
  picture: Picture,
  spec: DataSpec,
  steps: readonly PictureStep[],
  random: Random | undefined,
  name: string,
): Float32Array {
  let done = picture;
  for (const step of steps) done = apply(step, done, random, name);
  if (done.width !== spec.width || done.height !== spec.height || done.channels !== spec.channels)
    throw new UserError(
      `${name}: is ${size(done)} after the steps of data ${spec.name}, the model takes ${spec.width}×${spec.height}`,
      `add resize(${spec.height === spec.width ? spec.width : "..."}) to the data line, or give pictures of that size`,
    );
  return toFloat(done).data;
}

function apply(step: PictureStep, picture: Picture, random: Random | undefined, name: string): Picture {
  switch (step.op) {
    case "random_flip":
      return chance(random, step.op).uniform() < (step.p ?? 0.5) ? flip(picture) : picture;
    case "resize":
      return resize(picture, step.height, step.width, step.filter);
    case "resize_short":
      return resizeShort(picture, step.size, step.filter);
    case "random_crop": {
      fits(step, picture, name);
      const drawn = chance(random, step.op);
      const top = drawn.int(picture.height - step.height + 1);
      const left = drawn.int(picture.width - step.width + 1);
      return crop(picture, top, left, step.height, step.width);
    }
    case "center_crop": {
      fits(step, picture, name);
      return crop(
        picture,
        middle(picture.height - step.height),
        middle(picture.width - step.width),
        step.height,
        step.width,
      );
    }
  }
}

function chance(random: Random | undefined, op: string): Random {
  if (!random) throw new Error(`${op} in the steps for testing: a defect of the compiler`);
  return random;
}

function fits(step: { op: string; height: number; width: number }, picture: Picture, name: string): void {
  if (step.height > picture.height || step.width > picture.width)
    throw new UserError(
      `${name}: ${step.op} of ${step.width}×${step.height} is larger than the picture (${size(picture)})`,
      "resize it before the crop",
    );
}

function size(picture: Picture): string {
  return `${picture.width}×${picture.height}`;
}

/** Half of the margin as torchvision has it: Python's round, halves to the even number. */
function middle(margin: number): number {
  const down = Math.floor(margin / 2);
  return margin % 2 === 0 || down % 2 === 0 ? down : down + 1;
}

/** The shorter side becomes `size`, the longer one follows, rounded down (torchvision's Resize of one number). */
function resizeShort(picture: Picture, size: number, filter: Filter): Picture {
  const { width, height } = picture;
  const long = (side: number, short: number): number => Math.floor((size * side) / short);
  return width <= height
    ? resize(picture, long(height, width), size, filter)
    : resize(picture, size, long(width, height), filter);
}

/** Left and right exchanged. */
export function flip(picture: Picture): Picture {
  const { width, height, channels } = picture;
  const data = new Uint8Array(picture.data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++)
        data[(y * width + x) * channels + c] = picture.data[(y * width + width - 1 - x) * channels + c]!;
  return { width, height, channels, data };
}

/** The rectangle whose upper left corner is (top, left); it must lie within the picture. */
export function crop(picture: Picture, top: number, left: number, height: number, width: number): Picture {
  if (height === picture.height && width === picture.width) return picture;
  const { channels } = picture;
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * channels;
    data.set(picture.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}

/** (v / 255 - 0.5) / 0.5, each operation rounded to float32 as torchvision's ToTensor and Normalize do. */
const scaled = Float32Array.from({ length: 256 }, (_, v) => Math.fround(Math.fround(v / 255) - 0.5) / 0.5);

/** Bytes, channels interleaved, to floats in [-1, 1], channel by channel. */
export function toFloat(picture: Picture): FloatPicture {
  const { width, height, channels } = picture;
  const area = width * height;
  const data = new Float32Array(channels * area);
  for (let i = 0; i < area; i++)
    for (let c = 0; c < channels; c++) data[c * area + i] = scaled[picture.data[i * channels + c]!]!;
  return { width, height, channels, data };
}

/** The way back: rounded to the nearest of 256 levels, clipped; NaN becomes mid-grey, so that a broken model still gives a picture. */
export function toBytes(picture: FloatPicture): Picture {
  const { width, height, channels } = picture;
  const area = width * height;
  const data = new Uint8Array(channels * area);
  for (let i = 0; i < area; i++)
    for (let c = 0; c < channels; c++) {
      const v = picture.data[c * area + i]!;
      data[i * channels + c] = Number.isNaN(v) ? 128 : Math.min(255, Math.max(0, Math.round((v + 1) * 127.5)));
    }
  return { width, height, channels, data };
}
