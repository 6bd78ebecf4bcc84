// Walks the table of messages: each has a fixture that gives it, and nothing else, at the marked place, and a page.
import { describe, expect, it } from "vitest";
import { diagnose } from "../../dsl/diagnostic";
import { rules } from "../../compiler/diagnostics/table";
import { check, listRepo, readMarked, readRepo } from "./kit";

const all = Object.values(rules);
const nameOf = (r: { code: string; name: string }): string => `${r.code}-${r.name}`;
const fixtures = listRepo("test/diagnostics/fixtures").filter((f) => f.endsWith(".gan"));

/** Messages that no text of a spec gives: who gives them, with the values that make one. */
const ELSEWHERE: Record<string, string> = {
  [nameOf(rules.unexpectedToken)]: diagnose(rules.unexpectedToken, { found: "`}`", expected: "a name" }).message,
  [nameOf(rules.unknownExport)]: diagnose(rules.unknownExport, { name: "A2C", near: "A2B" }).message,
  [nameOf(rules.noHeatmap)]: diagnose(rules.noHeatmap, { name: "A2B", head: "Plain" }).message,
  [nameOf(rules.cannotLower)]: diagnose(rules.cannotLower, { target: "onnx", op: "max", reason: "the axis is free" }).message,
};

describe("the table of diagnostics", { timeout: 60_000 }, () => {
  it("has codes and names of their own", () => {
    expect(new Set(all.map((r) => r.code)).size).toBe(all.length);
    expect(new Set(all.map((r) => r.name)).size).toBe(all.length);
    for (const r of all) expect(nameOf(r)).toMatch(/^G0[1-8]\d\d-[a-z]+(-[a-z]+)*$/);
  });

  it("has no fixture of an unknown message", () => {
    for (const f of fixtures) expect(all.some((r) => f === `${nameOf(r)}.gan` || f.startsWith(`${nameOf(r)}-`)), f).toBe(true);
  });

  for (const r of all) {
    const own = fixtures.filter((f) => f === `${nameOf(r)}.gan` || f.startsWith(`${nameOf(r)}-`));
    it(`${nameOf(r)} has a fixture`, () => {
      if (ELSEWHERE[nameOf(r)]) expect(own).toEqual([]);
      else expect(own).toContain(`${nameOf(r)}.gan`);
    });
    for (const f of own) {
      it(f, () => {
        const path = `test/diagnostics/fixtures/${f}`;
        const { text, places, options } = readMarked(readRepo(path));
        const found = check(path, text, options);
        expect([...found.places].sort()).toEqual([...places].sort());
        expect(found.compiled.diagnostics.some((d) => d.code === r.code && d.name === r.name && d.severity === r.severity)).toBe(true);
      });
    }
  }

  it("speaks plainly", () => {
    for (const f of fixtures) {
      const path = `test/diagnostics/fixtures/${f}`;
      const { text, options } = readMarked(readRepo(path));
      for (const d of check(path, text, options).compiled.diagnostics) {
        for (const said of [d.message, d.hint ?? "", ...d.related.map((x) => x.message)]) expect(said, f).not.toMatch(/undefined|NaN\b(?!`?$)|\[object|defect/);
        expect(d.message, f).toMatch(/^[^A-Z]|^`|^[A-Z][A-Za-z]+ (wants|is)/);
        expect(d.message, f).not.toMatch(/\.$/);
      }
    }
  });
});
