import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const PURE = ["compiler", "diagnostics", "dsl", "docs", "backends/onnx"].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  plugins: [
    {
      // The library's .gan files are imported as text; the build does the same with esbuild's loader.
      name: "gan-as-text",
      transform(code, id) {
        return id.endsWith(".gan") ? { code: `export default ${JSON.stringify(code)};`, map: null } : undefined;
      },
    },
  ],
  test: {
    // Neither a person's own kept graphs nor those of another test.
    env: { GANC_CACHE: "off" },
    // Commands are run as people run them; on a busy machine they take their time.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // One worker a core: vitest leaves one core free by itself, which is half of a machine with two.
    maxWorkers: availableParallelism(),
    projects: [
      // Of functions alone: files share a worker and what it has loaded, which is a third of their time.
      { extends: true, test: { name: "pure", isolate: false, include: PURE } },
      { extends: true, test: { name: "whole", include: ["test/**/*.test.ts"], exclude: PURE } },
    ],
  },
});
