// Measures the compiled step against PyTorch's, alternating in one run, and prints ratios; a JSON line a row goes to
// bench/results/. Sets up its own oracle. Usage: npm run bench [-- --sizes 128:32,256:64 --steps 5 --peers published,tuned]
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

// As cli/tuned.ts sets them for `ganc train`.
const MALLOC = { MALLOC_MMAP_THRESHOLD_: String(32 << 20), MALLOC_TRIM_THRESHOLD_: String(1 << 30), MALLOC_TOP_PAD_: String(64 << 20), MALLOC_ARENA_MAX: "1" };

const { values } = parseArgs({
  options: { sizes: { type: "string", default: "128:32,256:64" }, steps: { type: "string", default: "5" }, peers: { type: "string", default: "published,tuned" } },
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

let python;
try {
  python = execFileSync("bash", ["test/oracle/setup.sh"], { encoding: "utf8" }).trim().split("\n").at(-1);
} catch {
  console.log("NOT RUN: PyTorch cannot be set up on this machine (test/oracle/setup.sh failed)");
  process.exit(1);
}
mkdirSync("bench/results", { recursive: true });

for (const pair of values.sizes.split(",")) {
  const [size, ch] = pair.split(":");
  for (const kind of values.peers.split(",")) {
    const ours = start("node", ["dist/bench-step.js", "specs/ugatit.gan", `size=${size}`, `ch=${ch}`], MALLOC);
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
    ours.quit();
    peer.quit();
    const row = {
      when: new Date().toISOString(), what: "step", size: Number(size), ch: Number(ch), peer: `pytorch ${kind}`, steps,
      ours_seconds: median(times.ours), peer_seconds: median(times.peer), time_ratio: median(times.ours) / median(times.peer),
      ours_peak_bytes: last.a.rss_peak, peer_peak_bytes: last.b.rss_peak, memory_ratio: last.a.rss_peak / last.b.rss_peak,
      planned_bytes: opened.planned_bytes, plan_ratio: opened.planned_bytes / last.a.rss_peak,
      forward_ours_seconds: median(forward.ours), forward_peer_seconds: median(forward.peer), forward_ratio: median(forward.ours) / median(forward.peer),
      compile_seconds: opened.compile_seconds, setup_seconds: opened.setup_seconds, useful_gflops: opened.step_flops / median(times.ours) / 1e9,
    };
    appendFileSync("bench/results/step.jsonl", `${JSON.stringify(row)}\n`);
    console.log(`${size} px, ch ${ch}, against PyTorch ${kind}: step ${row.ours_seconds.toFixed(2)} s / ${row.peer_seconds.toFixed(2)} s = ${row.time_ratio.toFixed(2)}; ` +
      `peak ${GiB(row.ours_peak_bytes)} / ${GiB(row.peer_peak_bytes)} GiB = ${row.memory_ratio.toFixed(2)} (planned ${GiB(row.planned_bytes)}); ` +
      `forward ${row.forward_ratio.toFixed(2)}; compile ${row.compile_seconds.toFixed(1)} s, first step ready after ${row.setup_seconds.toFixed(1)} s; ${row.useful_gflops.toFixed(0)} GFLOP/s`);
  }
}
