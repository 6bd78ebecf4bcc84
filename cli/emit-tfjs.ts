// The TensorFlow.js backend's files: formatted for people, or bundled for our own engine.
import { emitProject, type EmittedProject } from "../backends/tfjs/project";
import type { Notes } from "../backends/tfjs/scaffold/model";
import { TF_GLOBAL } from "../runtime/engine/tfjs";
import { UserError } from "../runtime/files/errors";
import { renderDiagnostics } from "./render";
import type { Loaded } from "./spec";

/** The project, or an end with what it cannot express. */
export function projectOf(c: Loaded, notes: Notes): EmittedProject {
  const project = emitProject(c, notes);
  if (project.diagnostics.length === 0) return project;
  process.stderr.write(`${renderDiagnostics(project.diagnostics, c.read)}\n`);
  throw new UserError(`${c.source.path} cannot be written as TensorFlow.js code`);
}

/** Formatted once, as a person would keep it. */
export async function formatted({ files }: EmittedProject): Promise<Map<string, string>> {
  const prettier = await import("prettier");
  const parsers: Readonly<Record<string, string>> = { ts: "typescript", json: "json", md: "markdown" };
  const texts = new Map<string, string>();
  for (const [path, text] of files) {
    const parser = parsers[path.slice(path.lastIndexOf(".") + 1)];
    texts.set(path, parser === undefined ? text : await prettier.format(text, { parser, printWidth: 120 }));
  }
  return texts;
}

/** The training step as one ES module; TensorFlow.js is whatever the global TF_GLOBAL holds. */
export async function bundled({ files }: EmittedProject): Promise<string> {
  const { build } = await import("esbuild");
  const entry = 'export { training } from "./src/train.js";\nexport { Weights } from "./src/lib/weights.js";\n';
  const tf = `export const tf = globalThis[${JSON.stringify(TF_GLOBAL)}];\nexport const packageName = "";\n`;
  const made = await build({
    stdin: { contents: entry, resolveDir: "/", sourcefile: "entry.ts", loader: "ts" },
    bundle: true, write: false, format: "esm", platform: "node", target: "node20", logLevel: "silent",
    plugins: [{
      name: "emitted",
      setup: (b) => {
        b.onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
          const folder = importer.includes("/") && importer !== "entry.ts" ? importer.slice(0, importer.lastIndexOf("/")) : "";
          const parts = [...folder.split("/"), ...path.split("/")].reduce<string[]>((all, part) => (part === ".." ? all.slice(0, -1) : part === "." || part === "" ? all : [...all, part]), []);
          return { path: parts.join("/").replace(/\.js$/, ".ts"), namespace: "emitted" };
        });
        b.onLoad({ filter: /.*/, namespace: "emitted" }, ({ path }) => ({ contents: path === "src/lib/tf.ts" ? tf : (files.get(path) ?? ""), loader: "ts" }));
      },
    }],
  });
  return made.outputFiles[0]!.text;
}
