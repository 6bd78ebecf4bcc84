// The filter `bilinear_cv2` against OpenCV's own pixels (test/oracle/cv2_resize.py): every one of them, in ganc and in what it writes.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { resized } from "../../../backends/tfjs/kit/resize";
import { resize } from "../../../runtime/data/resize";

interface Case {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: string;
  readonly to: readonly [number, number];
  readonly made: string;
}
const { cases } = JSON.parse(readFileSync("test/golden/opencv/resize.json", "utf8")) as { cases: Case[] };
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

test.each(cases.map((c) => [`${c.width}x${c.height}x${c.channels} to ${c.to.join("x")}`, c] as const))("%s", (_, c) => {
  const [width, height] = c.to;
  const picture = { width: c.width, height: c.height, channels: c.channels, data: bytes(c.data) };
  const wanted = { width, height, channels: c.channels, data: bytes(c.made) };
  expect(resize(picture, height, width, "bilinear_cv2")).toEqual(wanted);
  expect(resized(picture, height, width, "bilinear_cv2")).toEqual(wanted);
  // It is none of the others, wherever they could differ.
  if (width * height > 6 && width !== c.width) for (const other of ["bilinear", "bilinear_corner"] as const) expect(resize(picture, height, width, other).data).not.toEqual(wanted.data);
});
