// Bundles the command and the training worker. Heavy packages stay outside and are loaded by the commands that need them.
import { rmSync } from "node:fs";
import { build } from "esbuild";

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: { cli: "cli/main.ts", worker: "runtime/train/worker.ts", "bench-step": "bench/step.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  platform: "node",
  target: "node20",
  minifySyntax: true,
  loader: { ".gan": "text" },
  external: ["onnxruntime-node", "sharp", "@iconify-json/*"],
  // protobufjs, inside onnx-proto, looks for require().
  banner: { js: "import { createRequire as ganRequire } from 'node:module'; const require = ganRequire(import.meta.url);" },
  logLevel: "warning",
});
