// Bundles the command, the training worker and the bench's step. Packages with libraries of their own stay outside and are
// loaded by the commands that need them.
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  minifySyntax: true,
  loader: { ".gan": "text" },
  external: ["onnxruntime-node", "sharp", "@iconify-json/*"],
  logLevel: "warning",
};

rmSync("dist", { recursive: true, force: true });
await build({
  ...common,
  entryPoints: { worker: "runtime/train/worker.ts", "bench-step": "bench/step.ts" },
  outdir: "dist",
  format: "esm",
  // protobufjs, inside onnx-proto, looks for require().
  banner: { js: "import { createRequire as ganRequire } from 'node:module'; const require = ganRequire(import.meta.url);" },
});
// The command is one script, so that V8's code cache can serve it whole (cli/start.mjs).
await build({
  ...common,
  entryPoints: { ganc: "cli/main.ts" },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  supported: { "dynamic-import": false },
  define: { "import.meta.url": "gancUrl" },
  banner: { js: "const gancUrl = require('node:url').pathToFileURL(__filename).href;" },
});
copyFileSync("cli/start.mjs", "dist/cli.js");
// One run fills the cache with the functions that a check needs.
execFileSync(process.execPath, ["dist/cli.js", "check", "specs/ugatit.gan"], { stdio: "ignore", env: { ...process.env, GANC_WRITE_CACHE: "1" } });
