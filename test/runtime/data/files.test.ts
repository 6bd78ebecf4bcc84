import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sweepTemporaries, temporarySuffix, writeAtomic } from "../../../runtime/files/atomic";
import { explainFsError, UserError } from "../../../runtime/files/errors";
import { scratch } from "./scratch";

const dir = scratch("files");

describe("writeAtomic", () => {
  test("writes text, bytes and parts, replaces what was there, leaves nothing else behind", async () => {
    const folder = join(dir, "plain");
    mkdirSync(folder);
    const path = join(folder, "a.bin");
    await writeAtomic(path, "grüß");
    expect(readFileSync(path, "utf8")).toBe("grüß");
    await writeAtomic(path, new Uint8Array([1, 2, 3]));
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    await writeAtomic(path, [new Uint8Array([4]), new Uint8Array([5, 6])]);
    expect([...readFileSync(path)]).toEqual([4, 5, 6]);
    expect(readdirSync(folder)).toEqual(["a.bin"]);
  });

  test("a failure half-way keeps the old contents and removes the temporary file", async () => {
    const folder = join(dir, "failing");
    mkdirSync(folder);
    const path = join(folder, "a.bin");
    await writeAtomic(path, "old");
    function* parts(): Generator<Uint8Array> {
      yield new Uint8Array(1000);
      throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    }
    await expect(writeAtomic(path, parts())).rejects.toThrow(/a\.bin: the disk is full/);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a.bin"]);
  });

  test("what a killed writer left can be swept away", async () => {
    const folder = join(dir, "killed");
    mkdirSync(folder);
    writeFileSync(join(folder, "a.bin"), "old");
    writeFileSync(join(folder, `.a.bin.0123${temporarySuffix}`), "ha");
    expect(await sweepTemporaries(folder)).toBe(1);
    expect(readdirSync(folder)).toEqual(["a.bin"]);
    await expect(sweepTemporaries(join(folder, "nowhere"))).rejects.toBeInstanceOf(UserError);
  });

  test("a file in the path, a missing folder, a folder in the place: one clear line each", async () => {
    writeFileSync(join(dir, "file"), "x");
    mkdirSync(join(dir, "folder", "within"), { recursive: true });
    await expect(writeAtomic(join(dir, "file", "b"), "x")).rejects.toThrow(/a part of this path is a file/);
    await expect(writeAtomic(join(dir, "missing", "b"), "x")).rejects.toThrow(/no such file or folder/);
    await expect(writeAtomic(join(dir, "folder"), "x")).rejects.toBeInstanceOf(UserError);
    expect(readdirSync(dir).filter((name) => name.startsWith("."))).toEqual([]);
  });
});

test("explainFsError leaves other errors alone and explains once", () => {
  const plain = new Error("ours");
  expect(explainFsError(plain, "p")).toBe(plain);
  expect(explainFsError("text", "p")).toBe("text");
  const full = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
  const told = explainFsError(full, "/run/x");
  expect(told).toBeInstanceOf(UserError);
  expect(told).toMatchObject({ message: "/run/x: the disk is full", cause: full });
  expect((told as UserError).hint).toMatch(/free some space/);
  expect(explainFsError(told, "elsewhere")).toBe(told);
});
