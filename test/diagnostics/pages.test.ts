// Every message has a page, every page a message; the example of a page gives the message at the mark.
import { describe, expect, it } from "vitest";
import { rules } from "../../compiler/diagnostics/table";
import { check, listRepo, readMarked, readRepo } from "./kit";

const names = Object.values(rules).map((r) => `${r.code}-${r.name}`);
const pages = listRepo("docs/diagnostics").filter((f) => f !== "README.md");

describe("the pages of diagnostics", () => {
  it("are those of the table", () => {
    expect(pages).toEqual(names.map((n) => `${n}.md`).sort());
  });

  it("stand in the index (node docs/index.mjs)", () => {
    const index = readRepo("docs/diagnostics/README.md");
    for (const page of pages) expect(index).toContain(`](${page})`);
    expect(index.match(/\]\(G\d{4}/g)).toHaveLength(pages.length);
  });

  for (const page of pages) {
    it(page, () => {
      const text = readRepo(`docs/diagnostics/${page}`);
      expect(text).toMatch(new RegExp(`^# ${page.slice(0, 5)}: `));
      expect(text).toContain("## What to change");
      const [, example] = /```gan\n([\s\S]*?)```/.exec(text) ?? [];
      if (example === undefined) return;
      const { text: source, places } = readMarked(example);
      const flags = [...(/^With `(.*)`:/m.exec(text)?.[1] ?? "").matchAll(/--(set|variant) (\S+)/g)];
      const of = (kind: string): string[] => flags.filter((f) => f[1] === kind).map((f) => f[2]!);
      const path = `docs/diagnostics/${page.replace(".md", ".gan")}`;
      const found = check(path, source, { set: of("set"), variants: of("variant") });
      expect(found.places.filter((p) => p.includes(":")).sort()).toEqual([...places].sort());
      expect(found.compiled.diagnostics.map((d) => d.code)).toContain(page.slice(0, 5));
    });
  }
});
