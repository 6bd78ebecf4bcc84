import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { encodePng } from "../../../runtime/pictures/png.ts";
import { crc32c, maskedCrc32c } from "../../../runtime/report/crc32c.ts";
import { encodeEvent, stepOfEvent } from "../../../runtime/report/event.ts";
import { EventWriter, trimEvents } from "../../../runtime/report/events.ts";
import { oraclePython } from "../../parity/oracle.ts";

const folder = mkdtempSync(join(tmpdir(), "ganc-events-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every record of a file, its checksums checked; a cut one is an error. */
function records(path: string): Buffer[] {
  const bytes = readFileSync(path);
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const event = bytes.subarray(at + 12, at + 12 + length);
    expect(event.length).toBe(length);
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(event));
    found.push(event);
    at += 16 + length;
  }
  return found;
}

describe("event files", () => {
  it("use CRC-32C as RFC 3720 has it", () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(ascending)).toBe(0x46dd794e);
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  });

  it("encode what protobuf's own encoder does", () => {
    expect(encodeEvent(1.5, 300, { kind: "summary", scalars: { "loss/a": 0.5 } }).toString("hex")).toBe(
      "09000000000000f83f" + "10ac02" + "2a0f" + "0a0d" + "0a06" + Buffer.from("loss/a").toString("hex") + "150000003f",
    );
    expect(encodeEvent(0, 0, { kind: "version" }).toString("latin1")).toContain("brain.Event:2");
    for (const step of [0, 1, 127, 128, 123_456_789, 2 ** 40]) expect(stepOfEvent(encodeEvent(1, step, { kind: "session-start" }))).toBe(step);
  });

  it("are cut back to a step, a torn record too, and gone on with in a new file", () => {
    const run = mkdtempSync(join(folder, "cut-"));
    const first = new EventWriter(run);
    for (let step = 1; step <= 10; step++) first.scalars(step, { loss: step });
    first.close();
    appendFileSync(first.path, Buffer.from([1, 2, 3]));
    trimEvents(run, 6);
    expect(records(first.path).map((event) => stepOfEvent(event))).toEqual([0, 1, 2, 3, 4, 5, 6]);
    appendFileSync(first.path, readFileSync(first.path).subarray(0, 20)); // torn within a record
    trimEvents(run, 100);
    expect(records(first.path)).toHaveLength(7);
    const second = new EventWriter(run, 7);
    second.scalars(7, { loss: 7 });
    second.close();
    expect(records(second.path).map((event) => stepOfEvent(event))).toEqual([0, 7, 7]);
    expect(readdirSync(run)).toHaveLength(2);
  });

  const python = oraclePython();
  if (python === undefined) it.skip("are read by TensorFlow: not run here, ORACLE_PYTHON is not set", () => undefined);
  else it("are read by TensorFlow", { timeout: 120_000 }, async () => {
    const run = mkdtempSync(join(folder, "tf-"));
    const writer = new EventWriter(run);
    const png = await encodePng({ width: 7, height: 5, channels: 3, data: new Uint8Array(105).fill(90) });
    for (let step = 1; step <= 300; step++) writer.scalars(step, { "loss/generators.cycle": 1 / step, "rate/main": 1e-4 });
    writer.images(300, { "pictures/A2B": { width: 7, height: 5, png } });
    writer.close();
    const output = execFileSync(python, ["test/oracle/check_events.py", run, "--require", "loss/generators.cycle", "--require", "pictures/A2B"], { encoding: "utf8" });
    const found = JSON.parse(output) as { problems: string[]; files: { version: string }[]; scalars: Record<string, [number, number][]>; images: Record<string, unknown[]> };
    expect(found.problems).toEqual([]);
    expect(found.files[0]?.version).toBe("brain.Event:2");
    expect(found.scalars["loss/generators.cycle"]).toHaveLength(300);
    expect(found.scalars["loss/generators.cycle"]?.[2]).toEqual([3, Math.fround(1 / 3)]);
    expect(found.images["pictures/A2B"]).toEqual([{ step: 300, width: 7, height: 5, channels: 3, bytes: png.length }]);
  });
});
