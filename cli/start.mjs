#!/usr/bin/env node
// Starts the bundled command with V8's code cache, which the build wrote: a third of a cold check would be compiling
// JavaScript. V8 refuses a cache of another version of itself; then the script is compiled as usual.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

const file = fileURLToPath(new URL("./ganc.cjs", import.meta.url));
const cacheFile = `${file}.cache`;
const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "utf8")}\n})`;
const script = new Script(source, { filename: file, ...(existsSync(cacheFile) ? { cachedData: readFileSync(cacheFile) } : {}) });
if (process.env.GANC_WRITE_CACHE) process.on("exit", () => writeFileSync(cacheFile, script.createCachedData()));
// These are over before V8's optimizing compiler earns what it costs: 0.85 of the time without it (bench/README.md). Set only now: a
// script compiled under other flags than the cache would be compiled anew.
if (["check", "fmt", "explain", "describe"].includes(process.argv[2])) setFlagsFromString("--no-opt");
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
