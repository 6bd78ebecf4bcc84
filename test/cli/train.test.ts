// A run from the command line: training, resuming, translating, and what a person can get wrong.
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { dataFolder, folder, ganc, pictures, SPEC, TINY } from "./kit";

let data = "";
let run = "";
const train = (out: string, ...more: string[]): ReturnType<typeof ganc> => ganc("train", SPEC, "--data", data, "--out", out, ...TINY, ...more);
const checkpoints = (at: string): string[] => readdirSync(join(at, "checkpoints")).sort();

beforeAll(async () => {
  data = await dataFolder();
  run = join(folder(), "run");
  const made = train(run, "--steps", "4", "--seed", "3", "--pictures-every", "2");
  expect(made.err).toBe("");
  expect(made.status).toBe(0);
}, 120_000);

const oneLine = (made: ReturnType<typeof ganc>, text: string): void => {
  expect(made.status).not.toBe(0);
  expect(made.err).toContain(text);
  expect(made.err).toMatch(/^error: .*\n(hint: .*\n)?$/);
};

describe("ganc train", () => {
  it("leaves a checkpoint, a log, events, pictures and a report", () => {
    expect(checkpoints(run)).toEqual(["step-00000004.safetensors"]);
    const log = readFileSync(join(run, "log.jsonl"), "utf8").trim().split("\n").map((l) => JSON.parse(l) as { step?: number; losses?: Record<string, number> });
    expect(log.at(-1)?.step).toBe(4);
    expect(Object.keys(log.at(-1)?.losses ?? {})).toContain("generators.cycle");
    expect(readdirSync(join(run, "events")).length).toBeGreaterThan(0);
    expect(readdirSync(join(run, "pictures")).length).toBeGreaterThanOrEqual(2);
    expect(readFileSync(join(run, "report.html"), "utf8")).toContain("generators.cycle");
  });

  it("resumes to the same bits as one go", () => {
    const other = join(folder(), "run");
    expect(train(other, "--steps", "4", "--seed", "3", "--checkpoint-every", "2").status).toBe(0);
    const half = join(folder(), "run");
    // The schedule knows the whole length: stop after the checkpoint of step 2 by taking the later one away.
    expect(train(half, "--steps", "4", "--seed", "3", "--checkpoint-every", "2", "--keep", "9").status).toBe(0);
    truncateSync(join(half, "checkpoints", "step-00000004.safetensors"), 1000);
    const again = train(half, "--steps", "4", "--resume", "--checkpoint-every", "2", "--keep", "9");
    expect(again.status).toBe(0);
    const bytes = (at: string): Buffer => readFileSync(join(at, "checkpoints", "step-00000004.safetensors"));
    expect(bytes(half).equals(bytes(other))).toBe(true);
  }, 120_000);

  it("refuses a checkpoint of another architecture, and says what differs", () => {
    const made = train(run, "--steps", "6", "--resume", "--variant", "norm_in");
    expect(made.status).toBe(1);
    expect(made.err).toMatch(/decoder_norm/);
    expect(made.err).not.toContain("    at ");
  }, 60_000);

  it("tells each mistake in one line", async () => {
    oneLine(ganc("train", SPEC, "--data", "/no/such/folder", "--out", join(folder(), "x"), ...TINY, "--steps", "1"), "/no/such/folder");
    const empty = folder();
    for (const split of ["trainA", "trainB"]) mkdirSync(join(empty, split));
    oneLine(ganc("train", SPEC, "--data", empty, "--out", join(folder(), "x"), ...TINY, "--steps", "1"), "trainA");
    oneLine(train(run, "--steps", "6"), "holds a run already");
    const broken = ganc("train", SPEC, "--data", data, "--out", join(folder(), "x"), "--set", "size=64");
    expect(broken.status).toBe(1);
    expect(broken.err).toContain("error: specs/ugatit.gan has");
    oneLine(ganc("train", "specs/none.gan", "--data", data, "--out", "x"), "specs/none.gan: no such file");
  }, 120_000);

  it("skips a damaged picture with its name, or refuses it", async () => {
    const bad = await dataFolder();
    writeFileSync(join(bad, "trainA", "p9.png"), "this is no picture");
    const skipped = ganc("train", SPEC, "--data", bad, "--out", join(folder(), "run"), ...TINY, "--steps", "8");
    expect(skipped.status).toBe(0);
    expect(skipped.out + skipped.err).toContain("p9.png");
    oneLine(ganc("train", SPEC, "--data", bad, "--out", join(folder(), "run"), ...TINY, "--steps", "8", "--strict"), "p9.png");
  }, 120_000);
});

describe("ganc translate, compile, evaluate", () => {
  it("keeps names, in folders within folders, and writes heat maps", async () => {
    const input = folder();
    await pictures(input, "deep/er", 2, 40);
    const out = folder();
    const made = ganc("translate", run, "--export", "A2B", "--in", input, "--out", out, "--heatmap");
    expect(made.err).toBe("");
    expect(readdirSync(join(out, "deep/er")).sort()).toEqual(["p0.heatmap.png", "p0.png", "p1.heatmap.png", "p1.png"]);
    expect(await sharp(join(out, "deep/er/p0.png")).metadata()).toMatchObject({ width: 32, height: 32, channels: 3 });
  });

  it("translates a picture of any size at its own size", async () => {
    const input = join(folder(), "odd.jpg");
    await sharp({ create: { width: 51, height: 37, channels: 3, background: "#38a" } }).jpeg().toFile(input);
    const out = folder();
    expect(ganc("translate", run, "--export", "B2A", "--in", input, "--out", out, "--size", "native")).toMatchObject({ status: 0, err: "" });
    expect(await sharp(join(out, "odd.png")).metadata()).toMatchObject({ width: 51, height: 37 });
  });

  it("compiles the run's weights into models", () => {
    const out = folder();
    const made = ganc("compile", SPEC, "--target", "onnx", "--out", out, "--weights", run, ...TINY);
    expect(made.err).toBe("");
    expect(existsSync(join(out, "A2B.onnx"))).toBe(true);
    expect(readdirSync(join(out, "training"))).toContain("program.json");
    expect(made.out).toContain("weights: step 4 of");
  });

  it("tells each mistake in one line", () => {
    const unknown = ganc("translate", run, "--export", "A2C", "--in", data, "--out", folder());
    expect(unknown.status).toBe(1);
    expect(unknown.err).toContain("G0211");
    expect(unknown.err).toContain("did you mean `A2B`?");
    oneLine(ganc("translate", run, "--export", "A2B", "--in", "/no/such.png", "--out", folder()), "/no/such.png");
    oneLine(ganc("translate", folder(), "--export", "A2B", "--in", data, "--out", folder()), "no checkpoint");
    oneLine(ganc("compile", SPEC, "--target", "onnx", "--out", folder(), "--weights", run), "was trained from another spec");
  });

  it("names a truncated checkpoint", () => {
    const copy = join(folder(), "cut.safetensors");
    writeFileSync(copy, readFileSync(join(run, "checkpoints", "step-00000004.safetensors")).subarray(0, 5000));
    oneLine(ganc("translate", copy, "--export", "A2B", "--in", data, "--out", folder()), "cut.safetensors");
  });

  it("has no heat map where the head is Plain, and says so as a diagnostic", () => {
    const bare = join(folder(), "run");
    expect(train(bare, "--steps", "1", "--variant", "without_cam").status).toBe(0);
    const made = ganc("translate", bare, "--export", "A2B", "--in", join(data, "testA"), "--out", folder(), "--heatmap");
    expect(made.status).toBe(1);
    expect(made.err).toContain("G0604");
    expect(made.err).not.toContain("    at ");
  }, 60_000);

  it("evaluates true pairs as JSON", () => {
    const made = JSON.parse(ganc("evaluate", run, "--pairs", "--json").out) as { pairs: number; directions: { name: string; scores: { l1: number } }[] };
    expect(made.pairs).toBe(2);
    expect(made.directions.map((d) => d.name)).toEqual(["A2B", "B2A"]);
    for (const d of made.directions) expect(d.scores.l1).toBeGreaterThan(0);
  });
});
