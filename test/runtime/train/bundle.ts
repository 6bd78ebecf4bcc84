// Bundles an entry as the build does, for tests that need real processes and threads (Node 20 runs no TypeScript). Beside the
// project's own node_modules, so that the native packages are found.
import { build } from "esbuild";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { rawText } from "../../../raw-text.mjs";

export async function bundle(entries: Readonly<Record<string, string>>): Promise<string> {
  const cache = join("node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(process.cwd(), cache, "ganc-test-"));
  await build({
    entryPoints: Object.entries(entries).map(([out, file]) => ({ in: file, out })),
    outdir, bundle: true, platform: "node", format: "esm", target: "node20", outExtension: { ".js": ".mjs" },
    external: ["onnxruntime-node", "sharp"], plugins: [rawText],
    // protobufjs, within onnx-proto, is CommonJS and asks for `require`.
    banner: { js: `import { createRequire as ganRequire } from "node:module"; const require = ganRequire(import.meta.url);` },
    logLevel: "error",
  });
  return outdir;
}
