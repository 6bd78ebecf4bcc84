#!/usr/bin/env node
// Starts the bundled command with V8's code cache, which the build wrote: a third of a cold check would be compiling
// JavaScript. V8 refuses a cache of another version of itself; then the script is compiled as usual.
import { inTuned, SPARING, TUNED } from "./tuned.js";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

const [command, ...flags] = process.argv.slice(2);
const native = !flags.some((flag, i) => /^--engine=(?!onnx$)/.test(flag) || (flag === "--engine" && flags[i + 1] !== "onnx"));
const asks = flags.some((flag) => flag === "--help" || flag === "-h");
try {
  if (!TUNED.includes(command) || asks || !(await inTuned(native))) await here();
} catch (e) {
  if (e?.name !== "UserError") throw e;
  process.stderr.write(`error: ${e.message}\nhint: ${e.hint}\n`);
  process.exitCode = 1;
}

async function here() {
  const file = fileURLToPath(new URL("./ganc.cjs", import.meta.url));
  const cacheFile = `${file}.cache`;
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "utf8")}\n})`;
  const script = new Script(source, { filename: file, ...(existsSync(cacheFile) ? { cachedData: readFileSync(cacheFile) } : {}) });
  if (process.env.GANC_WRITE_CACHE) process.on("exit", () => writeFileSync(cacheFile, script.createCachedData()));
  // These are over before V8's optimizing compiler earns what it costs: 0.85 of the time without it (bench/README.md). Set only now: a
  // script compiled under other flags than the cache would be compiled anew.
  if (["check", "fmt", "explain", "describe"].includes(command)) setFlagsFromString("--no-opt");
  else if (native && [...TUNED, "compile", "plan"].includes(command)) for (const flag of SPARING) setFlagsFromString(flag);
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
}
