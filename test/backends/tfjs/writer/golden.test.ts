// The emitted projects of every variant, as committed: they type-check strictly, use all that they declare, and import nothing of ganc. `base`
// is kept whole; of another variant what differs from it. GANC_GOLDEN=write makes them again: read the difference before committing it.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { compileSpec, formattedFiles, project } from "./kit";

const GOLDEN = "test/golden/tfjs";
const writing = process.env["GANC_GOLDEN"] === "write";
const SMALL = ["size=64", "ch=16", "blocks=2", "global_depth=6"];

/** Name of the golden folder, spec, variants. */
const ALL: readonly (readonly [name: string, spec: string, variants: readonly string[], set: readonly string[]])[] = [
  ["base", "ugatit", [], SMALL],
  ...["full", "without_cam", "without_g_cam", "without_d_cam", "norm_in", "norm_ln", "norm_adain", "norm_gn", "tensorflow", "gan", "hinge", "wgan_gp", "wgan_lp", "dragan"].map((v) => [v, "ugatit", [v], SMALL] as const),
  ["critic_steps", "ugatit", [], [...SMALL, "critic_steps=2"]],
  ["cyclegan", "cyclegan", [], ["size=64", "ch=16"]],
  ["unit", "unit", [], ["size=64", "ch=16"]],
  ["munit", "munit", [], ["size=64", "ch=16"]],
  ["drit", "drit", [], ["ch=16"]],
];

/** Text by path. Where something is of the base's, the golden folder does not repeat it. */
function committed(name: string): Map<string, string> {
  const list = readFileSync(join(GOLDEN, name, "FILES.txt"), "utf8").trimEnd().split("\n");
  return new Map(list.map((path) => {
    const own = join(GOLDEN, name, path);
    return [path, readFileSync(existsSync(own) ? own : join(GOLDEN, "base", path), "utf8")];
  }));
}

function write(name: string, files: ReadonlyMap<string, string>, base: ReadonlyMap<string, string>): void {
  rmSync(join(GOLDEN, name), { recursive: true, force: true });
  for (const [path, text] of [...files, ["FILES.txt", `${[...files.keys()].join("\n")}\n`] as const]) {
    if (name !== "base" && path !== "FILES.txt" && base.get(path) === text) continue;
    mkdirSync(dirname(join(GOLDEN, name, path)), { recursive: true });
    writeFileSync(join(GOLDEN, name, path), text);
  }
}

const emitted = new Map<string, Map<string, string>>();
beforeAll(async () => {
  for (const [name, spec, variants, set] of ALL) emitted.set(name, await formattedFiles(project(compileSpec(`specs/${spec}.gan`, { variants, set }), { variants, set })));
  if (writing) for (const [name, files] of emitted) write(name, files, emitted.get("base")!);
}, 900_000);

describe.each(ALL.map(([name]) => name))("%s", (name) => {
  it("is what is committed", () => {
    const [now, then] = [emitted.get(name)!, committed(name)];
    expect([...now.keys()]).toEqual([...then.keys()]);
    for (const [path, text] of now) expect(text, path).toBe(then.get(path));
  });

  it("imports nothing of ganc", () => {
    const allowed = ["@tensorflow/tfjs", "sharp"];
    for (const [path, text] of emitted.get(name)!) {
      // What model.ts holds is the spec's own text.
      const code = path === "src/model.ts" ? text.slice(0, text.indexOf("const source")) : text;
      for (const [, from = ""] of code.matchAll(/(?:from|import\() ?"([^"]+)"/g)) {
        if (from.startsWith("node:") || allowed.includes(from)) continue;
        const target = join(dirname(path), from).replace(/\.js$/, ".ts");
        expect(emitted.get(name)!.has(target), `${path} imports ${from}`).toBe(true);
      }
    }
  });

  it("says of each class and function where in the spec it stands", () => {
    for (const [path, text] of emitted.get(name)!) {
      if (!/^src\/(networks\/|norms|heads|losses|reparams)/.test(path)) continue;
      const declared = [...text.matchAll(/^export (?:class|function) (\w+)/gm)];
      expect(declared.length, path).toBeGreaterThan(0);
      for (const m of declared) expect(text.slice(0, m.index).trimEnd(), `${path}: ${m[1]!}`).toMatch(/(?:network|block|norm|head|loss|reparam) \w+, \S+:\d+ ?(?:\n )?\*\/$/);
    }
  });
});

/** What the TypeScript compiler says of projects under their own settings, with no name unused; all in one program. */
function problemsOf(projects: ReadonlyMap<string, ReadonlyMap<string, string>>): string[] {
  const home = resolve("node_modules/.cache/ganc-emitted");
  rmSync(home, { recursive: true, force: true });
  const roots: string[] = [];
  for (const [name, files] of projects) {
    for (const [path, text] of files) {
      const file = join(home, name, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      if (path.endsWith(".ts")) roots.push(file);
    }
  }
  try {
    const { compilerOptions } = JSON.parse(emitted.get("base")!.get("tsconfig.json")!) as { compilerOptions: object };
    const { options } = ts.convertCompilerOptionsFromJson({ ...compilerOptions, rootDir: home, noEmit: true, noUnusedLocals: true, noUnusedParameters: true }, home);
    const problems = ts.getPreEmitDiagnostics(ts.createProgram(roots, options));
    return problems.map((d) => `${d.file?.fileName.slice(home.length + 1) ?? ""}:${d.file ? d.file.getLineAndCharacterOfPosition(d.start ?? 0).line + 1 : 0} ${ts.flattenDiagnosticMessageText(d.messageText, " ")}`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

it("they type-check strictly, without an unused name", { timeout: 600_000 }, () => {
  expect(problemsOf(emitted)).toEqual([]);
});

it("the type check sees a wrong type, and a name that nobody uses", { timeout: 600_000 }, () => {
  const base = emitted.get("base")!;
  const losses = base.get("src/losses.ts")!.replace("label: number", "label: string").concat("const unused = 1;\n");
  const problems = problemsOf(new Map([["wrong", new Map([...base, ["src/losses.ts", losses]])]])).join("\n");
  expect(problems).toContain("'unused' is declared but its value is never read");
  expect(problems).toMatch(/type 'string'|to parameter of type 'string'/);
});
