// The full model (256 px, ch 64: 671 M parameters) through the command itself: three steps and their checkpoint, and the most memory
// that its process held. A JSON line to bench/results/full.jsonl. Usage: node bench/full.mjs [--size 256] [--ch 64] [--steps 3]
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { size: { type: "string", default: "256" }, ch: { type: "string", default: "64" }, steps: { type: "string", default: "3" }, set: { type: "string", multiple: true, default: [] } } });
process.on("SIGTERM", () => process.exit(1));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const folder = mkdtempSync(join(tmpdir(), "ganc-full-"));
// Without graphs kept by an earlier run: compiling takes memory, too.
const run = (args) => spawn(process.execPath, ["dist/cli.js", ...args], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, GANC_CACHE: "off" } });
const ended = (child) => new Promise((resolve, reject) => child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`ended with code ${code}`)))));

/** VmHWM in bytes of a process and of those it started: the command starts itself again (cli/tuned.ts). */
function peakOf(pid) {
  try {
    const own = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    return Math.max(own, ...children.map(peakOf));
  } catch {
    return 0;
  }
}

try {
  await ended(run(["data", "emoji", "--size", values.size, "--count", "4", "--held-out", "2", "--out", join(folder, "data")]));
  const set = ["--variant", "full", "--set", `size=${values.size}`, "--set", `ch=${values.ch}`, ...values.set.flatMap((s) => ["--set", s])];
  const planning = run(["plan", "specs/ugatit.gan", ...set, "--json"]);
  let text = "";
  planning.stdout.on("data", (part) => (text += part));
  await ended(planning);
  const plan = JSON.parse(text);
  const began = performance.now();
  const child = run(["train", "specs/ugatit.gan", ...set, "--data", join(folder, "data"), "--out", join(folder, "run"), "--steps", values.steps, "--checkpoint-every", "0", "--pictures-every", "0", "--json"]);
  let peak = 0;
  const watching = setInterval(() => (peak = Math.max(peak, peakOf(child.pid))), 200);
  const seconds = [];
  let last = performance.now();
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line);
    if (event.kind === "begin" || event.kind === "step") {
      if (event.kind === "step") {
        seconds.push((performance.now() - last) / 1000);
        // Said at once: who has to end it early still knows this much.
        console.log(`step ${seconds.length}: ${seconds.at(-1).toFixed(1)} s; peak so far ${(peak / 2 ** 30).toFixed(2)} GiB (planned ${(plan.training.total / 2 ** 30).toFixed(2)})`);
      }
      last = performance.now();
    }
  }
  clearInterval(watching);
  const checkpoints = join(folder, "run", "checkpoints");
  const bytes = readdirSync(checkpoints).reduce((sum, name) => sum + statSync(join(checkpoints, name)).size, 0);
  const row = {
    when: new Date().toISOString(), what: "full", size: Number(values.size), ch: Number(values.ch), parameters: plan.totalParameters, steps: seconds.length, step_seconds: seconds,
    peak_bytes: peak, planned_bytes: plan.training.total, checkpoint_bytes: bytes, seconds: (performance.now() - began) / 1000,
  };
  mkdirSync("bench/results", { recursive: true });
  appendFileSync("bench/results/full.jsonl", `${JSON.stringify(row)}\n`);
  console.log(`full, ${values.size} px, ch ${values.ch}, ${(plan.totalParameters / 1e6).toFixed(0)} M parameters: ${seconds.length} steps of ${seconds.map((s) => s.toFixed(1)).join(", ")} s; ` +
    `peak ${(peak / 2 ** 30).toFixed(2)} GiB (planned ${(plan.training.total / 2 ** 30).toFixed(2)}); checkpoint of ${(bytes / 2 ** 30).toFixed(2)} GiB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
