// Bundles the command, the training worker and the bench's step. Packages with libraries of their own stay outside and are
// loaded by the commands that need them.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { rawText } from "./raw-text.mjs";

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  minifySyntax: true,
  loader: { ".gan": "text" },
  plugins: [rawText],
  external: ["onnxruntime-node", "sharp", "@iconify-json/*", "esbuild", "prettier"],
  logLevel: "warning",
};

rmSync("dist", { recursive: true, force: true });
await build({
  ...common,
  entryPoints: { worker: "runtime/train/worker.ts", "bench-step": "bench/step.ts", "bench-tfjs": "bench/tfjs/run.ts", tuned: "cli/tuned.ts" },
  outdir: "dist",
  format: "esm",
  // protobufjs, inside onnx-proto, looks for require().
  banner: { js: "import { createRequire as ganRequire } from 'node:module'; const require = ganRequire(import.meta.url);" },
});
/** Parses the standard library once, for dsl/std/trees.ts. */
async function parsedLibrary() {
  const made = await build({
    ...common,
    stdin: { contents: 'export { parse } from "./dsl/parse"; export { std } from "./dsl/std/index";', resolveDir: process.cwd(), loader: "ts" },
    format: "esm",
    write: false,
  });
  const file = join(mkdtempSync(join(tmpdir(), "ganc-build-")), "parse.mjs");
  writeFileSync(file, made.outputFiles[0].text);
  const { parse, std } = await import(pathToFileURL(file).href);
  rmSync(dirname(file), { recursive: true });
  const trees = Object.fromEntries(Object.entries(std).map(([path, text]) => [path, parse(path, text).file]));
  return `export const trees = JSON.parse(${JSON.stringify(JSON.stringify(trees))});`;
}
const library = await parsedLibrary();

// The command is one script, so that V8's code cache can serve it whole (cli/start.mjs).
await build({
  ...common,
  entryPoints: { ganc: "cli/main.ts" },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  supported: { "dynamic-import": false },
  define: { "import.meta.url": "gancUrl" },
  plugins: [rawText, { name: "parsed-library", setup: (b) => b.onLoad({ filter: /dsl.std.trees\.ts$/ }, () => ({ contents: library, loader: "js" })) }],
  banner: { js: "const gancUrl = require('node:url').pathToFileURL(__filename).href;" },
});
copyFileSync("cli/start.mjs", "dist/cli.js");
// One run fills the cache with the functions that a check needs.
execFileSync(process.execPath, ["dist/cli.js", "check", "specs/ugatit.gan"], { stdio: "ignore", env: { ...process.env, GANC_WRITE_CACHE: "1" } });
