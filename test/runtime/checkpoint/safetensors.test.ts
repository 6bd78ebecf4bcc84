import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { TensorFile } from "../../../runtime/checkpoint/file.ts";
import { DamagedFile, encodeSafetensors } from "../../../runtime/checkpoint/safetensors.ts";
import { UserError } from "../../../runtime/files/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "ganc-safetensors-"));
afterAll(() => rmSync(folder, { recursive: true }));

const tensors = [
  { name: "param/AB.stem", shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-38, -0) },
  { name: "state/ü", shape: [], data: Float32Array.of(7) },
  { name: "param/empty", shape: [0, 4], data: new Float32Array(0) },
];
const whole = Buffer.concat([...encodeSafetensors(tensors, { spec: "a < \"b\"\n日本", step: "3" })]);

function fileOf(bytes: Uint8Array): string {
  const path = join(folder, `${Math.random()}.safetensors`);
  writeFileSync(path, bytes);
  return path;
}

function withHeader(change: (header: Record<string, unknown>) => unknown, body = whole.subarray(8 + Number(whole.readBigUInt64LE(0)))): Buffer {
  const header = JSON.parse(whole.toString("utf8", 8, 8 + Number(whole.readBigUInt64LE(0)))) as Record<string, unknown>;
  const text = Buffer.from(JSON.stringify(change(header) ?? header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, body]);
}

describe("a safetensors file", () => {
  it("comes back as it was written", () => {
    const file = TensorFile.open(fileOf(whole));
    expect(file.header.metadata).toEqual({ spec: "a < \"b\"\n日本", step: "3" });
    for (const { name, shape, data } of tensors) {
      expect(file.place(name).shape).toEqual(shape);
      expect(Buffer.from(file.read(name).buffer)).toEqual(Buffer.from(data.buffer));
    }
    expect((8 + Number(whole.readBigUInt64LE(0))) % 8).toBe(0);
    file.close();
  });

  it("of several parts has them in order", () => {
    const large = { name: "large", shape: [40_000_000], data: new Float32Array(40_000_000).map((_, i) => i % 1021) }; // 160 MB: three parts
    const path = join(folder, "large.safetensors");
    writeFileSync(path, Buffer.concat([...encodeSafetensors([large], {})]));
    const file = TensorFile.open(path);
    expect(Buffer.compare(Buffer.from(file.read("large").buffer), Buffer.from(large.data.buffer))).toBe(0);
    file.close();
    rmSync(path);
  });

  const entry = (header: Record<string, unknown>, name: string) => header[name] as { dtype: unknown; shape: unknown; data_offsets: unknown };
  const length = (value: bigint) => {
    const bytes = Buffer.from(whole);
    bytes.writeBigUInt64LE(value);
    return bytes;
  };
  const broken: readonly [name: string, bytes: Buffer, message: string][] = [
    ["an empty one", Buffer.alloc(0), "it has 0 bytes, too few for a header"],
    ["seven bytes", whole.subarray(0, 7), "it has 7 bytes, too few for a header"],
    ["a header cut off", whole.subarray(0, 60), "its header says"],
    ["tensors cut off", whole.subarray(0, whole.length - 1), `it is cut off: ${whole.length - 1} bytes of ${whole.length}`],
    ["something behind", Buffer.concat([whole, Buffer.from("x")]), "1 bytes follow its last tensor"],
    ["a hostile length", length(2n ** 63n), "it does not begin with a safetensors header"],
    ["a length beyond the file", length(90_000_000n), "its header says 90000000 bytes, the file ends after"],
    ["a length of nothing", length(0n), "its header is not readable JSON"],
    ["zeros all over", Buffer.alloc(500), "its header is not readable JSON"],
    ["a picture", Buffer.from("\x89PNG\r\n\x1a\n0123456789012345678901234567890"), "it does not begin with a safetensors header"],
    ["bytes that are no UTF-8", Buffer.concat([whole.subarray(0, 10), Buffer.from([0xff, 0xfe]), whole.subarray(12)]), "its header is not readable JSON"],
    ["a list for a header", withHeader(() => []), "its header is not readable JSON"],
    ["metadata that are no texts", withHeader((h) => void (h["__metadata__"] = { step: 3 })), "its metadata step is no text"],
    ["an unknown type", withHeader((h) => void (entry(h, "state/ü").dtype = "F31")), "tensor state/ü has an unknown type, F31"],
    ["a type of Object's own", withHeader((h) => void (entry(h, "state/ü").dtype = "constructor")), "has an unknown type"],
    ["a negative dim", withHeader((h) => void (entry(h, "param/AB.stem").shape = [-2, -3])), "tensor param/AB.stem has no sound shape"],
    ["a dim beyond counting", withHeader((h) => void (entry(h, "param/AB.stem").shape = [2 ** 53, 2])), "tensor param/AB.stem has no sound shape"],
    ["a shape that is too large", withHeader((h) => void (entry(h, "param/AB.stem").shape = [2 ** 40, 2 ** 40])), "by its shape, 24 by its offsets"],
    ["offsets turned round", withHeader((h) => void (entry(h, "state/ü").data_offsets = [28, 24])), "by its offsets"],
    ["three offsets", withHeader((h) => void (entry(h, "state/ü").data_offsets = [24, 28, 30])), "has no sound offsets"],
    ["tensors over one another", withHeader((h) => void (entry(h, "state/ü").data_offsets = [20, 24])), "overlaps another"],
    ["a gap", withHeader((h) => void delete h["param/AB.stem"]), "there is a gap before tensor"],
    ["no description", withHeader((h) => void (h["state/ü"] = null)), "tensor state/ü is not described"],
  ];
  it.each(broken)("refuses %s, naming the file", (_, bytes, message) => {
    const path = fileOf(bytes);
    expect(() => TensorFile.open(path)).toThrow(DamagedFile);
    expect(() => TensorFile.open(path)).toThrow(message);
    expect(() => TensorFile.open(path)).toThrow(path);
  });

  it("that is not there is told in words", () => {
    const path = join(folder, "none.safetensors");
    expect(() => TensorFile.open(path)).toThrow(new UserError(`${path}: no such file or folder`));
  });

  it("cut anywhere is refused, never read", () => {
    for (let end = 0; end < whole.length; end++) expect(() => TensorFile.open(fileOf(whole.subarray(0, end)))).toThrow(DamagedFile);
    expect(readFileSync(fileOf(whole)).length).toBe(whole.length);
  });
});
