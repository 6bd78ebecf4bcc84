import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

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
    // Commands are run as people run them; on a busy machine they take their time.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // One worker a core: vitest leaves one core free by itself, which is half of a machine with two.
    maxWorkers: availableParallelism(),
    include: ["test/**/*.test.ts"],
  },
});
