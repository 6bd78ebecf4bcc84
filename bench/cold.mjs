// How long a cold `ganc check specs/ugatit.gan` takes, as a whole process; a JSON line to bench/results/cold.jsonl.
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";

const times = Array.from({ length: 11 }, () => {
  const began = performance.now();
  const made = spawnSync("node", ["dist/cli.js", "check", "specs/ugatit.gan"]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  return (performance.now() - began) / 1000;
}).sort((a, b) => a - b);
mkdirSync("bench/results", { recursive: true });
appendFileSync("bench/results/cold.jsonl", `${JSON.stringify({ when: new Date().toISOString(), least: times[0], median: times[5], most: times[10] })}\n`);
console.log(`check, cold: least ${times[0].toFixed(3)} s, median ${times[5].toFixed(3)} s, most ${times[10].toFixed(3)} s`);
