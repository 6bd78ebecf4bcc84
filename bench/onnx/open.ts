// How long onnxruntime takes to open a training graph, and what its optimizer says meanwhile. LOG=1 node ... size=128 ch=32
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { emitModel } from "../../backends/onnx/model";
import { compile } from "../../compiler/compile";
import { TRAINING } from "./measure";

const compiled = compile({ path: "specs/ugatit.gan", text: readFileSync("specs/ugatit.gan", "utf8") }, { set: process.argv.slice(2), named: true });
for (const segment of compiled.program!.segments) {
  const g = compiled.graphs.find((x) => x.file === segment.model)!;
  const emitAt = process.cpuUsage();
  const { bytes } = emitModel({ name: g.file, graph: g.graph, inputs: g.inputs, outputs: g.outputs });
  const emit = process.cpuUsage(emitAt).user / 1000;
  for (const level of (process.env["LEVELS"] ?? "disabled,basic,extended,all").split(",")) {
    const before = process.cpuUsage();
    const session = await ort.InferenceSession.create(bytes, { ...TRAINING, graphOptimizationLevel: level as "all", logSeverityLevel: Number(process.env["LOG"] ?? 3) as 0 });
    const cpu = process.cpuUsage(before);
    console.log(`${g.file} emit ${emit.toFixed(0)} ms cpu; ${level}: ${((cpu.user + cpu.system) / 1000).toFixed(0)} ms of cpu`);
    await session.release();
  }
}
