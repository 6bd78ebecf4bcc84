// What stands around the code: package.json, tsconfig.json, README.md, WEIGHTS.md, src/main.ts.
import type { Compiled } from "../../../compiler/compile";
import type { Program } from "../../../compiler/program";
import { ordered } from "../writer/axes";

const TFJS = "^4.22.0";

export function packageText(program: Program): string {
  return `${JSON.stringify({
    name: `${program.spec.replace(/[^a-z0-9-]/gi, "-").toLowerCase()}-tfjs`, version: "1.0.0", private: true, type: "module",
    description: `Trains ${program.spec} on TensorFlow.js. Written by ganc.`,
    scripts: { build: "tsc", train: "node dist/main.js" },
    dependencies: { sharp: "^0.35.5" },
    // The code takes the first that loads. npm leaves out what cannot be installed.
    optionalDependencies: { "@tensorflow/tfjs": TFJS, "@tensorflow/tfjs-node": TFJS, "@tensorflow/tfjs-node-gpu": TFJS },
    devDependencies: { "@types/node": "^20.19.43", typescript: "~5.9.0" },
  }, null, 2)}\n`;
}

export function tsconfigText(): string {
  // skipLibCheck: TensorFlow.js's own declarations need it.
  return `${JSON.stringify({ compilerOptions: { target: "es2022", module: "nodenext", strict: true, skipLibCheck: true, rootDir: "src", outDir: "dist", types: ["node"] }, include: ["src"] }, null, 2)}\n`;
}

export function mainText(): string {
  return [
    "// The command: node dist/main.js --data DIR --out RUN. TensorFlow.js is loaded once the arguments are understood.",
    "await command(async (options) => {",
    'const { run } = await import("./lib/run.js");',
    'const { model } = await import("./model.js");',
    "await run(model, options);",
    "});",
  ].join("\n");
}

export function readmeText(c: Compiled, program: Program, files: readonly string[]): string {
  const nets = files.filter((f) => f.startsWith("src/networks/"));
  const own = (name: string): boolean => files.includes(`src/${name}.ts`);
  const rows = [
    ["src/train.ts", "the training step: phases in the order of the spec, losses by name"],
    ...nets.map((f) => [f, "a class of the spec"]),
    ...[["norms", "normalizations"], ["heads", "attention heads"], ["losses", "losses"], ["reparams", "what stands for a weight"]].flatMap(([n, what]) => (own(n!) ? [[`src/${n!}.ts`, what!]] : [])),
    ["src/config.ts", "params of the spec: change them here"],
    ["src/model.ts", "data, schedule, length"],
    ["src/main.ts", "the command"],
    ["src/lib/", "layers, gradients that TensorFlow.js lacks, Adam, data, checkpoints"],
  ];
  return `# ${program.spec} on TensorFlow.js

Written by ganc from \`${c.source.path}\`. It is yours: read it beside the paper, change it, train with it. It imports nothing of ganc.

\`\`\`sh
npm install --ignore-scripts && npm run build
node dist/main.js --data DIR --out RUN          # DIR holds ${[...new Set(program.data.map((d) => `train${d.folder}`))].join(", ")}
node dist/main.js --data DIR --out RUN --resume
\`\`\`

It takes the first of \`@tensorflow/tfjs-node-gpu\`, \`@tensorflow/tfjs-node\` and \`@tensorflow/tfjs\` that loads, and says which; \`--tfjs NAME\` asks for
one. The native packages need their library: \`npm rebuild @tensorflow/tfjs-node\` downloads it, \`ganc tfjs-node link\` builds the addon against the
TensorFlow that Python has. The plain package runs everywhere and is hundreds of times slower.

| file | what it holds |
|---|---|
${rows.map(([f, what]) => `| \`${f!}\` | ${what!} |`).join("\n")}

Pictures are [batch, height, width, channels] throughout. Checkpoints are safetensors in ganc's own layout (WEIGHTS.md), so
\`ganc translate RUN\` and \`ganc train --resume\` take a run of this project, and it takes one of theirs.
`;
}

export function weightsText(program: Program): string {
  const rows = program.params.map((p) => {
    const kernel = p.axes.includes("kh") ? ["kh", "kw", "in", "out"] : p.axes.includes("out") && p.axes.includes("in") ? ["in", "out"] : ordered(p.axes);
    return `| ${p.name} | ${shown(p.axes, p.shape)} | ${kernel.join() === p.axes.join() ? "the same" : kernel.join(", ")} |`;
  });
  const states = program.states.map((s) => `| ${s.name} | ${shown(s.axes, s.shape)} |`);
  return `# Weights

A checkpoint holds each tensor as \`param/NAME\`, Adam's moments as \`m/NAME\` and \`v/NAME\`, states as \`state/NAME\`: float32, row-major, axes in the
order of the second column. In memory TensorFlow.js has them in the order of the third.

| param | in files | in memory |
|---|---|---|
${rows.join("\n")}
${states.length > 0 ? `\n| state | in files |\n|---|---|\n${states.join("\n")}\n` : ""}`;
}

const shown = (axes: readonly string[], shape: readonly number[]): string => (axes.length === 0 ? "one number" : axes.map((a, i) => `${a} ${shape[i]!}`).join(", "));
