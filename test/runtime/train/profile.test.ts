import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { Random } from "../../../compiler/random.ts";
import { runTraining } from "../../../runtime/train/run.ts";
import { TRACED_STEPS, type TraceEvent } from "../../../runtime/train/profile.ts";
import type { DataSource } from "../../../runtime/train/types.ts";
import { BATCH, tinyModels, tinyProgram, WIDTH } from "./tiny.ts";

const root = mkdtempSync(join(tmpdir(), "ganc-profile-test-"));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

function numbers(): DataSource {
  const random = Random.of(1, "numbers");
  return { next: async () => Object.fromEntries(["A", "B"].map((name) => [name, Float32Array.from({ length: BATCH * WIDTH }, () => random.unit())])), position: () => 0, epoch: 5, skipped: 0, close: () => undefined };
}

const traceOf = async (steps: number): Promise<readonly TraceEvent[]> => {
  const profile = join(root, `trace-${steps}.json`);
  const settings = { run: join(root, `run-${steps}`), source: "", data: "", steps, resume: false, checkpointEvery: 0, picturesEvery: 0, profile };
  await runTraining(tinyProgram(), tinyModels(), settings, { emit: () => undefined, stopping: () => false, openData: async () => numbers(), drawGrids: async () => undefined });
  return (JSON.parse(readFileSync(profile, "utf8")) as { traceEvents: TraceEvent[] }).traceEvents;
};

it.each([2, 5])("a trace of a run of %i steps has its steps, phases, graphs and operators, each within its own", async (steps) => {
  vi.stubEnv("TMPDIR", root);
  const events = await traceOf(steps);
  const row = (cat: string): { name: string; from: number; to: number }[] => events.filter((e) => e.cat === cat).map(({ name, ts = NaN, dur = NaN }) => ({ name, from: ts, to: ts + dur }));
  const traced = Math.min(steps, TRACED_STEPS);
  expect(row("steps").map(({ name }) => name)).toEqual(Array.from({ length: traced }, (_, i) => `step ${i + 1}`));
  expect(row("data")).toHaveLength(traced);
  expect(row("phases").map(({ name }) => name)).toEqual(Array.from({ length: traced }, () => ["fit", "look"]).flat());
  const graphs = row("graphs and updates");
  expect(graphs.map(({ name }) => name)).toEqual(Array.from({ length: traced }, () => tinyProgram().segments.map(({ name }) => name)).flat());
  // Each operator that onnxruntime timed lies in the run of its graph: half a millisecond for the two clocks.
  const operators = row("operators");
  expect(new Set(operators.map(({ name }) => name))).toContain("MatMul");
  expect(operators.length).toBeGreaterThanOrEqual(traced * 15);
  for (const { name, from, to } of operators) expect(graphs.some((g) => g.from - 500 <= from && to <= g.to + 500), name).toBe(true);
  for (const [inner, outer] of [["graphs and updates", "phases"], ["phases", "steps"], ["data", "steps"]] as const)
    for (const { from, to } of row(inner)) expect(row(outer).some((o) => o.from - 1 <= from && to <= o.to + 1)).toBe(true);
  expect(readdirSync(root).filter((name) => name.startsWith("ganc-profile-"))).toEqual([]);
});
