import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emitModel } from "../../../backends/onnx/model";
import { compile } from "../../../compiler/compile";

/** Opens every model of the folder with warnings on and runs it once; free dims become 8 or 1. */
const CHILD = `
import { readdirSync, readFileSync } from "node:fs";
import ort from "onnxruntime-node";
const folder = process.argv[2];
for (const file of readdirSync(folder).filter((f) => f.endsWith(".onnx")).sort()) {
  const session = await ort.InferenceSession.create(readFileSync(folder + "/" + file), {
    intraOpNumThreads: 1, executionMode: "sequential", enableCpuMemArena: false, enableMemPattern: false,
    graphOptimizationLevel: "all", logSeverityLevel: 2,
  });
  const feeds = {};
  for (const input of session.inputMetadata) {
    const dims = input.shape.map((d) => (typeof d === "number" ? d : d === "N" ? 1 : 64));
    feeds[input.name] = new ort.Tensor("float32", new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.1), dims);
  }
  await session.run(feeds);
  console.log(file);
}
`;

describe("stock onnxruntime", () => {
  it("opens and runs a training step and its exports without a word of warning", { timeout: 60_000 }, () => {
    const text = readFileSync("specs/ugatit.gan", "utf8");
    const compiled = compile({ path: "ugatit.gan", text }, { set: ["size=64", "ch=4", "blocks=1", "global_depth=6"] });
    // Inside the checkout, where the child finds onnxruntime-node.
    mkdirSync("node_modules/.cache", { recursive: true });
    const folder = mkdtempSync(join("node_modules", ".cache", "silence-"));
    try {
      for (const g of compiled.graphs) writeFileSync(join(folder, g.file), emitModel({ name: g.file, graph: g.graph, inputs: g.inputs, outputs: g.outputs, annotate: true }).bytes);
      writeFileSync(join(folder, "child.mjs"), CHILD);
      const child = spawnSync(process.execPath, [join(folder, "child.mjs"), folder], { encoding: "utf8", cwd: process.cwd() });
      expect(child.stderr).toBe("");
      expect(child.stdout.trim().split("\n")).toEqual(compiled.graphs.map((g) => g.file).sort());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
