// Tensors out of order and larger than a window, read from a file of numbers that say where they stand.
import { expect, it } from "vitest";
import { FileBytes } from "../../../runtime/import/bytes";
import { countOf, PART, readParts } from "../../../runtime/import/tensor";
import { put } from "./kit";

const COUNT = 6_000_000; // below 2^24: each is a float32
const file = FileBytes.open(put("numbers.bin", Buffer.from(Float32Array.from({ length: COUNT }, (_, i) => i).buffer)));

it.each([
  ["in order", [COUNT], [1], 0],
  ["in order, from the middle", [1_000_000], [1], 4_999_999],
  ["transposed, many rows", [3, 2_000_000], [1, 3], 0],
  ["transposed, long rows", [2_000_000, 3], [1, 2_000_000], 0],
  ["two of three axes swapped", [5, 1000, 1000], [1_000_000, 1, 1000], 0],
  ["outermost last", [1000, 1000, 6], [1000, 1, 1_000_000], 0],
  ["every seventh", [857_142], [7], 3],
  ["one value, many times", [1000, 3000], [0, 0], 17],
  ["rows repeated", [3, 2, 1_500_000], [1_500_000, 0, 1], 7],
  ["far apart", [2, 2], [5_000_000, 900_000], 1],
  ["axes of length 1 with strides that mean nothing", [1, 4, 1], [9_999, 1, 123_456], 0],
  ["a number", [], [], 41],
  ["nothing", [3, 0], [1, 1], 0],
])("%s", (_, shape, strides, offset) => {
  const got = new Float32Array(countOf(shape));
  let [done, wrong] = [0, 0];
  for (const part of readParts(file, { dtype: "float32", shape, strides, begin: 4 * offset }, "float32")) {
    expect(part.length).toBeLessThanOrEqual(PART);
    got.set(part, done);
    done += part.length;
  }
  expect(done).toBe(got.length);
  for (let i = 0; i < got.length; i++) {
    let [at, rest] = [offset, i];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    if (got[i] !== at) wrong++;
  }
  expect(wrong).toBe(0);
});
