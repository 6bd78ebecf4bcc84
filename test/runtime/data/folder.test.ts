import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listData, listPictures } from "../../../runtime/data/folder";
import { UserError } from "../../../runtime/files/errors";
import { scratch } from "./scratch";

const dir = scratch("folder");

function put(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(join(dir, path, ".."), { recursive: true });
    writeFileSync(join(dir, path), "");
  }
}

put("good/trainA/b.png", "good/trainA/B.JPG", "good/trainA/a/z.webp", "good/trainA/a/10.tif", "good/trainA/a/9.png");
put("good/trainA/notes.txt", "good/trainA/._b.png", "good/trainB/é.png", "good/trainB/z.png");

test("lists nested folders, pictures only, sorted by code unit", async () => {
  expect(await listPictures(join(dir, "good/trainA"))).toEqual(["B.JPG", "a/10.tif", "a/9.png", "a/z.webp", "b.png"]);
  const { A, B } = await listData(join(dir, "good"), "train", ["A", "B"]);
  expect(A).toHaveLength(5);
  expect(B).toEqual(["z.png", "é.png"].map((name) => join(dir, "good/trainB", name)));
});

test("follows links to folders, but not in a circle", async () => {
  put("linked/real/a.png");
  symlinkSync(join(dir, "linked/real"), join(dir, "linked/again"));
  expect(await listPictures(join(dir, "linked"))).toEqual(["again/a.png", "real/a.png"]);
  put("circle/a.png");
  symlinkSync(join(dir, "circle"), join(dir, "circle/self"));
  await expect(listPictures(join(dir, "circle"))).rejects.toBeInstanceOf(UserError);
});

describe("one clear line for", () => {
  const told = async (folder: string, split: "train" | "test"): Promise<UserError> => {
    const e: unknown = await listData(join(dir, folder), split, ["A", "B"]).catch((e: unknown) => e);
    expect(e).toBeInstanceOf(UserError);
    return e as UserError;
  };

  test("a missing directory: it says what belongs there", async () => {
    const e = await told("nowhere", "train");
    expect(e.message).toBe(`${join(dir, "nowhere")}: no such folder`);
    expect(e.hint).toContain("trainA and trainB");
  });

  test("a missing folder: it says what is there instead", async () => {
    const e = await told("good", "test");
    expect(e.message).toBe(`${join(dir, "good/testA")}: no such folder`);
    expect(e.hint).toMatch(/testA and testB; there is trainA, trainB$/);
  });

  test("a folder without pictures: it says what it holds", async () => {
    put("empty/trainA/readme.md", "empty/trainB/a.png");
    const e = await told("empty", "train");
    expect(e.message).toMatch(/trainA: no picture in it$/);
    expect(e.hint).toMatch(/png, jpg.*there is readme\.md$/);
  });

  test("a file in the folder's place", async () => {
    put("wrong/trainA", "wrong/trainB/a.png");
    expect((await told("wrong", "train")).message).toMatch(/is a file, not a folder/);
  });
});
