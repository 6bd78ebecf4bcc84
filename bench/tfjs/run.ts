// The emitted TensorFlow.js step against the hand-written one and against the ONNX engine, alternating in one process; prints ratios, and
// appends a JSON line a size to bench/results/tfjs.jsonl. Usage:
//   TFJS_PACKAGES=$(bash test/oracle/tfjs/setup.sh | tail -n 1) npm run bench:tfjs -- [--sizes 64:16,128:32] [--steps 5,3] [--operations]
import { appendFileSync, mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { UserError } from "../../runtime/files/errors";
import { loadTfjs, type Tf } from "../../runtime/tfjs/load";
import { type Operation, operations, profiled } from "./profile";
import { ALLOWED, difference } from "./same";
import { emitted, hand, type Model, model, onnx, stepOf } from "./setup";

const { values } = parseArgs({
  options: { sizes: { type: "string", default: "64:16,128:32" }, steps: { type: "string", default: "5,3" }, package: { type: "string", default: "tfjs-node" }, operations: { type: "boolean", default: false } },
});
const steps = values.steps.split(",").map(Number);
const NATIVE = ["tfjs-node", "tfjs-node-gpu"] as const;
const wanted = NATIVE.find((name) => name === values.package);

/** A copy of its own, so that each step's tensors are counted by themselves. */
async function tensorFlow(): Promise<Tf> {
  if (!wanted) throw new UserError(`--package is ${NATIVE.join(" or ")}, not ${values.package}`);
  return (await loadTfjs(wanted, { from: process.env["TFJS_PACKAGES"] ?? process.cwd() })).tf;
}

interface Times {
  readonly wall: number[];
  readonly cpu: number[];
}

/** The median of each round's ratio: a neighbour's burst meets both steps of a round. */
const paired = (a: readonly number[], b: readonly number[]): number => median(a.map((seconds, i) => seconds / b[i]!));

/** Seconds by the clock, and of all threads of this process: the second figure swings less on a shared machine. */
async function timed(times: Times, f: () => Promise<unknown>): Promise<void> {
  const [began, used] = [performance.now(), process.cpuUsage()];
  await f();
  const { user, system } = process.cpuUsage(used);
  times.wall.push((performance.now() - began) / 1000);
  times.cpu.push((user + system) / 1e6);
}

const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)]!;

async function measure(size: string, ch: string, count: number): Promise<void> {
  // The demo's small model at 64 px, the spec's own blocks otherwise.
  const small = Number(size) < 128 ? ["blocks=2", "global_depth=6"] : [];
  const m = model([`size=${size}`, `ch=${ch}`, ...small]);
  const [own, other] = [await tensorFlow(), await tensorFlow()];
  const engine = await emitted(m, own);
  const written = hand(m, other, engine);
  const peer = await onnx(m);
  const off = await difference(engine, written, m);
  await stepOf(peer, m, 1);
  for (const [kind, allowed] of Object.entries(ALLOWED)) if (!(off[kind as keyof typeof off] <= allowed)) throw new Error(`not the same step: ${kind} differ by ${off[kind as keyof typeof off]}, allowed ${allowed}`);
  const run = { emitted: (t: number) => stepOf(engine, m, t), hand: (t: number) => written.step(t), onnx: (t: number) => stepOf(peer, m, t) };
  const times = { emitted: { wall: [], cpu: [] }, hand: { wall: [], cpu: [] }, onnx: { wall: [], cpu: [] } } as Record<keyof typeof run, Times>;
  // All six orders: in three that only turn, the emitted step would follow ONNX twice as often as the hand-written one does.
  const [a, b, c] = ["emitted", "hand", "onnx"] as const;
  const orders = [[a, b, c], [b, a, c], [c, b, a], [c, a, b], [a, c, b], [b, c, a]];
  for (let i = 0; i < count; i++) for (const name of orders[i % orders.length]!) await timed(times[name], () => run[name](i + 2));
  const profiles = { emitted: await profiled(own, () => run.emitted(count + 2)), hand: await profiled(other, () => run.hand(count + 2)) };
  const tables = { emitted: operations(own, () => void run.emitted(count + 3)), hand: operations(other, () => void run.hand(count + 3)) };
  report(m, size, ch, count, { times, profiles, tables, off });
  await engine.close();
  written.close();
  await peer.close();
}

interface Found {
  readonly times: Record<"emitted" | "hand" | "onnx", Times>;
  readonly profiles: Record<"emitted" | "hand", Awaited<ReturnType<typeof profiled>>>;
  readonly tables: Record<"emitted" | "hand", readonly Operation[]>;
  readonly off: Awaited<ReturnType<typeof difference>>;
}

function report(m: Model, size: string, ch: string, count: number, { times, profiles, tables, off }: Found): void {
  const seconds = (name: keyof typeof times): { wall: number; cpu: number } => ({ wall: median(times[name].wall), cpu: median(times[name].cpu) });
  const [a, b, c] = [seconds("emitted"), seconds("hand"), seconds("onnx")];
  const calls = (name: keyof typeof tables): number => tables[name].reduce((sum, o) => sum + o.count, 0);
  const row = {
    when: new Date().toISOString(), what: "tfjs step", package: wanted, size: Number(size), ch: Number(ch), set: m.set, steps: count,
    emitted_seconds: a.wall, hand_seconds: b.wall, onnx_seconds: c.wall, time_ratio: a.wall / b.wall, onnx_ratio: a.wall / c.wall,
    emitted_cpu_seconds: a.cpu, hand_cpu_seconds: b.cpu, onnx_cpu_seconds: c.cpu, cpu_ratio: a.cpu / b.cpu,
    paired_ratio: paired(times.emitted.wall, times.hand.wall), paired_cpu_ratio: paired(times.emitted.cpu, times.hand.cpu),
    emitted_fastest: Math.min(...times.emitted.wall), hand_fastest: Math.min(...times.hand.wall), onnx_fastest: Math.min(...times.onnx.wall),
    emitted_kernels: profiles.emitted.kernels, hand_kernels: profiles.hand.kernels, emitted_operations: calls("emitted"), hand_operations: calls("hand"),
    emitted_peak_bytes: profiles.emitted.peakBytes, hand_peak_bytes: profiles.hand.peakBytes, emitted_peak_tensors: profiles.emitted.peakTensors, hand_peak_tensors: profiles.hand.peakTensors,
    emitted_new_bytes: profiles.emitted.bytesAdded, hand_new_bytes: profiles.hand.bytesAdded, difference: off,
  };
  mkdirSync("bench/results", { recursive: true });
  appendFileSync("bench/results/tfjs.jsonl", `${JSON.stringify(row)}\n`);
  const MiB = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  console.log([
    `${size} px, ch ${ch}, ${wanted}: emitted ${a.wall.toFixed(2)} s / hand-written ${b.wall.toFixed(2)} s = ${row.time_ratio.toFixed(3)}; / ONNX ${c.wall.toFixed(2)} s = ${row.onnx_ratio.toFixed(2)}`,
    `  fastest of ${count}: ${row.emitted_fastest.toFixed(2)} / ${row.hand_fastest.toFixed(2)} / ${row.onnx_fastest.toFixed(2)} s; CPU seconds ${a.cpu.toFixed(2)} / ${b.cpu.toFixed(2)} = ${row.cpu_ratio.toFixed(3)}; / ONNX ${c.cpu.toFixed(2)}`,
    `  round by round: ${row.paired_ratio.toFixed(3)}, CPU ${row.paired_cpu_ratio.toFixed(3)}; fastest ${(row.emitted_fastest / row.hand_fastest).toFixed(3)}`,
    `  kernels by tf.profile ${row.emitted_kernels} / ${row.hand_kernels}; TensorFlow operations ${row.emitted_operations} / ${row.hand_operations}; made ${MiB(row.emitted_new_bytes)} / ${MiB(row.hand_new_bytes)}`,
    `  at the peak ${row.emitted_peak_tensors} tensors, ${MiB(row.emitted_peak_bytes)} / ${row.hand_peak_tensors}, ${MiB(row.hand_peak_bytes)}`,
    `  the same step: losses ${off.losses.toExponential(1)}, gradients ${off.gradients.toExponential(1)}, updates ${off.updates.toExponential(1)}, states ${off.states.toExponential(1)} (largest, relative)`,
  ].join("\n"));
  if (values.operations) for (const name of ["emitted", "hand"] as const) console.log(`  ${name}: ${tables[name].slice(0, 24).map((o) => `${o.name} ${o.count} in ${o.milliseconds.toFixed(0)} ms`).join(", ")}`);
}

for (const [i, pair] of values.sizes.split(",").entries()) {
  const [size = "", ch = ""] = pair.split(":");
  try {
    await measure(size, ch, steps[i] ?? steps.at(-1) ?? 5);
  } catch (e) {
    if (!(e instanceof UserError)) throw e;
    console.log(`NOT RUN: ${pair}: ${e.message}${e.hint === undefined ? "" : `; ${e.hint}`}`);
    process.exitCode = 1;
  }
}
process.exit();
