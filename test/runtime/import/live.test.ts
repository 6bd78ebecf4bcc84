// Both ways against a live PyTorch: files that torch.save writes now, imported; files that we export, loaded by load_state_dict(strict=True).
//   ORACLE_PYTHON=$(test/oracle/setup.sh) npx vitest run test/runtime/import/live.test.ts
// Where ORACLE_PYTHON is set, whatever is missing is a failure.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Random } from "../../../compiler/random";
import { encodeSafetensors } from "../../../runtime/checkpoint/safetensors";
import { pairsOf } from "../../../runtime/import/naming";
import { publish } from "../../../runtime/import/publish";
import { TensorFile } from "../../../runtime/checkpoint/file";
import { openWeightFile } from "../../../runtime/import/file";
import { oraclePython, readTensors } from "../../parity/oracle";
import { valuesOf } from "./kit";
import { compileTiny, forward, imported, LAYOUT, NETS, picture, type Weights } from "./model";

interface Live {
  readonly name: string;
  readonly set: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly save?: readonly string[];
}

const NESTED = ["decoder_norm=AdaLIN(nested_variance: true)", "upsample_norm=ILN(nested_variance: true)"];
const CASES: readonly Live[] = [
  { name: "zip", set: [] },
  { name: "legacy", set: [], save: ["--legacy"] },
  { name: "float64 zip", set: [], save: ["--dtype", "float64"] },
  { name: "float16 legacy", set: [], save: ["--dtype", "float16", "--legacy"] },
  { name: "bfloat16 zip", set: [], save: ["--dtype", "bfloat16"] },
  { name: "full, channels last", set: ["light=false", "channels_last=true"], config: { light: false } },
  { name: "two blocks, deeper critics, 32 px", set: ["blocks=2", "global_depth=5", "local_depth=4", "size=32", "load_size=36"], config: { blocks: 2, global_depth: 5, local_depth: 4, size: 32 } },
  { name: "the old variance", set: NESTED, config: { nested_variance: true }, save: ["--legacy", "--old-rho"] },
];
const TINY = { size: 16, ch: 2, blocks: 1, global_depth: 4, local_depth: 3 };
const python = oraclePython();

if (python === undefined) {
  describe("live PyTorch: not run here, ORACLE_PYTHON is not set", () => {
    it.skip.each(CASES)("$name", () => undefined);
  });
} else {
  describe("live PyTorch", () => {
    it.each(CASES)("$name", { timeout: 300_000 }, async ({ name, set, config, save = [] }) => {
      const folder = mkdtempSync(join(tmpdir(), "ganc-live-"));
      const at = (file: string): string => join(folder, file);
      const torch = (...args: string[]): void => void execFileSync(python, ["test/oracle/torch_files.py", ...args], { stdio: ["ignore", "ignore", "inherit"] });
      const all = { ...TINY, ...config };
      writeFileSync(at("config.json"), JSON.stringify(all));
      torch("save", at("config.json"), at("theirs.pt"), "--seed", "11", ...save);
      const c = compileTiny(set);
      const { weights } = await imported(at("theirs.pt"), c);
      await exported(at, c, weights);

      const x = draw(all.size);
      writeFileSync(at("x.safetensors"), Buffer.concat([...encodeSafetensors([{ name: "x", shape: x.shape, data: Float32Array.from(x.data) }], {})]));
      // Half precision cannot be run in double without rounding first: what was imported is what torch loads from our own export.
      for (const file of name.includes("float") ? ["ours.safetensors"] : ["theirs.pt", "ours.safetensors"]) {
        torch("forward", at("config.json"), at(file), at("x.safetensors"), at("out.safetensors"));
        const wanted = readTensors(at("out.safetensors"));
        let worst = 0;
        for (const [theirs, ours] of Object.entries(NETS)) {
          const made = forward(c, ours, picture(x.shape, x.data), weights);
          for (const [key, output] of Object.entries({ main: theirs.startsWith("gen") ? "image" : "patches", logits: "logits", heatmap: "heatmap" }))
            worst = Math.max(worst, relative(made.get(output)!.data, wanted.get(`${theirs}.${key}`)!.data));
        }
        console.log(`${name}, ${file}: worst relative difference ${worst.toExponential(1)}`);
        expect(worst).toBeLessThan(1e-11); // rounding gives some 1e-14
      }
      await sameNumbers(at("theirs.pt"), at("ours.safetensors"));
    });
  });
}

/** Our checkpoint of these weights, and what `ganc export` makes of it. */
async function exported(at: (file: string) => string, c: ReturnType<typeof compileTiny>, weights: Weights): Promise<void> {
  const pairs = pairsOf(LAYOUT, c.program!);
  const tensors = pairs.map(({ value, ours }) => ({ name: value.replace(":", "/"), shape: ours.shape, data: weights.get(value)! }));
  writeFileSync(at("checkpoint.safetensors"), Buffer.concat([...encodeSafetensors(tensors, {})]));
  const file = TensorFile.open(at("checkpoint.safetensors"));
  await publish(at("ours.safetensors"), file.path, (name) => file.place(name), pairs, { format: "pt" });
  file.close();
}

/** The export has the names, shapes and (as float32) the numbers of the file that was imported. */
async function sameNumbers(theirs: string, ours: string): Promise<void> {
  const [a, b] = [await openWeightFile(theirs), await openWeightFile(ours)];
  expect([...b.tensors.keys()].sort()).toEqual([...a.tensors.keys()].sort());
  for (const [name, { shape }] of a.tensors) {
    expect(b.tensors.get(name)!.shape, name).toEqual(shape);
    expect(valuesOf(b, name), name).toEqual(valuesOf(a, name));
  }
  a.file.close();
  b.file.close();
  expect(readFileSync(ours).subarray(8, 200).toString()).toContain('"format":"pt"');
}

function draw(size: number): { shape: number[]; data: number[] } {
  const random = Random.of(3, "picture");
  return { shape: [1, 3, size, size], data: Array.from({ length: 3 * size * size }, () => Math.fround(2 * random.unit() - 1)) };
}

function relative(ours: ArrayLike<number>, right: Float64Array): number {
  expect(ours.length).toBe(right.length);
  const sum = right.reduce((n, r, i) => n + (ours[i]! - r) ** 2, 0);
  return Math.sqrt(sum / right.reduce((n, r) => n + r * r, 0));
}
