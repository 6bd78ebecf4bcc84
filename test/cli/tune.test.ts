// A table measured here, its use, and that a run keeps the forms it began with.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { COSTS } from "../../backends/onnx/forms/costs";
import { dataFolder, folder, ganc, SPEC, TINY } from "./kit";

const TRAIN = ["--pictures-every", "0", "--checkpoint-every", "1", "--seed", "5"];
type Chosen = Record<string, string>;
interface Table {
  readonly costs: Record<string, number>;
  readonly chosen: Chosen;
  readonly measured: readonly { readonly shape: string; readonly milliseconds: Record<string, number> }[];
}
const notes = (run: string): { lowerings: { chosen: Chosen; without?: string[] } } => (JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as { notes: { lowerings: { chosen: Chosen } } }).notes;
const weights = (run: string, step: number): Buffer => readFileSync(join(run, "checkpoints", `step-${String(step).padStart(8, "0")}.safetensors`));

const at = folder();
const file = join(at, "here.json");
let data: string;
beforeAll(async () => {
  data = await dataFolder();
});

it("measures every shape in all its forms and chooses the quickest of each but for what a step shares", () => {
  const made = ganc("tune", SPEC, ...TINY, "--rounds", "2", "--out", file, "--json");
  expect(made.err).toBe("");
  const said = JSON.parse(made.out) as Table;
  const kept = JSON.parse(readFileSync(file, "utf8")) as Table;
  expect(kept.costs).toEqual(said.costs);
  expect(Object.keys(kept.costs).sort()).toEqual(Object.keys(COSTS).sort());
  expect(kept.measured.length).toBeGreaterThan(20);
  for (const { shape, milliseconds } of kept.measured) {
    expect(Object.keys(milliseconds).length).toBeGreaterThan(1);
    expect(milliseconds[kept.chosen[shape]!]).toBeGreaterThan(0);
    // Only adjoints in the kernel share work with another operation.
    if (!shape.startsWith("kernel")) expect(milliseconds[kept.chosen[shape]!]).toBe(Math.min(...Object.values(milliseconds)));
  }
}, 300_000);

it("a table decides the forms of compiled graphs; a refused form is in none", () => {
  const forced = join(at, "forced.json");
  const { chosen } = JSON.parse(readFileSync(file, "utf8")) as Table;
  writeFileSync(forced, JSON.stringify({ format: 1, costs: { tile: 1e6 }, chosen: Object.fromEntries(Object.keys(chosen).map((k) => [k, k.startsWith("conv") ? "scattered" : "turned"])) }));
  const of = (...more: string[]): string => {
    const out = folder();
    expect(ganc("compile", SPEC, ...TINY, "--target", "onnx", "--out", out, ...more).err).toBe("");
    const files = readdirSync(join(out, "training")).filter((name) => name.endsWith(".onnx")).sort();
    return files.map((name) => readFileSync(join(out, "training", name), "latin1")).join("");
  };
  const [usual, other, refused] = [of(), of("--lowerings", forced), of("--without", "winograd", "--without", "subpixel")];
  expect(other).not.toBe(usual);
  expect(usual).toContain("tile.w");
  expect(refused).not.toContain("tile.w");
}, 300_000);

it("a run keeps its forms: resumed, it goes on with them though the table that chose them is gone", () => {
  const whole = join(folder(), "run");
  const broken = join(folder(), "run");
  const usual = join(folder(), "run");
  const args = ["train", SPEC, "--data", data, ...TINY, ...TRAIN];
  // Not what the built-in table chooses.
  const other = ["--without", "winograd", "--without", "linear"];
  expect(ganc(...args, "--out", whole, "--steps", "2", ...other).status).toBe(0);
  expect(ganc(...args, "--out", usual, "--steps", "2").status).toBe(0);
  expect(ganc(...args, "--out", broken, "--steps", "2", "--keep", "9", ...other).status).toBe(0);
  rmSync(join(broken, "checkpoints", "step-00000002.safetensors"));
  expect(Object.values(notes(usual).lowerings.chosen)).toContain("winograd");
  expect(Object.values(notes(broken).lowerings.chosen)).not.toContain("winograd");
  expect(notes(broken).lowerings.without).toEqual(["linear", "winograd"]);
  expect(ganc(...args, "--out", broken, "--steps", "2", "--resume").status).toBe(0);
  // Other forms round otherwise, so equal bits say that the forms were the same.
  expect(weights(broken, 2).equals(weights(whole, 2))).toBe(true);
  expect(weights(usual, 2).equals(weights(whole, 2))).toBe(false);
}, 600_000);

it("mistakes are one line", () => {
  const bad = join(at, "bad.json");
  writeFileSync(bad, JSON.stringify({ format: 1, costs: { mak: 1 } }));
  const cases: [string[], number, RegExp][] = [
    [["--without", "winogrd"], 2, /no form or pass winogrd; winograd\?/],
    [["--lowerings", join(at, "nowhere.json")], 1, /no such file/],
    [["--lowerings", bad], 1, /there is no cost mak/],
    [["--lowerings", SPEC], 1, /is not JSON/],
  ];
  for (const [flags, status, message] of cases) {
    const ran = ganc("compile", SPEC, ...TINY, "--target", "onnx", "--out", join(at, "x"), ...flags);
    expect(ran.status).toBe(status);
    expect(ran.err).toMatch(message);
    expect(existsSync(join(at, "x"))).toBe(false);
  }
  expect(ganc("train", SPEC, ...TINY, "--data", data, "--out", join(at, "none"), "--without", "fold", "--resume").err).not.toMatch(/defect/);
}, 240_000);
