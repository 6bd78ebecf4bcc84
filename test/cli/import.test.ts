// ganc import and ganc export as a person calls them, on files that PyTorch wrote (test/golden/import).
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { importCommand } from "../../cli/commands/import";
import { encodeSafetensors, type TensorEntry } from "../../runtime/checkpoint/safetensors";
import { UserError } from "../../runtime/files/errors";
import { openWeightFile } from "../../runtime/import/file";
import { valuesOf } from "../runtime/import/kit";
import { folder, ganc, pictures, type Ran, SPEC } from "./kit";

const TINY = ["size=16", "load_size=18", "ch=2", "blocks=1", "global_depth=4", "local_depth=3"].flatMap((s) => ["--set", s]);
const LAYOUT = ["--layout", "ugatit-pytorch"];
const HISTORY = "note: Files saved before 2019-08-27 meant another variance, and nothing in their names tells: if the pictures look wrong, try --old-variance.";
const dir = folder();
const run = join(dir, "run");

function golden(name: string): string {
  const path = join(dir, name);
  writeFileSync(path, gunzipSync(readFileSync(`test/golden/import/${name}.gz`)));
  return path;
}

const from = (file: string, out: string, ...more: string[]): Ran => ganc("import", SPEC, "--from", file, ...LAYOUT, "--out", out, ...TINY, ...more);

/** The same without a process of its own: what it throws. */
async function thrown(file: string, out: string, layout = "ugatit-pytorch", ...more: string[]): Promise<UserError> {
  const set = [...TINY, ...more].filter((a) => a !== "--set");
  const e: unknown = await importCommand(SPEC, { from: [file], layout, out, set, step: 0, seed: 1 }).catch((error: unknown) => error);
  expect(e).toBeInstanceOf(UserError);
  expect(existsSync(out)).toBe(false);
  return e as UserError;
}

/** Refused in one line, and nothing is left behind. */
function refused(made: Ran, out: string, message: RegExp | string): void {
  expect(made.out).toBe("");
  expect(made.err.split("\n").filter((l) => l.startsWith("error:"))).toHaveLength(1);
  expect(made.err).not.toContain("    at ");
  expect(made.err).toMatch(message);
  expect(made.status).toBe(1);
  expect(existsSync(out)).toBe(false);
}

/** Every tensor of a file, to be changed and written again as safetensors. */
async function tensorsOf(path: string): Promise<TensorEntry[]> {
  const opened = await openWeightFile(path);
  const all = [...opened.tensors].map(([name, { shape }]) => ({ name, shape, data: valuesOf(opened, name) }));
  opened.file.close();
  return all;
}

function written(name: string, tensors: readonly TensorEntry[]): string {
  const path = join(dir, name);
  writeFileSync(path, Buffer.concat([...encodeSafetensors(tensors, {})]));
  return path;
}

let light: string;
let all: TensorEntry[];
let made: Ran;
beforeAll(async () => {
  light = golden("light-zip.pt");
  all = await tensorsOf(light);
  made = from(light, run);
});

describe("ganc import", () => {
  it("says what it read, wrote and what to do next, and the file's history", () => {
    expect(made.err).toBe(`${HISTORY}\n`);
    expect(made.out).toMatch(/light-zip\.pt \(PyTorch zip\): 136 tensors, 11\.\d k numbers/);
    expect(made.out).toContain("Adam's moments start at zero");
    expect(made.out).toContain(`train on:  ganc train ${SPEC} --data DIR --out ${run} --set size=16`);
    expect(readdirSync(join(run, "checkpoints"))).toEqual(["step-00000000.safetensors"]);
  });

  it("makes a run that translates", async () => {
    await pictures(dir, "testA", 1, 20);
    const out = join(dir, "out");
    expect(ganc("translate", run, "--export", "A2B", "--in", join(dir, "testA"), "--out", out, "--heatmap").err).toBe("");
    const { data, info } = await sharp(join(out, "p0.png")).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([16, 16]);
    expect(new Set(data).size).toBeGreaterThan(20);
  });

  it("makes a run whose training goes on, and goes on again", async () => {
    for (const split of ["trainA", "trainB", "testA", "testB"]) await pictures(dir, split, 3, 20);
    const own = join(dir, "trained");
    expect(from(light, own, "--step", "10").status).toBe(0);
    const train = (steps: string): Ran => ganc("train", SPEC, "--data", dir, "--out", own, ...TINY, "--resume", "--steps", steps);
    const first = train("12");
    expect(first.err).toBe("");
    expect(first.out).toContain("the weights were imported: Adam's moments start at zero");
    expect(first.out).toContain("going on after step 10 of 12");
    const again = train("14");
    expect(again.out).toContain("going on after step 12 of 14");
    expect(again.out).not.toContain("imported");
    expect(again.status).toBe(0);
  });

  it("takes old files' variance from --old-variance, and reads rho as proof of it", () => {
    const old = golden("nested-legacy.pt");
    const warned = from(old, join(dir, "new"));
    expect(warned.err).toMatch(/note: AB\.image\.Residual1\.AdaLIN1\.rho has values from -0\.\d+ to 1\.\d+, outside \[0, 1\].*Import it with --old-variance\./);
    const taken = from(old, join(dir, "old"), "--old-variance", "--json");
    const told = JSON.parse(taken.out) as { notes: string[]; train: string; formats: string[] };
    expect(told.formats).toEqual(["PyTorch before 1.6"]);
    expect(told.notes.at(-1)).toContain("as --old-variance says");
    expect(told.train).toContain("--set 'decoder_norm=AdaLIN(nested_variance: true)'");
    const out = join(dir, "both");
    refused(from(old, out, "--old-variance", "--set", "upsample_norm=ILN"), out, "--old-variance sets upsample_norm, and so does --set");
  });

  it("finds the networks in an outer dictionary, or in a file each", async () => {
    const outer = written("outer.safetensors", all.map((t) => ({ ...t, name: `state.model.${t.name}` })));
    expect(from(outer, join(dir, "outer")).err).toBe(`note: the networks were found in state.model\n${HISTORY}\n`);
    const nets = [...new Set(all.map((t) => t.name.split(".")[0]!))];
    const each = nets.flatMap((net) => ["--from", `${net}=${written(`${net}.safetensors`, all.filter((t) => t.name.startsWith(`${net}.`)).map((t) => ({ ...t, name: t.name.slice(net.length + 1) })))}`]);
    const apart = ganc("import", SPEC, ...each, ...LAYOUT, "--out", join(dir, "apart"), ...TINY);
    expect(apart.err).toBe(`${HISTORY}\n`);
    const [a, b] = await Promise.all([run, join(dir, "apart")].map((r) => tensorsOf(join(r, "checkpoints", "step-00000000.safetensors"))));
    expect(a).toEqual(b);
  });

  it("takes what there is with --partial, and says what it did", () => {
    const part = written("part.safetensors", [...all.filter((t) => t.name.startsWith("gen")), { name: "genA2B.extra", shape: [1], data: new Float32Array(1) }]);
    const out = join(dir, "part");
    refused(from(part, out), out, "the networks disGB, disLB, disGA, disLA are missing; left over: genA2B.extra");
    const partial = from(part, out, "--partial");
    expect(partial.err).toMatch(/note: missing, and begun as in a fresh run: DB\.0\.features\.conv1\.weight, .*and \d+ more\nnote: passed over: genA2B\.extra/);
    expect(partial.status).toBe(0);
  });

  it("notes numbers that are none", () => {
    const broken = all.map((t) => (t.name === "genA2B.FC.2.weight" ? { ...t, data: t.data.map((x, i) => (i < 3 ? NaN : x)) } : t));
    const noted = from(written("nan.safetensors", broken), join(dir, "nan"));
    expect(noted.err).toContain("note: not finite: 3 numbers of AB.style.linear2.weight");
  });
});

describe("ganc import refuses, and writes nothing:", () => {
  const out = join(dir, "refused");
  const changed = (name: string, change: (t: TensorEntry) => TensorEntry): string => written("changed.safetensors", all.map((t) => (t.name === name ? change(t) : t)));

  it.each([
    ["a byte changed in a tensor", () => { const path = join(dir, "flip.pt"); const b = readFileSync(light); b[b.indexOf("archive/data/1") - 64]! ^= 1; writeFileSync(path, b); return [path]; }, /the checksum of archive\/data\/0 does not hold/],
    ["the full model in the light spec", () => [golden("full-zip.pt")], /genA2B\.FC\.0\.weight is \[8, 128\], the spec wants \[8, 8\].*\nhint: give --set and --variant/],
    ["a tensor of other axes", () => [changed("genB2A.gap_fc.weight", (t) => ({ ...t, shape: [8] }))], /genB2A\.gap_fc\.weight is \[8\], the spec wants \[1, 8\]/],
    ["a tensor that is missing", () => [written("less.safetensors", all.filter((t) => t.name !== "disLA.conv.weight_u"))], /missing: disLA\.conv\.weight_u\n/],
    ["another model", () => [golden("curious-zip.pt")], /holds nothing that layouts\/ugatit-pytorch\.layout names: model\.plain/],
    ["a settings clash of layout and spec", () => [light, "--set", "biases=true"], /has no line for AB\.content\.conv1\.bias/],
    ["a file that is not there", () => [join(dir, "nothing.pt")], /nothing\.pt: no such file/],
    ["a folder", () => [dir], /is not a file/],
  ])("%s", async (_, args, message) => {
    const [file, ...more] = args();
    const e = await thrown(file!, out, "layouts/ugatit-pytorch.layout", ...more);
    expect(`${e.message}\nhint: ${e.hint ?? ""}`).toMatch(message);
    expect(e.message).not.toContain("\n");
  });

  it("a file cut off, in one line", () => {
    const path = join(dir, "cut.pt");
    writeFileSync(path, readFileSync(light).subarray(0, 30_000));
    refused(from(path, out), out, /^error: .*cut\.pt is damaged: its zip cannot be read[^\n]*\n$/);
  });

  it("an unknown layout, and a run that is there already", () => {
    refused(ganc("import", SPEC, "--from", light, "--layout", "ugatit", "--out", out, ...TINY), out, "there is no layout ugatit\nhint: there is ugatit-pytorch");
    expect(from(light, run).err).toContain("holds a run already");
  });
});

describe("ganc export", () => {
  it("gives back every tensor that was imported, under its name, to the bit", async () => {
    const path = join(dir, "back.safetensors");
    const exported = ganc("export", run, ...LAYOUT, "--out", path);
    expect(exported.err).toBe("");
    expect(exported.out).toContain("136 tensors of 6 networks (genA2B, ");
    const back = new Map((await tensorsOf(path)).map((t) => [t.name, t]));
    expect(back.size).toBe(all.length);
    for (const t of all) expect(back.get(t.name)).toEqual(t);
  });

  it("tells mistakes in one line", () => {
    expect(ganc("export", run, ...LAYOUT, "--out", "x.pt")).toMatchObject({ status: 2, err: expect.stringContaining("ends in .safetensors") as string });
    expect(ganc("export", dir, ...LAYOUT, "--out", join(dir, "x.safetensors"))).toMatchObject({ status: 1, err: expect.stringContaining("has no checkpoint") as string });
    expect(existsSync(join(dir, "x.safetensors"))).toBe(false);
  });
});
