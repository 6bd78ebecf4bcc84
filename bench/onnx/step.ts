// Times of a compiled training step, graph by graph and operator by operator. Run by hand:
//   npx esbuild bench/onnx/step.ts --bundle --platform=node --format=esm --packages=external --loader:.gan=text --outfile=node_modules/.cache/step.mjs && node node_modules/.cache/step.mjs size=128 ch=32 [--profile]
import { readdirSync, readFileSync, rmSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { emitModel } from "../../backends/onnx/model";
import { compile } from "../../compiler/compile";
import { numbersOf } from "../../compiler/graph/shape";
import { TRAINING } from "./measure";

const settings = process.argv.slice(2).filter((a) => a.includes("="));
const profile = process.argv.includes("--profile");
const rounds = Number(process.env["ROUNDS"] ?? 3);

const now = (): number => performance.now();
const compiledAt = now();
const compiled = compile({ path: "specs/ugatit.gan", text: readFileSync("specs/ugatit.gan", "utf8") }, { set: settings });
if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics.slice(0, 3)));
console.log(`compiled in ${(now() - compiledAt).toFixed(0)} ms`);

// Updates are a kernel's (runtime/engine/update).
const order = compiled.program!.segments.filter((s) => !s.updates).map((s) => s.model);
const byKind = new Map<string, { ms: number; count: number }>();
let total = 0;
for (const file of order) {
  const g = compiled.graphs.find((x) => x.file === file)!;
  let at = now();
  const { bytes } = emitModel({ name: file, graph: g.graph, inputs: g.inputs, outputs: g.outputs, unshaped: process.env["UNSHAPED"] !== "0" });
  const emitMs = now() - at;
  at = now();
  const prefix = `/tmp/ganc-profile-${process.pid}-${file}`;
  const session = await ort.InferenceSession.create(bytes, { ...TRAINING, graphOptimizationLevel: (process.env["LEVEL"] ?? "all") as "all", ...(profile ? { enableProfiling: true, profileFilePrefix: prefix } : {}) });
  const openMs = now() - at;
  const feeds: Record<string, ort.Tensor> = {};
  for (const { node, name } of g.inputs) {
    const dims = numbersOf(g.graph.nodes[node]!.shape);
    const n = dims.reduce((a, b) => a * b, 1);
    const said = session.inputMetadata.find((i) => i.name === name);
    feeds[name] = new ort.Tensor("float32", Float32Array.from({ length: n }, (_, i) => 0.02 * Math.sin(i * 1.3 + 0.7)), said?.isTensor ? (said.shape as number[]) : dims);
  }
  const fetches: Record<string, ort.Tensor> = {};
  for (const [name, tensor] of Object.entries(await session.run(feeds))) fetches[name] = tensor as ort.Tensor;
  const times: number[] = [];
  for (let r = 0; r < rounds; r++) {
    at = now();
    await session.run(feeds, fetches);
    times.push(now() - at);
  }
  const best = Math.min(...times);
  total += best;
  console.log(`${file.padEnd(36)} ${best.toFixed(0).padStart(6)} ms  nodes ${g.graph.nodes.length}  ${(bytes.length / 1024).toFixed(0)} KB  emit ${emitMs.toFixed(0)} open ${openMs.toFixed(0)} ms`);
  if (profile) {
    session.endProfiling();
    collect(prefix);
  }
  await session.release();
}
console.log(`step ${total.toFixed(0)} ms, peak ${(process.resourceUsage().maxRSS / 1024 / 1024).toFixed(2)} GiB`);
if (profile) {
  console.log(`operators ${[...byKind.values()].reduce((n, k) => n + k.ms, 0).toFixed(0)} ms`);
  const rows = [...byKind].sort((a, b) => b[1].ms - a[1].ms);
  for (const [kind, { ms, count }] of rows.slice(0, Number(process.env["ROWS"] ?? 60))) console.log(`${ms.toFixed(1).padStart(8)} ms ${String(count).padStart(6)}  ${kind}`);
}

interface Event {
  readonly name: string;
  readonly dur: number;
  readonly cat: string;
  readonly args?: { readonly op_name?: string; readonly output_type_shape?: { float?: number[] }[] };
}
/** Adds a profile's times by operator: of each, the least of all runs, as the machine may be shared. */
function collect(prefix: string): void {
  const folder = "/tmp";
  const least = new Map<string, { kind: string; ms: number }>();
  for (const name of readdirSync(folder).filter((f) => `${folder}/${f}`.startsWith(prefix))) {
    const events = JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as Event[];
    for (const ev of events) {
      if (ev.cat !== "Node" || !ev.name.endsWith("_kernel_time")) continue;
      const dims = process.argv.includes("--dims") ? JSON.stringify(ev.args?.output_type_shape?.[0]?.float ?? []) : "";
      const known = least.get(ev.name);
      if (!known || ev.dur / 1000 < known.ms) least.set(ev.name, { kind: `${ev.args?.op_name ?? "?"} ${dims}`, ms: ev.dur / 1000 });
    }
    rmSync(`${folder}/${name}`);
  }
  for (const { kind, ms } of least.values()) {
    const entry = byKind.get(kind) ?? { ms: 0, count: 0 };
    entry.ms += ms;
    entry.count++;
    byKind.set(kind, entry);
  }
}
