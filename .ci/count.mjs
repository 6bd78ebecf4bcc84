// Passed and failed tests of a vitest JSON report. A file that could not be loaded counts as a failure.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const broken = report.testResults.filter((f) => f.status === "failed" && f.assertionResults.length === 0).length;
const skipped = report.numPendingTests + report.numTodoTests;
// Where the oracles or the native packages are at hand nothing may be left out; without them, what needs them says so by name.
const missing = process.env.ORACLE_PYTHON || process.env.TFJS_PACKAGES ? skipped : 0;
if (skipped > 0) process.stderr.write(`${skipped} tests did not run\n`);
process.stdout.write(`${report.numPassedTests} ${report.numFailedTests + broken + missing}`);
