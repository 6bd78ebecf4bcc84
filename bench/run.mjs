// Measures the compiled step against PyTorch's, alternating in one run, and prints ratios; a JSON line a row goes to
// bench/results/. Sets up its own oracle. Usage: npm run bench [-- --rows peers,growth,batch,first --sizes 128:32,256:64 --steps 5
// --peers published,tuned]. Rows: peers: against PyTorch, alternating; growth: 64 to 512 px, ours alone; batch: four pictures against one;
// first: from `ganc train` to its first finished step. The full model: node bench/full.mjs.
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

// As cli/tuned.ts sets them for `ganc train`.
const { malloc, young, sparing } = JSON.parse(readFileSync(new URL("../cli/process.json", import.meta.url), "utf8"));

const { values } = parseArgs({
  options: { sizes: { type: "string", default: "128:32,256:64" }, rows: { type: "string", default: "peers,growth,batch,first" }, growth: { type: "string", default: "64:16,128:32,256:64,512:64" }, steps: { type: "string", default: "5" }, peers: { type: "string", default: "published,tuned" } },
});
const steps = Number(values.steps);

/** A process that answers each line with a line of JSON. */
function start(command, args, env = {}) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${command} ${args.join(" ")} ended`);
    return JSON.parse(value);
  };
  return { ready: next(), ask: (line) => (child.stdin.write(`${line}\n`), next()), quit: () => child.stdin.end("quit\n") };
}

const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
const GiB = (bytes) => (bytes / 2 ** 30).toFixed(2);

mkdirSync("bench/results", { recursive: true });
const rows = new Set(values.rows.split(","));
const note = (row) => appendFileSync("bench/results/step.jsonl", `${JSON.stringify({ when: new Date().toISOString(), ...row })}\n`);
const own = (size, ch, ...more) => start("node", [...young, ...sparing, "dist/bench-step.js", "specs/ugatit.gan", `size=${size}`, `ch=${ch}`, ...(size === 64 ? ["global_depth=6"] : []), ...more], malloc);

function setUp() {
  try {
    return execFileSync("bash", ["test/oracle/setup.sh"], { encoding: "utf8" }).trim().split("\n").at(-1);
  } catch {
    console.log("NOT RUN: rows against PyTorch, which cannot be set up on this machine (test/oracle/setup.sh failed)");
    return undefined;
  }
}

/** Steps of ours alone: median seconds, peak, and what was planned. */
async function alone(size, ch, count, ...more) {
  const ours = own(size, ch, ...more);
  const opened = await ours.ready;
  const seconds = [];
  let last;
  for (let i = 0; i <= count; i++) {
    last = await ours.ask("step");
    if (i > 0) seconds.push(last.seconds);
  }
  ours.quit();
  return { seconds: median(seconds), peak_bytes: last.rss_peak, planned_bytes: opened.planned_bytes };
}

if (rows.has("growth")) {
  let before;
  for (const pair of values.growth.split(",")) {
    const [size, ch] = pair.split(":").map(Number);
    for (const recompute of ["nothing", "between passes"]) {
      try {
        const row = await alone(size, ch, size > 256 ? 1 : Number(values.steps), `recompute=${recompute}`);
        note({ what: "growth", size, ch, recompute, ...row });
        const grown = before && recompute === "nothing" ? `; ${(row.seconds / before.seconds).toFixed(1)} times the time and ${(row.peak_bytes / before.peak_bytes).toFixed(1)} times the memory of the row above` : "";
        console.log(`${size} px, ch ${ch}, made again: ${recompute}: step ${row.seconds.toFixed(2)} s, peak ${GiB(row.peak_bytes)} GiB, planned ${GiB(row.planned_bytes)} (${(row.planned_bytes / row.peak_bytes).toFixed(2)})${grown}`);
        if (recompute === "nothing") before = row;
      } catch (e) {
        console.log(`NOT RUN: ${size} px, ch ${ch}, ${recompute}: ${e.message}`);
      }
    }
  }
}
if (rows.has("batch")) {
  const [one, four] = [await alone(128, 32, Number(values.steps)), await alone(128, 32, Number(values.steps), "batch=4").catch((e) => e)];
  if (four instanceof Error) console.log(`NOT RUN: batch 4: ${four.message}`);
  else {
    note({ what: "batch", size: 128, ch: 32, one, four, ratio_a_picture: four.seconds / 4 / one.seconds });
    console.log(`128 px, ch 32, batch 4: ${(four.seconds / 4).toFixed(2)} s a picture against ${one.seconds.toFixed(2)} s = ${(four.seconds / 4 / one.seconds).toFixed(2)}; peak ${GiB(four.peak_bytes)} GiB`);
  }
}
if (rows.has("first")) {
  const folder = mkdtempSync(join(tmpdir(), "ganc-first-"));
  try {
    execFileSync("node", ["dist/cli.js", "data", "emoji", "--size", "128", "--count", "4", "--held-out", "2", "--out", join(folder, "data")]);
    const env = { ...process.env, GANC_CACHE: join(folder, "cache") };
    // Compiled, and then from the graphs that the first of these has kept.
    for (const [run, what] of ["compiled", "from kept graphs", "from kept graphs"].entries()) {
      const began = performance.now();
      const child = spawn("node", ["dist/cli.js", "train", "specs/ugatit.gan", "--set", "size=128", "--set", "ch=32", "--data", join(folder, "data"), "--out", join(folder, `run${run}`), "--steps", "1", "--pictures-every", "0", "--json"], { stdio: ["ignore", "pipe", "inherit"], env });
      for await (const line of createInterface({ input: child.stdout })) {
        if (JSON.parse(line).kind !== "step") continue;
        const seconds = (performance.now() - began) / 1000;
        note({ what: "first step", size: 128, ch: 32, graphs: what, seconds });
        console.log(`from ganc train to the first finished step, 128 px, ch 32, ${what}: ${seconds.toFixed(1)} s`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const python = rows.has("peers") ? setUp() : undefined;

for (const pair of python === undefined ? [] : values.sizes.split(",")) {
  const [size, ch] = pair.split(":");
  for (const kind of values.peers.split(",")) {
    const ours = own(Number(size), ch);
    const peer = start(python, ["bench/torch_step.py", "--size", size, "--ch", ch, "--kind", kind]);
    const opened = await ours.ready;
    await peer.ready;
    const times = { ours: [], peer: [] };
    let last = {};
    for (let i = 0; i <= steps; i++) {
      const [a, b] = [await ours.ask("step"), await peer.ask("step")];
      // The first step of each allocates, and chooses kernels.
      if (i > 0) {
        times.ours.push(a.seconds);
        times.peer.push(b.seconds);
      }
      last = { a, b };
    }
    const forward = { ours: [], peer: [] };
    for (let i = 0; i < 4; i++) {
      const [a, b] = [await ours.ask("forward"), await peer.ask("forward")];
      if (i === 0) continue;
      forward.ours.push(a.seconds);
      forward.peer.push(b.seconds);
    }
    // After the steps, whose peak memory its matrices are no part of.
    const peak = (await ours.ask("sgemm")).flops_per_second;
    ours.quit();
    peer.quit();
    const row = {
      what: "step", size: Number(size), ch: Number(ch), peer: `pytorch ${kind}`, steps,
      ours_seconds: median(times.ours), peer_seconds: median(times.peer), time_ratio: median(times.ours) / median(times.peer),
      ours_peak_bytes: last.a.rss_peak, peer_peak_bytes: last.b.rss_peak, memory_ratio: last.a.rss_peak / last.b.rss_peak,
      planned_bytes: opened.planned_bytes, plan_ratio: opened.planned_bytes / last.a.rss_peak,
      forward_ours_seconds: median(forward.ours), forward_peer_seconds: median(forward.peer), forward_ratio: median(forward.ours) / median(forward.peer),
      compile_seconds: opened.compile_seconds, setup_seconds: opened.setup_seconds, useful_gflops: opened.step_flops / median(times.ours) / 1e9, sgemm_gflops: peak / 1e9,
    };
    note(row);
    console.log(`${size} px, ch ${ch}, against PyTorch ${kind}: step ${row.ours_seconds.toFixed(2)} s / ${row.peer_seconds.toFixed(2)} s = ${row.time_ratio.toFixed(2)}; ` +
      `peak ${GiB(row.ours_peak_bytes)} / ${GiB(row.peer_peak_bytes)} GiB = ${row.memory_ratio.toFixed(2)} (planned ${GiB(row.planned_bytes)}); ` +
      `forward ${row.forward_ratio.toFixed(2)}; compile ${row.compile_seconds.toFixed(1)} s, first step ready after ${row.setup_seconds.toFixed(1)} s; ${row.useful_gflops.toFixed(0)} GFLOP/s useful, a large product of matrices ${row.sgemm_gflops.toFixed(0)}`);
  }
}
