// Passed and failed tests of a vitest JSON report. A file that could not be loaded counts as a failure.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const broken = report.testResults.filter((f) => f.status === "failed" && f.assertionResults.length === 0).length;
const skipped = report.numPendingTests + report.numTodoTests;
if (skipped > 0) process.stderr.write(`${skipped} tests did not run\n`);
process.stdout.write(`${report.numPassedTests} ${report.numFailedTests + broken}`);
