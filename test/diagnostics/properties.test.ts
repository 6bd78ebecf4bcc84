// compile() never throws, whatever the text: ugatit.gan with tokens deleted, doubled, swapped and replaced.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check, readRepo } from "./kit";

const pieces = readRepo("specs/ugatit.gan").replace(/\/\/.*/g, "").match(/[A-Za-z_]\w*|\d[\d_.]*(?:e-?\d+)?|"[^"]*"|\|>|=>|==|\+=|\.\.|\s+|./g)!;
const tokens = pieces.flatMap((p, i) => (p.trim() === "" ? [] : [i]));
const TINY = ["size=32", "load_size=36", "ch=4", "blocks=1", "global_depth=4", "local_depth=3"];

const place = fc.nat({ max: tokens.length - 1 }).map((i) => tokens[i]!);
const edit = fc.oneof(
  fc.record({ kind: fc.constant("delete" as const), at: place, other: place }),
  fc.record({ kind: fc.constant("double" as const), at: place, other: place }),
  fc.record({ kind: fc.constant("swap" as const), at: place, other: place }),
  fc.record({ kind: fc.constant("replace" as const), at: place, other: place }),
);

function apply(edits: readonly { kind: "delete" | "double" | "swap" | "replace"; at: number; other: number }[]): string {
  const now = [...pieces];
  for (const { kind, at, other } of edits) {
    if (kind === "delete") now[at] = "";
    else if (kind === "double") now[at] = `${now[at]!} ${now[at]!}`;
    else if (kind === "replace") now[at] = pieces[other]!;
    else [now[at], now[other]] = [now[other]!, now[at]!];
  }
  return now.join("");
}

describe("compile", () => {
  it("never throws, and every diagnostic has its place and its words", () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const text = apply(edits);
        const { compiled } = check("m.gan", text, { set: TINY });
        for (const d of compiled.diagnostics) {
          if (d.span?.file === "m.gan") expect(d.span.start <= d.span.end && d.span.end <= text.length).toBe(true);
          expect(`${d.message} ${d.hint ?? ""}`).not.toMatch(/undefined|\[object|defect/);
        }
        expect(compiled.ok).toBe(!compiled.diagnostics.some((d) => d.severity === "error"));
      }),
      { numRuns: 150, seed: 20 },
    );
  }, 120_000);

  it("never throws on the way to graphs", () => {
    fc.assert(
      fc.property(edit, (one) => void check("m.gan", apply([one]), { set: TINY, until: "graphs" })),
      { numRuns: 25, seed: 20 },
    );
  }, 120_000);
});
