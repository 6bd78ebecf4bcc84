// Resume is exact: whatever happens to a training on its way, it ends in the same bits. With real processes, threads, pictures and
// SIGKILL; only the model is tiny.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../compiler/random.ts";
import { checkpointFolder, listCheckpoints } from "../../../runtime/checkpoint/store.ts";
import { TensorFile } from "../../../runtime/checkpoint/file.ts";
import { temporarySuffix } from "../../../runtime/files/atomic.ts";
import { writePng } from "../../../runtime/pictures/png.ts";
import type { TrainEvent, TrainSettings } from "../../../runtime/train/types.ts";
import { bundle } from "./bundle.ts";
import { WIDTH } from "./tiny.ts";

const FROZEN = 500_000; // 2 MB a checkpoint: some kills fall into its writing
const STEPS = 300;
let root: string;
let data: string;
let code: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "ganc-resume-"));
  data = join(root, "data");
  for (const [folder, count] of [["trainA", 7], ["trainB", 5], ["testA", 3], ["testB", 3]] as const) {
    mkdirSync(join(data, folder), { recursive: true });
    for (let n = 0; n < count; n++) {
      const random = Random.of(n, folder);
      const bytes = Uint8Array.from({ length: 3 * WIDTH }, () => random.below(256));
      await writePng(join(data, folder, `${n}.png`), { width: WIDTH, height: 1, channels: 3, data: bytes });
    }
  }
  code = await bundle({ worker: "runtime/train/worker.ts", child: "test/runtime/train/child.ts" });
});
afterAll(() => {
  for (const folder of [root, code]) if (folder) rmSync(folder, { recursive: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly events: TrainEvent[];
  readonly begun: Promise<void>;
  readonly ended: Promise<{ code: number | null; errors: string }>;
}

function start(run: string, change: Partial<TrainSettings> = {}): Run {
  const settings: TrainSettings = {
    run: join(root, run), source: "the spec", data, steps: STEPS, seed: 5, resume: false, checkpointEvery: 3, picturesEvery: 50, keep: 2, reportEvery: 0.2, ...change,
  };
  const child = spawn(process.execPath, [join(code, "child.mjs"), JSON.stringify(settings), String(FROZEN)], { stdio: ["ignore", "pipe", "pipe"] });
  const events: TrainEvent[] = [];
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve, reject) => {
    begin = resolve;
    child.on("close", () => reject(new Error(`ended before it began: ${errors}`)));
  });
  begun.catch(() => undefined); // not every test waits for it
  let text = "";
  let errors = "";
  child.stderr.on("data", (part: Buffer) => (errors += part.toString()));
  child.stdout.on("data", (part: Buffer) => {
    const lines = (text + part.toString()).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const event = JSON.parse(line) as TrainEvent;
      events.push(event);
      if (event.kind === "begin") begin();
    }
  });
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) => child.on("close", (status) => resolve({ code: status, errors })));
  return { child, events, begun, ended };
}

/** The last checkpoint's bytes, but for what the folder's place decides; and the log without its clock. */
function endOf(run: string): { metadata: Record<string, string>; tensors: Map<string, Buffer>; log: unknown[] } {
  const newest = listCheckpoints(join(root, run))[0]!;
  const file = TensorFile.open(newest.path);
  const tensors = new Map([...file.header.tensors.keys()].map((name) => [name, Buffer.from(file.read(name).buffer)]));
  file.close();
  const lines = readFileSync(join(root, run, "log.jsonl"), "utf8").trim().split("\n");
  return { metadata: { ...file.header.metadata }, tensors, log: lines.map((line) => ({ ...(JSON.parse(line) as object), seconds: 0 })) };
}

/** Until there is a half-written checkpoint. */
async function writing(run: string): Promise<void> {
  const folder = checkpointFolder(join(root, run));
  for (let tries = 0; tries < 5000 && !halfWrittenIn(folder); tries++) await new Promise(setImmediate);
}

function halfWrittenIn(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => name.endsWith(temporarySuffix));
}

/** A random moment of the next few steps: counted in steps, for a busy machine is slow. */
async function aMoment(run: Run): Promise<void> {
  const steps = Math.floor(Math.random() * (STEPS / 16));
  while (run.child.exitCode === null && run.events.filter(({ kind }) => kind === "step").length < steps) await wait(1);
  await wait(Math.random() * 20);
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a training that is killed", () => {
  it("ends bit-identical to one that is not: SIGKILL at 10 random moments", async () => {
    const whole = start("whole");
    expect(await whole.ended).toEqual({ code: 0, errors: "" });
    const expected = endOf("whole");
    expect(expected.metadata["step"]).toBe(String(STEPS));
    expect(expected.log).toHaveLength(STEPS);

    const moments: string[] = [];
    let kills = 0;
    let halfWritten = 0;
    while (kills < 10) {
      const run = start("killed", { resume: kills > 0 });
      await run.begun;
      await aMoment(run);
      if (kills % 2 === 1) await writing("killed"); // every other one while a checkpoint is being written
      run.child.kill("SIGKILL");
      const { code: status } = await run.ended;
      const last = run.events.filter((event) => event.kind === "step").at(-1);
      expect(status, `it was over before kill ${kills}`).toBe(null);
      moments.push(String(last?.kind === "step" ? last.step : "none"));
      if (halfWrittenIn(checkpointFolder(join(root, "killed")))) halfWritten++;
      kills++;
    }
    const last = start("killed", { resume: true });
    expect(await last.ended).toEqual({ code: 0, errors: "" });
    expect(halfWritten).toBeGreaterThan(0);
    console.log(`killed after the steps ${moments.join(", ")}; ${halfWritten} times while a checkpoint was being written`);

    const found = endOf("killed");
    expect(found.metadata).toEqual(expected.metadata);
    expect([...found.tensors.keys()]).toEqual([...expected.tensors.keys()]);
    for (const [name, bytes] of expected.tensors) expect(Buffer.compare(found.tensors.get(name)!, bytes), name).toBe(0);
    expect(found.log).toEqual(expected.log);
    expect(readdirSync(checkpointFolder(join(root, "killed")))).toHaveLength(2);
    const pictures = (run: string) => readdirSync(join(root, run, "pictures"));
    expect(pictures("killed")).toEqual(pictures("whole"));
    for (const name of pictures("whole"))
      expect(Buffer.compare(readFileSync(join(root, "killed", "pictures", name)), readFileSync(join(root, "whole", "pictures", name))), name).toBe(0);
  }, 120_000);

  it("by Ctrl-C saves first, and goes on to the same end", async () => {
    const run = start("stopped", { checkpointEvery: 0 });
    await run.begun;
    await wait(150);
    run.child.kill("SIGINT");
    const { code: status, errors } = await run.ended;
    expect(status).toBe(0);
    expect(errors).toContain("stopping after this step; a checkpoint will be saved");
    const end = run.events.at(-1);
    const outcome = end?.kind === "end" ? end.outcome : undefined;
    expect(outcome?.kind).toBe("stopped");
    expect(outcome?.step).toBeGreaterThan(0);
    expect(outcome?.step).toBeLessThan(STEPS);
    const last = start("stopped", { checkpointEvery: 0, resume: true, steps: undefined, seed: undefined });
    expect((await last.ended).code).toBe(0);
    expect(last.events[0]).toMatchObject({ kind: "begin", step: outcome?.step, total: STEPS, seed: 5 });
    expect(endOf("stopped").metadata).toEqual(endOf("whole").metadata); // the tensors' sum is one of them
    expect(endOf("stopped").log).toEqual(endOf("whole").log);
  }, 60_000);

  it("is told in one line what cannot be gone on with", async () => {
    const failing = async (run: string, change: Partial<TrainSettings>) => (await start(run, change).ended).errors;
    expect(await failing("whole", {})).toBe(`${join(root, "whole")} holds a run already\n`);
    expect(await failing("nowhere", { resume: true })).toBe(`${join(root, "nowhere")} has no run to go on with\n`);
    expect(await failing("whole", { resume: true, seed: 6 })).toBe("the run was begun with seed 5, not 6\n");
    expect(await failing("fresh", { data: join(root, "none") })).toContain(`${join(root, "none")}: no such folder`);
  }, 60_000);
});
