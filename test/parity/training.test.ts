// A hundred steps of float32 training on emoji: the mean of each loss agrees with PyTorch's, and in the other dialect with TensorFlow's. One seed by the
// golden file; with GANC_PARITY=all every seed, beside its own float32 (docs/numerics.md has the tables).
//   ORACLE_PYTHON=$(test/oracle/setup.sh) GANC_GOLDEN=write npx vitest run test/parity/training.test.ts -t "TensorFlow.*runs"
//                                          makes TensorFlow's file again, 95 runs; PyTorch's of 15
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { absent } from "../tfjs/engines";
import { ENGINES, FORMS } from "./engines";
import { fingerprint } from "./golden";
import { oraclePython } from "./oracle";
import { TFJS_NODE } from "./tfjs";
import { batchesOf, DIALECTS, digestOfBatches, drawPictures, type Losses, meansApart, publishedRuns, readTraining, type Run, shaken, startOf, STEPS, trainEngine, writeTraining } from "./training";

const MEANS = 0.02;
/** Beside the largest difference of their own courses in float32 from float64: each is a draw of the same chaos. */
const TIMES = 2;
/** Where the published code's spread is known: so many courses of ours, the first from the values themselves. Their median counts as well. */
const COURSES = 5;

const all = process.env["GANC_PARITY"] === "all";
const python = oraclePython();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ganc-pictures-"));
  await drawPictures(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

if (python !== undefined && process.env["GANC_GOLDEN"] === "write") {
  it.each(DIALECTS)("$name's runs", { timeout: 7_200_000 }, async (dialect) => {
    const compiled = dialect.compile();
    const starts = [];
    for (const seed of dialect.seeds) starts.push({ seed, from: startOf(compiled, seed), batches: await batchesOf(compiled, folder, seed) });
    console.log(`training, ${dialect.name}: ${writeTraining(dialect, await publishedRuns(dialect, python, starts))} bytes`);
  });
}

/** In ten-thousandths, seed by seed. */
const shown = (list: readonly number[]): string => list.map((x) => (1e4 * x).toFixed(1)).join(" ");
const most = (list: readonly number[]): number => Math.max(0, ...list.map(Math.abs));
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;
/** Of a seed: how far courses of theirs that are rounded otherwise lie from float64's, after all steps. */
const drawsOf = ({ spread }: Run, name: string): number[] => (spread ? [...spread.float64[name]!, ...spread.float32[name]!] : []);
/** Of one course. Where their own float32 passes MEANS, being one draw of many, twice what it comes to holds it, and MEANS the median of several. */
function boundOf(run: Run, name: string): number {
  const own = most(drawsOf(run, name));
  return own > MEANS ? TIMES * own : MEANS;
}

for (const name of absent()) it.skip(`the emitted code on ${name}: not run here, TFJS_PACKAGES is not set`, () => undefined);

describe.each(DIALECTS)("a hundred steps beside $name's", (dialect) => {
  const count = all ? STEPS : dialect.short;
  // The emitted code takes a minute and more for a hundred steps.
  it.each(all ? [...ENGINES, ...FORMS, ...TFJS_NODE] : ENGINES)(`$name, ${all ? "every seed" : "one seed"}`, { timeout: 3_600_000 }, async (tested) => {
    const compiled = dialect.compile();
    const opened = await tested.open(compiled);
    const ours: Record<string, number>[] = [];
    const far: string[] = [];
    const medians: Record<string, number>[] = [];
    const runs = readTraining(dialect).runs.filter(({ seed }) => all || seed === dialect.seeds[0]);
    expect(runs.length).toBe(all ? dialect.seeds.length : 1);
    try {
      for (const run of runs) {
        const batches = await batchesOf(compiled, folder, run.seed);
        const from = startOf(compiled, run.seed);
        expect(fingerprint(from), "the first values are others than those of the golden file").toBe(run.inputs);
        expect(digestOfBatches(batches), "the pictures are others than those of the golden file").toBe(run.batches);
        const losses = await trainEngine(opened.engine, from, batches.slice(0, count));
        expect(Object.values(losses).map((list) => list.length)).toEqual(Object.keys(run.float64).map(() => count));
        const bound = (name: string): number => (all ? boundOf(run, name) : MEANS);
        for (const [kind, wanted] of [["float64", run.float64], ["float32", run.float32["published"]!]] as const)
          for (const [name, difference] of Object.entries(meansApart(losses, wanted)))
            if (!(Math.abs(difference) < bound(name))) far.push(`seed ${run.seed}, ${name}: ${difference.toFixed(4)} of ${dialect.name}'s ${kind}, at most ${bound(name).toFixed(4)}`);
        const courses = [meansApart(losses, run.float64)];
        ours.push(courses[0]!);
        if (!all || !run.spread || !ENGINES.includes(tested)) continue;
        for (let draw = 1; draw < COURSES; draw++) courses.push(meansApart(await trainEngine(opened.engine, shaken(compiled, run.seed, draw), batches), run.float64));
        medians.push(Object.fromEntries(Object.keys(run.float64).map((name) => [name, median(courses.map((each) => each[name]!))])));
        for (const name of Object.keys(run.float64)) console.log(`seed ${run.seed}, ${name}, ${COURSES} courses: ${shown(courses.map((each) => each[name]!))}`);
      }
    } finally {
      await opened.engine.close();
    }
    const names = Object.keys(ours[0]!);
    const part = (losses: Losses): Losses => Object.fromEntries(Object.entries(losses).map(([name, list]) => [name, list.slice(0, count)]));
    const theirs = (name: string, kind: string): number[] => runs.map((run) => meansApart(part(run.float32[kind]!), run.float64)[name]!);
    const columns: readonly (readonly [string, (name: string) => readonly number[]])[] = [
      [tested.name, (name) => ours.map((o) => o[name]!)],
      ...(medians.length > 0 ? [[`the median of ${COURSES} courses`, (name: string) => medians.map((o) => o[name]!)] as const] : []),
      ...dialect.kinds.map((kind) => [`${dialect.name}'s float32, ${kind}`, (name: string) => theirs(name, kind)] as const),
      ...(all && dialect.draws > 0 ? [["the furthest of its draws", (name: string) => runs.map((run) => most(drawsOf(run, name)))] as const] : []),
    ];
    const rows = names.map((name) => [name, ...columns.map(([, of]) => shown(of(name)))]);
    const head = ["loss", ...columns.map(([title]) => title)];
    console.log([`Means of ${count} steps beside ${dialect.name}'s float64, in 1e-4, seed by seed`, ...[head, head.map(() => "---"), ...rows].map((r) => `| ${r.join(" | ")} |`)].join("\n"));
    expect(far).toEqual([]);
    for (const each of medians) for (const name of names) expect(Math.abs(each[name]!), `the median of ${name}`).toBeLessThan(MEANS);
    if (all) for (const name of names) expect(most(ours.map((o) => o[name]!)), name).toBeLessThan(TIMES * most([...dialect.kinds.flatMap((kind) => theirs(name, kind)), ...runs.flatMap((run) => drawsOf(run, name))]));
  });
});

describe.each(DIALECTS)("what the means see, beside $name's", (dialect) => {
  const { runs } = readTraining(dialect);
  const [first] = runs;
  const spoilt = (name: string, change: (v: number) => number): Losses => ({ ...first!.float64, [name]: first!.float64[name]!.map(change) });
  const apart = (losses: Losses, name: string): number => Math.abs(meansApart(losses, first!.float64)[name]!);
  it("a loss 3 % too large, or one that has stopped falling, is too far off", () => {
    for (const name of Object.keys(first!.float64)) {
      expect(apart(spoilt(name, (v) => v), name)).toBe(0);
      expect(apart(spoilt(name, (v) => 1.03 * v), name), name).toBeGreaterThan(boundOf(first!, name));
    }
    const cycle = "generators.cycle"; // the CAM's hardly falls in a hundred steps
    expect(apart(spoilt(cycle, () => first!.float64[cycle]![0]!), cycle)).toBeGreaterThan(boundOf(first!, cycle));
  });
  it("and hardly a bound is wider than 2 %", () => {
    const bounds = runs.flatMap((run) => Object.keys(run.float64).map((name) => boundOf(run, name)));
    expect(bounds.filter((bound) => bound > MEANS).length).toBeLessThanOrEqual(2);
    expect(Math.max(...bounds)).toBeLessThan(0.05);
  });
});
