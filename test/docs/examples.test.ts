// Every fenced `gan` example of the documentation compiles, in the frame that its mark names:
//   gan            a spec, or declarations (tried in a small training if they declare `network G`)
//   gan net        the body of a network
//   gan train      the items of a train block, with a Generator and a Critic at hand
//   gan fragment   is only parsed
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile";
import { builtins } from "../../compiler/builtins/table";
import { parse } from "../../dsl/parse";
import { std } from "../../dsl/std/index";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const files = ["docs/language.md", "docs/architecture.md", "CONTRIBUTING.md", "README.md"];

const IMPORTS = 'import { mse, l1 } from "std/losses"\n';
const TRAIN = "train {\n  data A: image[3, 16, 16]\n  net AB: G\n  phase p trains AB { loss power += mean(AB(A)^2) }\n  optimizer p = adam(rate: 1e-4)\n}\nexport A2B(x: image[3, H, W]) = AB(x)\n";
const NETWORKS = `network Generator(x: image[3, H, W]) { return x |> conv(3, 3, pad: 1) }
network Critic(x: image[3, H, W], depth: int = 2) { return x |> repeat(depth) { conv(4, 4, stride: 2, pad: 1) } |> conv(1, 1) }
`;

function whole(kind: string, text: string): string {
  switch (kind) {
    case "net":
      return `network G(x: image[3, H, W]) {\n${text}}\n${TRAIN}`;
    case "train":
      return `${IMPORTS}${NETWORKS}train {\n${text}}\n`;
    default:
      return /^train \{/m.test(text) || !/^network G\(/m.test(text) ? text : `${text}${TRAIN}`;
  }
}

interface Example {
  readonly kind: string;
  readonly text: string;
  readonly line: number;
}
function examples(file: string): Example[] {
  const text = read(file);
  return [...text.matchAll(/```gan ?(\w*)\n([\s\S]*?)```/g)].map((m) => ({ kind: m[1]!, text: m[2]!, line: text.slice(0, m.index).split("\n").length }));
}

describe("examples", { timeout: 60_000 }, () => {
  for (const file of files) {
    for (const { kind, text, line } of examples(file)) {
      it(`${file}:${line} ${kind}`, () => {
        if (kind === "fragment") {
          expect(parse("example.gan", text).diagnostics.map((d) => d.message)).toEqual([]);
          return;
        }
        expect(["", "net", "train"]).toContain(kind);
        const source = whole(kind, text);
        const { diagnostics } = compile({ path: "example.gan", text: source }, { until: "check" });
        const wrong = diagnostics.filter((d) => d.severity !== "note").map((d) => `${d.code} ${d.message}`);
        const trains = /^train \{/m.test(source);
        expect(wrong).toEqual(trains ? [] : [expect.stringContaining("G0710")]);
      });
    }
  }
});

describe("the language reference", () => {
  const text = read("docs/language.md");

  it("shows every variant of its whole spec", () => {
    const [spec] = examples("docs/language.md");
    expect(compile({ path: "example.gan", text: spec!.text }, { until: "graphs", variants: ["small"] }).diagnostics).toEqual([]);
  });

  it("lists everything that is built in", () => {
    const [, table] = /\n## Built in\n([\s\S]*?)\n## /.exec(text)!;
    for (const name of builtins.keys()) expect(table).toMatch(new RegExp(`\`${name}[\`(]`));
  });

  it("lists the settings of what is built in", () => {
    const [, table] = /\n## Built in\n([\s\S]*?)\n## /.exec(text)!;
    for (const b of builtins.values()) {
      const row = table!.split("\n").find((l) => new RegExp(`\`${b.name}[\`(]`).test(l))!;
      for (const p of b.parameters.filter((q) => q.default !== undefined && q.kind !== "init" && /[a-z]{4}/.test(q.name) && b.doc.includes(`${q.name}:`))) expect(row, `${b.name} ${p.name}`).toContain(p.name);
    }
  });

  it("lists the standard library", () => {
    for (const [module, source] of Object.entries(std)) {
      const row = text.split("\n").find((l) => l.startsWith(`| \`${module}\``));
      const names = parse(module, source).file.decls.flatMap((d) => (d.kind === "body" ? [d.name.text] : []));
      for (const name of names) expect(row).toContain(`\`${name}\``);
    }
  });

  it("lists the reserved words", () => {
    const [, words] = /Reserved words:([\s\S]*?)All other words/.exec(text)!;
    const listed = [...words!.matchAll(/`(\w+)`/g)].map((m) => m[1]!);
    for (const word of listed) expect(parse("w.gan", `param ${word} = 1`).diagnostics.map((d) => d.code), word).toContain("G0107");
    expect(listed).toHaveLength(28);
  });

  it("has no link to a heading that is not there", () => {
    const headings = new Set([...text.matchAll(/^## (.*)$/gm)].map((m) => m[1]!.toLowerCase().replaceAll(/[^a-z ]/g, "").replaceAll(" ", "-")));
    for (const m of text.matchAll(/\]\(#([a-z-]+)\)/g)) expect(headings, m[1]!).toContain(m[1]!);
  });
});
