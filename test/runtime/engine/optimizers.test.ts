// What onnxruntime is told to leave out when it opens a training's graphs.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import proto from "onnx-proto";
import * as ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { trainingModels } from "../../../cli/emit";
import { compile } from "../../../compiler/compile";
import { IDLE } from "../../../runtime/engine/optimizers";

/** Operators by type of a model as onnxruntime would run it. */
async function optimized(model: Uint8Array, folder: string, without: string): Promise<Record<string, number>> {
  const file = join(folder, "optimized.onnx");
  const session = await ort.InferenceSession.create(model, { executionProviders: ["cpu"], logSeverityLevel: 3, optimizedModelFilePath: file, extra: { optimization: { disable_specified_optimizers: without } } });
  await session.release();
  const counts: Record<string, number> = {};
  for (const { domain, opType } of proto.onnx.ModelProto.decode(readFileSync(file)).graph?.node ?? []) {
    const name = `${domain ?? ""}:${opType}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

it.each<[string, string, readonly string[]]>([
  ["ugatit", "com.microsoft:FusedMatMul", ["size=32", "load_size=36", "ch=8", "blocks=1", "global_depth=5", "local_depth=4"]],
  ["munit", "com.microsoft.nchwc:AveragePool", ["size=64"]],
])("is what finds nothing there: %s", { timeout: 120_000 }, async (name, made, set) => {
  const compiled = compile({ path: `${name}.gan`, text: readFileSync(`specs/${name}.gan`, "utf8") }, { set });
  const folder = mkdtempSync(join(tmpdir(), "ganc-idle-"));
  try {
    const total: Record<string, [number, number]> = {};
    for (const [file, model] of trainingModels(compiled)) {
      if (!file.startsWith("step.")) continue;
      for (const [i, without] of ["", IDLE].entries()) for (const [op, n] of Object.entries(await optimized(model, folder, without))) (total[op] ??= [0, 0])[i]! += n;
    }
    // A few Reshapes that come to the same stay apart, as equal operators are not looked for: 6 of 3,597 of a whole training at 128 px, 8 of MUNIT's 1,582.
    // They copy nothing. Twice that share is allowed.
    const [reshapes, left] = total[":Reshape"]!;
    expect(left / reshapes).toBeLessThan(1.01);
    delete total[":Reshape"];
    expect(Object.entries(total).filter(([, [all, some]]) => all !== some)).toEqual([]);
    // That optimizers ran at all.
    expect(Object.keys(total)).toContain(made);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("are names that this onnxruntime knows", () => {
  const bin = join(dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json")), "bin");
  const library = readdirSync(bin, { recursive: true, encoding: "utf8" }).find((file) => file.includes(join(process.platform, process.arch)) && /(?:lib)?onnxruntime\.(?:so\.\d|dylib|dll|\d.*dylib)/.test(file))!;
  const bytes = readFileSync(join(bin, library));
  expect(IDLE.split(";").filter((name) => !bytes.includes(name))).toEqual([]);
});
