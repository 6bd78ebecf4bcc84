// The core must run in a browser: bundled for one, it compiles U-GAT-IT where there is no process, no require, no clock, no chance.
import { readFileSync } from "node:fs";
import vm from "node:vm";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { rawText } from "../../raw-text.mjs";

const ENTRY = `
import { compile } from "./compiler/compile";
import { emitModel } from "./backends/onnx/model";
export function run(text, set) {
  const c = compile({ path: "specs/ugatit.gan", text }, { set });
  const models = c.graphs.map((g) => emitModel({ name: g.file, graph: g.graph, inputs: g.inputs, outputs: g.outputs }).bytes.length);
  return { ok: c.ok, errors: c.diagnostics.map((d) => d.code + " " + d.message), files: new Set(c.program?.segments.map((s) => s.model)).size, models };
}`;

async function bundle(): Promise<string> {
  const made = await build({
    stdin: { contents: ENTRY, resolveDir: process.cwd(), loader: "ts" },
    bundle: true, write: false, format: "iife", globalName: "ganc", platform: "browser", target: "es2022", loader: { ".gan": "text" }, plugins: [rawText], logLevel: "error",
  });
  return made.outputFiles[0]!.text;
}

/** Anything that touches one of these throws. */
function context(): vm.Context {
  const forbidden = (name: string): object =>
    new Proxy(function poisoned() {}, {
      get: () => { throw new Error(`the core used ${name}`); },
      apply: () => { throw new Error(`the core called ${name}`); },
      construct: () => { throw new Error(`the core made a ${name}`); },
    });
  const sandbox: Record<string, unknown> = { TextEncoder, TextDecoder };
  for (const name of ["require", "performance", "setTimeout", "fetch"]) sandbox[name] = forbidden(name);
  Object.defineProperty(sandbox, "process", { get: () => { throw new Error("the core used process"); } });
  const made = vm.createContext(sandbox);
  vm.runInContext("Math.random = () => { throw new Error('the core used Math.random'); };", made);
  return made;
}

/** From here on there is no clock. Not earlier: lodash, inside chevrotain, reads it once while the bundle loads. */
function stopClock(made: vm.Context): vm.Context {
  vm.runInContext("globalThis.Date = new Proxy(function () {}, { get() { throw new Error('the core used Date'); }, apply() { throw new Error('the core called Date'); }, construct() { throw new Error('the core made a Date'); } });", made);
  return made;
}

describe("the core in a browser", () => {
  it("compiles U-GAT-IT to its training graphs, twice to the same bytes", async () => {
    const made = context();
    vm.runInContext(await bundle(), made);
    stopClock(made);
    const text = readFileSync("specs/ugatit.gan", "utf8");
    (made as Record<string, unknown>)["text"] = text;
    const run = (): { ok: boolean; errors: string[]; files: number; models: number[] } =>
      JSON.parse(vm.runInContext("JSON.stringify(ganc.run(text, ['size=64', 'ch=8', 'blocks=1', 'global_depth=6']))", made) as string) as never;
    const first = run();
    expect(first.errors).toEqual([]);
    expect(first.ok).toBe(true);
    expect(first.files).toBeGreaterThanOrEqual(4);
    expect(first.models.length).toBe(first.files + 2);
    expect(run()).toEqual(first);
  }, 60_000);

  it("would notice a use of the clock", () => {
    expect(() => vm.runInContext("Date.now()", stopClock(context()))).toThrow("the core used Date");
    expect(() => vm.runInContext("Math.random()", context())).toThrow("Math.random");
    expect(() => vm.runInContext("process.env", context())).toThrow("process");
  });
});
