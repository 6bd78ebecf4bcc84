// Passed and failed tests of a vitest JSON report, as "P F"; what failed, and what took longest, goes to a file a person reads at the end.
import { appendFileSync, readFileSync } from "node:fs";
import { relative } from "node:path";

const [file, told] = process.argv.slice(2);
const report = JSON.parse(readFileSync(file, "utf8"));
const name = (path) => relative(process.cwd(), path);
// A file that could not be loaded counts as a failure.
const broken = report.testResults.filter((f) => f.status === "failed" && f.assertionResults.length === 0);
const skipped = report.numPendingTests + report.numTodoTests;
// Where the oracles or the native packages are at hand nothing may be left out; without them, what needs them says so by name.
const strict = Boolean(process.env.ORACLE_PYTHON || process.env.TFJS_PACKAGES);

const lines = broken.map((f) => `FAILED: ${name(f.name)} was not loaded: ${f.message}`);
for (const f of report.testResults) {
  for (const t of f.assertionResults) {
    if (t.status === "failed") lines.push(`FAILED: ${name(f.name)}: ${t.fullName}\n  ${t.failureMessages.join("\n  ").slice(0, 1500)}`);
    else if (t.status !== "passed" && strict) lines.push(`FAILED: ${name(f.name)}: ${t.fullName} did not run`);
  }
}
const seconds = (f) => (f.endTime - f.startTime) / 1000;
const slow = [...report.testResults].sort((a, b) => seconds(b) - seconds(a)).slice(0, 12);
lines.push(`longest files: ${slow.map((f) => `${name(f.name)} ${seconds(f).toFixed(0)} s`).join(", ")}`);
if (told) appendFileSync(told, `${lines.join("\n")}\n`);
if (skipped > 0) process.stderr.write(`${skipped} tests did not run\n`);
process.stdout.write(`${report.numPassedTests} ${report.numFailedTests + broken.length + (strict ? skipped : 0)}`);
