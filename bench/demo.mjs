// Does the demo learn? Three seeds; a JSON line each to bench/results/demo.jsonl. Usage: node bench/demo.mjs [RUN ...]
// (runs named on the command line are only measured again).
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";

const ganc = (...args) => execFileSync("node", ["dist/cli.js", ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 26 });
const given = process.argv.slice(2);
const runs = given.length > 0 ? given : [1, 2, 3].map((seed) => `runs/demo-seed${seed}`);
mkdirSync("bench/results", { recursive: true });
for (const [i, run] of runs.entries()) {
  const began = performance.now();
  if (given.length === 0) ganc("demo", "--seed", String(i + 1), "--out", run);
  const seconds = given.length === 0 ? (performance.now() - began) / 1000 : undefined;
  const made = JSON.parse(ganc("evaluate", run, "--pairs", "--data", `${run}/data`, "--json"));
  const chroma = Object.fromEntries(made.directions.map((d) => [d.name, d.scores.chroma]));
  appendFileSync("bench/results/demo.jsonl", `${JSON.stringify({ when: new Date().toISOString(), run: i + 1, steps: made.step, seconds, directions: made.directions })}\n`);
  console.log(`run ${i + 1}, step ${made.step}: chroma A2B ${chroma.A2B.toFixed(3)} (at most 0.15 shows learning), B2A ${chroma.B2A.toFixed(3)} (at least 0.12)`);
}
