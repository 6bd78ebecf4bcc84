import { copyFileSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync, closeSync } from "node:fs";
import type * as FsPromises from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Program } from "../../../compiler/program.ts";
import { CheckpointStore, checkpointFolder, listCheckpoints, openWeights } from "../../../runtime/checkpoint/store.ts";
import { OnnxEngine } from "../../../runtime/engine/onnx.ts";
import { UserError } from "../../../runtime/files/errors.ts";
import { initialize } from "../../../runtime/train/init.ts";
import { tinyModels, tinyProgram } from "../train/tiny.ts";

// A disk that fills up after so many bytes, under the very code that writes checkpoints.
const disk = vi.hoisted(() => ({ room: Infinity }));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof FsPromises>();
  const open: typeof real.open = async (...args) => {
    const file = await real.open(...args);
    const write = file.write.bind(file) as (bytes: Uint8Array, at: number, length: number) => Promise<{ bytesWritten: number; buffer: Uint8Array }>;
    Object.assign(file, {
      write: async (bytes: Uint8Array, at: number, length: number) => {
        if (disk.room <= 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
        const some = Math.min(length, disk.room);
        disk.room -= some;
        return write(bytes, at, some); // a part of it, as a disk that fills does
      },
    });
    return file;
  };
  return { ...real, open };
});

const program = tinyProgram(1000);
const models = tinyModels();
const source = "param ch = 64\nnet AB";
const progress = (step: number) => ({
  step, total: 100, epoch: 5, seed: 9, updates: { main: step }, data: { A: { item: 2 * step } }, random: { kind: "keyed", seed: 9, step },
});
let engine: OnnxEngine;
let run: string;
let store: CheckpointStore;

beforeAll(async () => void (engine = await OnnxEngine.create(program, models)));
afterAll(() => engine.close());
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "ganc-store-"));
  store = new CheckpointStore(run, { keep: 3, source, notes: { set: ["ch=64"] } });
  disk.room = Infinity;
});
afterEach(() => rmSync(run, { recursive: true }));

async function saved(...steps: number[]): Promise<string[]> {
  const paths: string[] = [];
  for (const step of steps) {
    initialize(engine, step);
    paths.push(await store.save(engine, progress(step)));
  }
  return paths;
}
const contents = () => engine.stateNames.map((name) => [...engine.read(name)]);
async function other(change: Partial<Program>, text = source): Promise<() => unknown> {
  const another = await OnnxEngine.create({ ...program, ...change }, models);
  const theirs = new CheckpointStore(run, { source: text });
  return () => theirs.restore(another);
}

describe("a run's checkpoints", () => {
  it("hold everything, bit by bit", async () => {
    await saved(7);
    engine.write("m:w", Float32Array.of(1e-40, -0, 3, 4));
    const [path] = await saved(8);
    const before = contents();
    initialize(engine, 1234);
    const { info, warnings, path: from } = store.restore(engine);
    expect(from).toBe(path);
    expect(warnings).toEqual([]);
    expect(contents()).toEqual(before);
    const { dataSha256, ...rest } = info;
    expect(dataSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(rest).toEqual({
      ...progress(8), programHash: program.hash, specName: "tiny", source, settings: program.settings, schedule: program.schedule, notes: { set: ["ch=64"] }, weightsOnly: false,
    });
    const { file } = openWeights(run);
    expect([...file.header.tensors.keys()].slice(0, 4)).toEqual(["param/w", "m/w", "v/w", "param/b"]);
    expect([...file.read("param/w")]).toEqual([...engine.read("param:w")]);
    file.close();
  });

  it("are kept to the last few, under sortable names", async () => {
    await saved(1, 2, 10, 9999999, 123456789);
    expect(readdirSync(checkpointFolder(run)).sort()).toEqual(["step-00000010.safetensors", "step-09999999.safetensors", "step-123456789.safetensors"]);
    expect(listCheckpoints(run).map(({ step }) => step)).toEqual([123456789, 9999999, 10]);
  });

  it("are refused when nothing is there", () => {
    expect(() => store.restore(engine)).toThrow(UserError);
    expect(() => store.restore(engine)).toThrow(`${run} has no checkpoint to go on from`);
  });

  const damages: readonly [string, (path: string) => void, string][] = [
    ["cut off", (path) => truncateSync(path, 3000), "it is cut off"],
    ["empty", (path) => truncateSync(path, 0), "too few for a header"],
    ["overwritten by zeros", (path) => writeFileSync(path, Buffer.alloc(9000)), "not readable JSON"],
    ["a single bit flipped", (path) => flipBit(path, 5000), "its numbers are not those that were saved"],
    ["another program's file", (path) => copyFileSync("package.json", path), "it does not begin with a safetensors header"],
  ];
  it.each(damages)("%s: the one before is taken, with a warning", async (_, damage, message) => {
    const [older, newest] = await saved(10, 20);
    initialize(engine, 10);
    const before = contents();
    damage(newest!);
    const restored = store.restore(engine);
    expect(restored.path).toBe(older);
    expect(restored.warnings).toHaveLength(1);
    expect(restored.warnings[0]).toContain(`${newest} is damaged: `);
    expect(restored.warnings[0]).toContain(message);
    expect(contents()).toEqual(before);
    // The damaged one no longer counts: what the run saves next is the newest.
    const single = new CheckpointStore(run, { keep: 1, source });
    const next = await single.save(engine, progress(15));
    expect(listCheckpoints(run).map(({ path }) => path)).toEqual([next]);
  });

  it("all damaged: one line says so of each", async () => {
    for (const path of await saved(1, 2)) truncateSync(path, 500);
    expect(() => store.restore(engine)).toThrow(/no checkpoint of .* can be read: .*step-00000002.*; .*step-00000001/);
  });

  it("ignore and remove what a killed process left half-written", async () => {
    const [path] = await saved(5);
    const left = join(checkpointFolder(run), ".step-00000006.safetensors.0123456789ab.ganc-tmp");
    writeFileSync(left, readFileSync(path!).subarray(0, 700));
    expect(store.restore(engine).path).toBe(path);
    expect(readdirSync(checkpointFolder(run))).toEqual(["step-00000005.safetensors"]);
  });

  it.each([0, 1, 500, 4000, 4500])("a disk that is full after %i bytes leaves the previous one as it was", async (room) => {
    const [path] = await saved(5);
    const before = readFileSync(path!);
    disk.room = room;
    initialize(engine, 6);
    const failing = store.save(engine, progress(6));
    await expect(failing).rejects.toThrow(UserError);
    await expect(failing).rejects.toThrow("the disk is full");
    expect(readdirSync(checkpointFolder(run))).toEqual(["step-00000005.safetensors"]);
    expect(readFileSync(path!)).toEqual(before);
    disk.room = Infinity;
    expect(store.restore(engine).info.step).toBe(5);
  });

  it("are never written over with what is no number", async () => {
    await saved(5);
    for (const bad of [NaN, Infinity, -Infinity]) {
      engine.read("v:b")[0] = bad;
      await expect(store.save(engine, progress(6))).rejects.toThrow("v/b is no longer finite at step 6: training has diverged");
    }
    expect(listCheckpoints(run).map(({ step }) => step)).toEqual([5]);
  });

  it("of other settings are refused, naming them", async () => {
    await saved(5);
    expect(await other({ settings: { ch: "64", decoder_norm: "IN" }, hash: "x" })).toThrow(
      /is of another architecture: decoder_norm is AdaLIN in the checkpoint, IN in this run$/,
    );
    expect(await other({ settings: { decoder_norm: "AdaLIN", extra: "1" }, hash: "x" })).toThrow(
      "ch is 64 in the checkpoint, not set in this run; extra is not set in the checkpoint, 1 in this run",
    );
  });

  it("of other tensors are refused, naming them", async () => {
    await saved(5);
    const params = program.params.map((param) => (param.name === "frozen" ? { ...param, shape: [4] } : param));
    expect(await other({ params, hash: "x" })).toThrow("another architecture: param/frozen is [1000] in the checkpoint, [4] in this run");
    expect(await other({ states: [...program.states, { ...program.states[0]!, name: "t" }], hash: "x" })).toThrow("state/t is missing in the checkpoint, [4] in this run");
  });

  it("of another text are refused, naming the line", async () => {
    await saved(5);
    expect(await other({ hash: "x" }, "param ch = 64\nnet AB: Other")).toThrow("of another text of the spec: line 2 was `net AB`, now `net AB: Other`");
    expect(await other({ hash: "x" })).toThrow("an imported file, or the compiler, differs");
  });
});

function flipBit(path: string, at: number): void {
  const bytes = readFileSync(path);
  const fd = openSync(path, "r+");
  writeSync(fd, Uint8Array.of(bytes[at]! ^ 4), 0, 1, at);
  closeSync(fd);
}
