// The compiled step as a process that runs one step when told, as torch_step.py does for PyTorch: `step`, `forward`, `sgemm`, `quit` on
// stdin, one JSON line each. Weights are initial, pictures are random: a step's time depends on neither.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { InferenceSession } from "onnxruntime-node";
import { compile } from "../compiler/compile";
import { plan } from "../compiler/describe/plan";
import { RECOMPUTE } from "../compiler/train/recompute";
import { drawInit } from "../compiler/init";
import { trainingModels } from "../cli/emit";
import { bake } from "../cli/weights";
import { collectGarbage } from "../runtime/engine/collect";
import { OnnxEngine } from "../runtime/engine/onnx";
import { loadOrt, openSession } from "../runtime/engine/session";
import type { StateName } from "../runtime/engine/types";
import { initialize } from "../runtime/train/init";
import { sgemm } from "./sgemm";

const [spec = "specs/ugatit.gan", ...given] = process.argv.slice(2);
// `recompute=between passes` is the compiler's, `batch=4` stands in the spec's text, everything else is a param.
const set = given.filter((s) => !/^(recompute|batch)=/.test(s));
const batch = given.find((s) => s.startsWith("batch="))?.slice("batch=".length);
const recompute = RECOMPUTE.find((level) => given.includes(`recompute=${level}`)) ?? "nothing";

/** Bytes, of /proc/self/status. */
function memory(): { rss: number; rss_peak: number } {
  const text = readFileSync("/proc/self/status", "utf8");
  const field = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) * 1024;
  return { rss: field("VmRSS"), rss_peak: field("VmHWM") };
}

const say = (o: object): void => void process.stdout.write(`${JSON.stringify(o)}\n`);
const began = performance.now();
const written = readFileSync(spec, "utf8");
const text = batch === undefined ? written : written.replace(/^(\s*)batch \d+/m, `$1batch ${batch}`);
const compiled = compile({ path: spec, text }, { set, recompute });
if (batch !== undefined && compiled.program?.batch !== Number(batch)) throw new Error(`${spec} does not say \`batch\``);
const program = compiled.program;
if (!program) throw new Error(JSON.stringify(compiled.diagnostics));
const foreseen = plan(compiled);
const compileSeconds = (performance.now() - began) / 1000;
const ort = await loadOrt();
const threads = Number(process.env["THREADS"] ?? 2);
const engine = await OnnxEngine.create(program, trainingModels(compiled), { threads });
await collectGarbage();
initialize(engine, 1);
const noise = (name: string, count: number): Float32Array => drawInit({ kind: "uniform", low: -1, high: 1 }, count, 1, name);
const data = Object.fromEntries(program.data.map((d) => [d.name, noise(d.name, program.batch * d.channels * d.height * d.width)]));
const samples = Object.fromEntries(program.samples.map((s) => [s.name, noise(s.name, s.shape.reduce((a, b) => a * b, 1))]));
say({ ready: true, compile_seconds: compileSeconds, setup_seconds: (performance.now() - began) / 1000, planned_bytes: foreseen?.training.total, step_flops: foreseen?.stepFlops, ...memory() });

let inference: InferenceSession | undefined;
/** The first export as `ganc translate` opens it: weights inside, with onnxruntime's arena. */
function openInference(): Promise<InferenceSession> {
  return openSession(bake(compiled.exports[0]!, (value) => engine.read(value as StateName).slice(), {}).bytes, { arena: true, threads });
}

let t = 0;
async function step(): Promise<Record<string, number>> {
  t++;
  const scalars: Record<string, number> = {};
  for (const s of program!.scalars) {
    const o = program!.optimizers.find((x) => x.name === s.optimizer)!;
    scalars[s.name] = s.kind === "step-size" ? o.rate / (1 - o.betas[0] ** t) : 1 / Math.sqrt(1 - o.betas[1] ** t);
  }
  return engine.step({ data, scalars, samples });
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "quit") break;
  const start = performance.now();
  if (line === "step") say({ command: line, losses: await step(), seconds: (performance.now() - start) / 1000, ...memory() });
  else if (line === "forward") {
    const d = program.data[0]!;
    const picture = new ort.Tensor("float32", data[d.name]!.subarray(0, d.channels * d.height * d.width), [1, d.channels, d.height, d.width]);
    inference ??= await openInference();
    const opened = performance.now();
    await inference.run({ [program.exports[0]!.inputs[0]!.name]: picture });
    say({ command: line, seconds: (performance.now() - opened) / 1000, ...memory() });
  } else if (line === "sgemm") say({ command: line, flops_per_second: await sgemm(threads) });
  else say({ error: `no command ${line}` });
}
await engine.close();
process.exit(0);
