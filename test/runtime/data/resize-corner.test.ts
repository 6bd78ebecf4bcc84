// The filter `bilinear_corner` against TensorFlow's own (test/oracle/tf_resize.py): its floats, rounded.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { resize } from "../../../runtime/data/resize";

interface Case {
  readonly width: number;
  readonly height: number;
  readonly data: string;
  readonly to: readonly [number, number];
  readonly thousandths: readonly number[];
}
const { cases } = JSON.parse(readFileSync("test/golden/tensorflow/resize.json", "utf8")) as { cases: Case[] };

test.each(cases.map((c) => [`${c.width}x${c.height} to ${c.to.join("x")}`, c] as const))("%s", (_, c) => {
  const [width, height] = c.to;
  const picture = { width: c.width, height: c.height, channels: 3, data: new Uint8Array(Buffer.from(c.data, "base64")) };
  const made = resize(picture, height, width, "bilinear_corner");
  expect([made.width, made.height, made.data.length]).toEqual([width, height, c.thousandths.length]);
  // Half a level of rounding, and the thousandth that the golden file keeps.
  const worst = c.thousandths.reduce((most, v, i) => Math.max(most, Math.abs(v / 1000 - made.data[i]!)), 0);
  expect(worst).toBeLessThanOrEqual(0.5011);
  if (width !== c.width) expect(Buffer.compare(Buffer.from(made.data), Buffer.from(resize(picture, height, width).data))).not.toBe(0);
});
