// Alternates several ways to run the compiled step on one machine: each CONFIG is a process of its own that runs one step when told.
//   node bench/onnx/alternate.mjs --steps 6 --set size=128 --set ch=32 plain: thp:GLIBC_TUNABLES=glibc.malloc.hugetlb=1 old:BENCH=/elsewhere/dist/bench-step.js
// A config is NAME:VARIABLE=VALUE,… ; BENCH is the built step that it runs, SPEC its spec. Prints least and median seconds, and CPU seconds of user and system.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

// As cli/tuned.ts sets them for `ganc train`.
const { malloc, young, sparing } = JSON.parse(readFileSync(new URL("../../cli/process.json", import.meta.url), "utf8"));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { set: { type: "string", multiple: true, default: [] }, steps: { type: "string", default: "6" }, spec: { type: "string", default: "specs/ugatit.gan" }, command: { type: "string", default: "step" } },
});

function start(config) {
  const [name, ...rest] = config.split(":");
  const env = Object.fromEntries(rest.join(":").split(",").filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
  const { BENCH = "dist/bench-step.js", SPEC = values.spec, ...own } = env;
  const child = spawn("node", [...young, ...sparing, BENCH, SPEC, ...values.set], { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...malloc, ...own } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const cpu = () => readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13).map((t) => Number(t) / 100);
  return { name, ready: next(), ask: (line) => (child.stdin.write(`${line}\n`), next()), quit: () => child.stdin.end("quit\n"), cpu, rows: [] };
}

const running = [];
for (const config of positionals) {
  const one = start(config);
  const opened = await one.ready;
  console.log(`${one.name}: ready after ${opened.setup_seconds.toFixed(1)} s (compile ${opened.compile_seconds.toFixed(1)})`);
  running.push(one);
}
for (let i = 0; i <= Number(values.steps); i++) {
  for (const one of running) {
    const before = one.cpu();
    const { seconds, rss_peak } = await one.ask(values.command);
    const after = one.cpu();
    if (i > 0) one.rows.push({ seconds, user: after[0] - before[0], system: after[1] - before[1] });
    one.peak = rss_peak;
  }
}
const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
for (const one of running) {
  const [seconds, user, system] = ["seconds", "user", "system"].map((k) => one.rows.map((r) => r[k]));
  console.log(`${one.name.padEnd(16)} least ${Math.min(...seconds).toFixed(3)} median ${median(seconds).toFixed(3)} s; CPU user ${median(user).toFixed(2)} system ${median(system).toFixed(2)} s; peak ${(one.peak / 2 ** 30).toFixed(2)} GiB`);
  one.quit();
}
