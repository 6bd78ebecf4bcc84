// An esbuild plugin: `import text from "./file.ts?raw"` gives the file's text, as vite has it.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const rawText = {
  name: "raw-text",
  setup(build) {
    build.onResolve({ filter: /\?raw$/ }, (found) => ({ path: join(dirname(found.importer), found.path.slice(0, -"?raw".length)), namespace: "raw-text" }));
    build.onLoad({ filter: /.*/, namespace: "raw-text" }, ({ path }) => ({ contents: readFileSync(path, "utf8"), loader: "text" }));
  },
};
