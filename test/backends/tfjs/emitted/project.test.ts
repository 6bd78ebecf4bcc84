// The emitted project as a person has it: compiled by its own settings, run by its own command in a process of its own, on real pictures.
// U-GAT-IT (small) trains 20 steps on each native package at hand, a smaller one 2 steps in plain JavaScript.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TensorFile } from "../../../../runtime/checkpoint/file";
import { absent, engines, tfjsPackages } from "../../../tfjs/engines";
import { scratch } from "../../../runtime/data/scratch";
import { compileSpec, formattedFiles, project } from "../writer/kit";

for (const name of absent()) it.skip(`the emitted project on ${name}: not run here, TFJS_PACKAGES is not set`, () => undefined);

const home = scratch("tfjs-emitted");
const pictures = join(home, "emoji");
const run = (command: string, args: readonly string[], cwd = process.cwd()) => spawnSync(command, args, { cwd, encoding: "utf8", env: { ...process.env, TFJS_PACKAGE: undefined } });
const ganc = (...args: string[]) => run(process.execPath, ["dist/cli.js", ...args]);

beforeAll(() => {
  const made = ganc("data", "emoji", "--size", "32", "--count", "10", "--held-out", "4", "--out", pictures);
  expect(made.stderr + made.stdout).toContain("emoji");
});

const JAVASCRIPT = ["size=16", "ch=2", "blocks=1", "global_depth=4", "local_depth=3"];
const NATIVE = ["size=32", "ch=8", "blocks=1", "global_depth=5", "local_depth=4"];

const known = new Map<readonly string[], Promise<string>>();
/** One project for both native packages. */
function projectOf(set: readonly string[]): Promise<string> {
  const folder = known.get(set) ?? made(join(home, set === JAVASCRIPT ? "plain" : "native"), set, tfjsPackages() ?? process.cwd());
  known.set(set, folder);
  return folder;
}

/** Written, compiled and given its packages. */
async function made(folder: string, set: readonly string[], packages: string): Promise<string> {
  const files = await formattedFiles(project(compileSpec("specs/ugatit.gan", { set }), { set }));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(join(packages, "node_modules/@tensorflow"), join(folder, "node_modules/@tensorflow"));
  for (const name of ["@types", "sharp", "@img", "undici-types"]) symlinkSync(resolve("node_modules", name), join(folder, "node_modules", name));
  const compiled = run(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", folder]);
  expect(compiled.stdout + compiled.stderr).toBe("");
  return folder;
}

const step = (out: string): string[] => readdirSync(join(out, "checkpoints")).sort();

describe.each(engines().map(({ name }) => name))("@tensorflow/%s", (name) => {
  const plain = name === "tfjs";
  const [set, steps] = plain ? [JAVASCRIPT, 2] : [NATIVE, 20];

  const goesOn = name === "tfjs-node" ? "" : ", and goes on; ganc goes on from it, and it from ganc";
  it(`trains ${steps} steps, draws pictures${goesOn}`, { timeout: 600_000 }, async () => {
    const folder = await projectOf(set);
    const main = (...args: string[]) => run(process.execPath, [join(folder, "dist/main.js"), "--data", pictures, "--tfjs", `@tensorflow/${name}`, ...args]);
    const out = join(home, `${name}-run`);
    const trained = main("--out", out, "--steps", String(steps));
    expect(trained.status, trained.stderr).toBe(0);
    expect(trained.stdout).toContain(`ugatit on @tensorflow/${name} 4.22.0`);
    expect(trained.stdout).toMatch(new RegExp(`step ${steps}/${steps}, .*discriminators\\.adversarial \\d.*generators\\.cam \\d`));
    expect(trained.stdout).not.toMatch(/NaN|Infinity/);
    const number = String(steps).padStart(8, "0");
    expect(readdirSync(join(out, "pictures")).sort()).toEqual([`step-${number}-A2B.png`, `step-${number}-B2A.png`]);
    const file = TensorFile.open(join(out, "checkpoints", `step-${number}.safetensors`));
    expect(file.header.metadata["step"]).toBe(String(steps));
    expect([...file.read("param/AB.content.conv1.weight")].every(Number.isFinite)).toBe(true);
    file.close();
    // A checkpoint is written and read by the same code on both native packages.
    if (name === "tfjs-node") return;

    // ganc takes the run as its own: it translates, and trains on with onnxruntime.
    const choices = set.flatMap((s) => ["--set", s]);
    const translated = ganc("translate", out, "--export", "A2B", "--in", join(pictures, "testA"), "--out", join(home, `${name}-translated`));
    expect(translated.stdout, translated.stderr).toContain(`(A2B, step ${steps})`);
    const further = ganc("train", "specs/ugatit.gan", "--data", pictures, "--out", out, "--steps", String(steps + 1), "--resume", ...choices);
    expect(further.status, further.stderr).toBe(0);
    expect(further.stdout).toContain(`going on after step ${steps}`);
    // And back.
    const back = main("--out", out, "--steps", String(steps + 2), "--resume");
    expect(back.status, back.stderr).toBe(0);
    expect(step(out).at(-1)).toBe(`step-${String(steps + 2).padStart(8, "0")}.safetensors`);
  });

  it("trains under ganc's own command", { timeout: 600_000 }, () => {
    const out = join(home, `${name}-ganc`);
    const engine = plain ? "tfjs-cpu" : name;
    const args = ["train", "specs/ugatit.gan", "--engine", engine, "--data", pictures, "--out", out, "--steps", "2", ...set.flatMap((s) => ["--set", s])];
    const trained = ganc(...args);
    expect(trained.status, trained.stderr).toBe(0);
    expect(trained.stdout).toContain(`TensorFlow.js: @tensorflow/${name} 4.22.0`);
    expect(readdirSync(join(out, "pictures")).length).toBe(2);
    expect(readdirSync(out)).toContain("report.html");
  });
});

/** Less what TensorFlow says while it is loaded, whatever it is told: on processors for which it has other kernels (AVX-512) that oneDNN is on. */
const withoutTensorflows = (stderr: string): string => stderr.replace(/^(WARNING: All log messages before absl::InitializeLog|I\d{4} [^\n]* port\.cc:).*\n/gm, "");

it("mistakes are one line", { timeout: 300_000 }, async () => {
  const folder = await projectOf(JAVASCRIPT);
  const bad = (...args: string[]) => run(process.execPath, [join(folder, "dist/main.js"), ...args]);
  for (const [args, text] of [
    [["--data", pictures], "--data and --out are needed"],
    [["--data", join(home, "nowhere"), "--out", join(home, "x")], "nowhere"],
    [["--data", pictures, "--out", join(home, "x"), "--steps", "none"], "--steps none"],
    [["--data", pictures, "--out", join(home, "x"), "--tfjs", "@tensorflow/none"], "does not load"],
    [["--data", pictures, "--out", join(home, "x"), "--resume"], "no checkpoint"],
  ] as const) {
    const { status, stderr } = bad(...args);
    expect(status, args.join(" ")).toBe(1);
    expect(stderr).toContain(text);
    expect(withoutTensorflows(stderr).trim().split("\n").length, stderr).toBe(1);
  }
});

const SMALL = `
import { mse } from "std/losses"
param ch: int = 4
network G(x: image[3, H, W]) { return x |> conv(ch, 3, pad: 1) |> relu |> conv(3, 3, pad: 1) }
train {
  data A: image[3, 16, 16]
  net AB: G
  phase p trains AB { loss power += mse(AB(A), 0) }
  optimizer p = adam(rate: 1e-4)
}
export A2B(x: image[3, H, W]) = AB(x)
`;

it("ganc compile writes the project, and overwrites nothing that a person has changed", { timeout: 300_000 }, () => {
  const out = join(home, "written");
  const spec = join(home, "small.gan");
  writeFileSync(spec, SMALL);
  const args = ["compile", spec, "--target", "tfjs", "--out", out, "--set", "ch=2"];
  const first = ganc(...args);
  expect(first.status, first.stderr).toBe(0);
  expect(first.stdout).toContain("src/train.ts");
  expect(ganc(...args).status).toBe(0);
  writeFileSync(join(out, "src/train.ts"), "// mine\n");
  const refused = ganc(...args);
  expect(refused.status).not.toBe(0);
  expect(refused.stderr).toContain("would be overwritten");
  expect(readFileSync(join(out, "src/train.ts"), "utf8")).toBe("// mine\n");
  expect(ganc(...args, "--force").status).toBe(0);
  expect(ganc("train", "specs/ugatit.gan", "--engine", "torch", "--data", pictures, "--out", join(home, "y")).stderr).toContain("--engine takes onnx");
});

afterAll(() => rmSync(home, { recursive: true, force: true }));
