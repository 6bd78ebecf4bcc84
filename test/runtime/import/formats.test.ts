// Files that PyTorch wrote (test/oracle/torch_files.py), number by number.
import { describe, expect, it } from "vitest";
import { encodeSafetensors } from "../../../runtime/checkpoint/safetensors";
import { crc32ByTable } from "../../../runtime/import/crc32";
import { openWeightFile } from "../../../runtime/import/file";
import { golden, goldenJson, type Listed, numbersOf, put, valuesOf } from "./kit";

const expected = goldenJson<Record<string, Listed>>("curious.json");

describe.each([["curious-zip.pt", "PyTorch zip"], ["curious-legacy.pt", "PyTorch before 1.6"]])("%s", (name, format) => {
  it("has every tensor, however it lies in the file, with torch's numbers", async () => {
    const opened = await openWeightFile(golden(name));
    expect(opened.format).toBe(format);
    expect([...opened.tensors.keys()]).toEqual(Object.keys(expected).map((k) => `model.${k}`));
    for (const [key, listed] of Object.entries(expected)) {
      const tensor = opened.tensors.get(`model.${key}`)!;
      expect([key, tensor.dtype, tensor.shape]).toEqual([key, listed.dtype, listed.shape]);
      opened.check(`model.${key}`);
      // The nearest float32 of what torch holds: exact but for float64.
      if (listed.dtype !== "int64") expect([...valuesOf(opened, `model.${key}`)], key).toEqual(numbersOf(listed).map(Math.fround));
    }
    opened.file.close();
  });
});

it("reads safetensors, whatever its length", async () => {
  for (let n = 1; n < 300; n += 4) {
    const data = Float32Array.from({ length: n }, (_, i) => i + 0.5);
    const path = put("n.safetensors", Buffer.concat([...encodeSafetensors([{ name: "x".repeat(n), shape: [n], data }], {})]));
    const opened = await openWeightFile(path);
    expect(opened.format).toBe("safetensors");
    expect(valuesOf(opened, "x".repeat(n))).toEqual(data);
    opened.file.close();
  }
});

it("sums as zlib does", () => {
  // The check value of CRC-32/ISO-HDLC in the catalogue of CRC algorithms.
  expect(crc32ByTable(Buffer.from("123456789"))).toBe(0xcbf43926);
  expect(crc32ByTable(Buffer.from("6789"), crc32ByTable(Buffer.from("12345")))).toBe(0xcbf43926);
});
