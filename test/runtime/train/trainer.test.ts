import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type * as Fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { Random } from "../../../compiler/random.ts";
import { listCheckpoints, openWeights } from "../../../runtime/checkpoint/store.ts";
import type { Json } from "../../../runtime/data/types.ts";
import { UserError } from "../../../runtime/files/errors.ts";
import { encodePng } from "../../../runtime/pictures/png.ts";
import type { LogLine } from "../../../runtime/report/log.ts";
import type { OpenData } from "../../../runtime/train/data.ts";
import { runTraining, type Host } from "../../../runtime/train/run.ts";
import type { DataSource, TrainEvent, TrainSettings } from "../../../runtime/train/types.ts";
import { BATCH, tinyModels, tinyProgram, WIDTH } from "./tiny.ts";

const disk = vi.hoisted(() => ({ full: false }));
vi.mock("node:fs", async (original) => {
  const real = await original<typeof Fs>();
  const writeSync = (...args: Parameters<typeof real.writeSync>): number => {
    if (disk.full) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    return real.writeSync(...args);
  };
  return { ...real, default: { ...real, writeSync }, writeSync };
});

const root = mkdtempSync(join(tmpdir(), "ganc-trainer-"));
afterAll(() => rmSync(root, { recursive: true }));
let runs = 0;
const program = tinyProgram();

/** Numbers instead of pictures; `poison` is the step whose batch is not a number. */
function numbers({ seed, position }: OpenData, poison = 0): DataSource {
  let at = typeof position === "number" ? position : 0;
  return {
    next: async () => {
      const random = Random.of(seed, `batch ${++at}`);
      const batch = Float32Array.from({ length: BATCH * WIDTH }, () => (at === poison ? NaN : 2 * random.unit() - 1));
      return { A: batch, B: batch };
    },
    position: (): Json => at,
    epoch: 5,
    skipped: 0,
    close: () => undefined,
  };
}

async function trainIn(run: string, change: Partial<TrainSettings> = {}, host: Partial<Host> & { poison?: number } = {}) {
  const events: TrainEvent[] = [];
  const settings: TrainSettings = { run, source: "spec", data: "nowhere", steps: 20, resume: false, checkpointEvery: 5, picturesEvery: 0, keep: 10, ...change };
  const outcome = runTraining(program, tinyModels(), settings, {
    emit: (event) => void events.push(event),
    stopping: () => false,
    openData: async (_, options) => numbers(options, host.poison),
    drawGrids: async () => undefined,
    ...host,
  });
  return { outcome: await outcome.catch((e: unknown) => e), events };
}
const fresh = () => join(root, `run${runs++}`);
const logOf = (run: string) => readFileSync(join(run, "log.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as LogLine);
const stepsSaved = (run: string) => listCheckpoints(run).map(({ step }) => step).reverse();

describe("a training", () => {
  it("tells and writes every step: losses, rate, rho", async () => {
    const run = fresh();
    const { outcome, events } = await trainIn(run);
    expect(outcome).toMatchObject({ kind: "finished", step: 20, total: 20, checkpoint: join(run, "checkpoints", "step-00000020.safetensors") });
    expect(events.map(({ kind }) => kind).filter((kind) => kind !== "step")).toEqual(["begin", "checkpoint", "checkpoint", "checkpoint", "checkpoint", "end"]);
    const steps = events.filter((event) => event.kind === "step");
    expect(steps.map(({ step, epoch }) => [step, epoch])).toEqual(Array.from({ length: 20 }, (_, i) => [i + 1, Math.floor(i / 5) + 1]));
    expect(steps[16]?.rate["main"]).toBeCloseTo(0.05 * (2 - 34 / 20), 12);
    expect(steps[0]?.skipped).toBe(0);
    const log = logOf(run);
    expect(log.map(({ step }) => step)).toEqual(steps.map(({ step }) => step));
    expect(Object.keys(log[0]!.losses)).toEqual(["fit.mse", "look.after"]);
    expect(Object.keys(log[19]!.rho!)).toEqual(["rho"]);
    expect(log[19]!.rho!["rho"]![0]).toBeCloseTo(openWeights(run).file.read("param/rho")[0]!, 6);
    expect(stepsSaved(run)).toEqual([5, 10, 15, 20]);
    expect(readdirSync(run).sort()).toEqual(["checkpoints", "events", "log.jsonl", "pictures", "report.html", "run.json"]);
    expect(readFileSync(join(run, "report.html"), "utf8")).toContain(">finished<");
    expect(JSON.parse(readFileSync(join(run, "run.json"), "utf8"))).toMatchObject({ spec: "tiny", seed: 1, steps: 20, source: "spec" });
  });

  it("trains as long as the spec says, unless told otherwise", async () => {
    const { outcome } = await trainIn(fresh(), { steps: undefined });
    expect(outcome).toMatchObject({ step: 15, total: 15 }); // 3 epochs of 5
  });

  it("that diverges says which loss, and keeps the last checkpoint", async () => {
    const run = fresh();
    const { outcome } = await trainIn(run, {}, { poison: 13 });
    expect(outcome).toBeInstanceOf(UserError);
    expect((outcome as UserError).message).toBe("the loss fit.mse is not a number: training has diverged");
    expect(stepsSaved(run)).toEqual([5, 10]);
    const again = await trainIn(run, { resume: true });
    expect(again.outcome).toMatchObject({ kind: "finished", step: 20 });
  });

  it("stops when asked, saves, and goes on to the same bits, whenever it stopped", async () => {
    const whole = fresh();
    await trainIn(whole, { checkpointEvery: 0 });
    const expected = openWeights(whole).file;
    for (const at of [0, 1, 7, 19]) {
      const run = fresh();
      let asked = 0;
      const stopped = await trainIn(run, { checkpointEvery: 0 }, { stopping: () => asked++ >= at });
      expect(stopped.outcome).toMatchObject({ kind: "stopped", step: at, total: 20 });
      expect(stepsSaved(run)).toEqual([at]);
      await trainIn(run, { checkpointEvery: 0, resume: true, steps: undefined });
      const found = openWeights(run).file;
      expect(found.header.metadata).toEqual(expected.header.metadata);
      expect(logOf(run).map(({ losses }) => losses)).toEqual(logOf(whole).map(({ losses }) => losses));
    }
  });

  it("that is resumed at its end is over at once, with the same checkpoint", async () => {
    const run = fresh();
    await trainIn(run);
    const { outcome, events } = await trainIn(run, { resume: true });
    expect(outcome).toMatchObject({ kind: "finished", step: 20 });
    expect(events.filter(({ kind }) => kind === "step" || kind === "checkpoint")).toEqual([]);
  });

  it("may be made longer, and says what that means", async () => {
    const run = fresh();
    await trainIn(run);
    const { outcome, events } = await trainIn(run, { resume: true, steps: 30 });
    expect(outcome).toMatchObject({ kind: "finished", step: 30, total: 30 });
    expect(events).toContainEqual({ kind: "warning", message: "the run was to have 20 steps, now 30: a schedule in percent changes with it" });
    expect(logOf(run)).toHaveLength(30);
  });

  it("begins again when it was killed before its first checkpoint", async () => {
    const run = fresh();
    await trainIn(run, { checkpointEvery: 0 }, { poison: 4 });
    expect(logOf(run)).toHaveLength(3);
    const { outcome, events } = await trainIn(run, { resume: true });
    expect(events[0]).toEqual({ kind: "warning", message: `${run} has no checkpoint yet: the run begins again at step 1` });
    expect(outcome).toMatchObject({ kind: "finished", step: 20 });
    expect(logOf(run).map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it("then keeps the seed and the length it was begun with", async () => {
    const run = fresh();
    await trainIn(run, { checkpointEvery: 0, steps: 7, seed: 3 }, { poison: 4 });
    expect(((await trainIn(run, { resume: true, steps: undefined, seed: 4 })).outcome as Error).message).toBe("the run was begun with seed 3, not 4");
    const { outcome, events } = await trainIn(run, { resume: true, steps: undefined });
    expect(outcome).toMatchObject({ kind: "finished", step: 7, total: 7 });
    expect(events).toContainEqual({ kind: "begin", step: 0, total: 7, seed: 3, resumed: undefined });
  });

  it("draws its pictures every so often and at the end, whole or not at all", async () => {
    const run = fresh();
    const png = await encodePng({ width: 4, height: 2, channels: 3, data: new Uint8Array(24).fill(9) });
    let rho = 0;
    const { events } = await trainIn(run, { picturesEvery: 8 }, { drawGrids: async () => async (engine) => {
      rho = engine.read("param:rho")[0]!;
      return [{ name: "A2B", png }];
    } });
    expect(readdirSync(join(run, "pictures"))).toEqual(["A2B-00000008.png", "A2B-00000016.png", "A2B-00000020.png"]);
    expect(events.filter(({ kind }) => kind === "pictures")).toHaveLength(3);
    expect(rho).toBe(openWeights(run).file.read("param/rho")[0]);
    expect(readFileSync(join(run, "report.html"), "utf8")).toContain(Buffer.from(png).toString("base64"));
  });

  it("on a full disk ends with one line; what was saved is intact", async () => {
    const run = fresh();
    await trainIn(run, { steps: 10 });
    const before = readFileSync(listCheckpoints(run)[0]!.path);
    let asked = 0;
    const full = (): boolean => {
      disk.full = asked++ === 3;
      return false;
    };
    const { outcome } = await trainIn(run, { resume: true, steps: 20 }, { stopping: full });
    disk.full = false;
    expect(outcome).toBeInstanceOf(UserError);
    expect((outcome as UserError).message).toBe(`${join(run, "log.jsonl")}: the disk is full`);
    expect(stepsSaved(run)).toEqual([5, 10]);
    expect(readFileSync(listCheckpoints(run)[0]!.path)).toEqual(before);
  });

  it("does not begin where a model cannot be made, though those of its steps are there", async () => {
    const run = fresh();
    const models = tinyModels();
    const settings: TrainSettings = { run, source: "spec", data: "nowhere", steps: 5, resume: false, checkpointEvery: 5, picturesEvery: 0 };
    const host: Host = { emit: () => undefined, stopping: () => false, openData: async (_, options) => numbers(options), drawGrids: async () => undefined };
    const failing = { get: (name: string) => models.get(name), complete: () => Promise.reject(new Error("no export")) };
    await expect(runTraining(program, failing, settings, host)).rejects.toThrow("no export");
    expect(readdirSync(run).filter((name) => name === "run.json" || name === "checkpoints")).toEqual([]);
    await runTraining(program, { ...failing, complete: () => Promise.resolve() }, settings, host);
    expect(stepsSaved(run)).toEqual([5]);
  });

  it("does not mix runs, nor seeds", async () => {
    const run = fresh();
    await trainIn(run, { steps: 5, seed: 3 });
    expect(((await trainIn(run)).outcome as Error).message).toBe(`${run} holds a run already`);
    expect(((await trainIn(run, { resume: true, seed: 4 })).outcome as Error).message).toBe("the run was begun with seed 3, not 4");
    const empty = fresh();
    mkdirSync(empty);
    writeFileSync(join(empty, "notes.txt"), "mine");
    expect(((await trainIn(empty, { resume: true })).outcome as Error).message).toBe(`${empty} has no run to go on with`);
    expect(readdirSync(empty)).toEqual(["notes.txt"]);
  });
});
