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
  test: { include: ["test/**/*.test.ts"] },
});
