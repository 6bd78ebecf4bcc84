import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { format } from "../../dsl/format";
import { parse } from "../../dsl/parse";
import { comments, fileTokens, spaced, spaces } from "./generate";
import { allTexts, meaning, meaningOf } from "./helpers";

// `RUNS=2000 SEED=7 npx vitest run test/dsl/properties` looks further; the usual run repeats the same cases.
const numRuns = Number(process.env["RUNS"] ?? 80);
const seed = Number(process.env["SEED"] ?? 1);
const texts = allTexts().map(([, text]) => text);
const words = texts.flatMap((text) => text.match(/[A-Za-z_]+|\d+|[^\sA-Za-z_\d]/g) ?? []);

/** A text of the repository with a few pieces taken out, doubled or put in. */
const mutated = fc
  .tuple(
    fc.constantFrom(...texts),
    fc.array(fc.tuple(fc.nat(), fc.nat(6), fc.constantFrom("", ...words, "\n", '"', "//", "$", "é")), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([text, edits]) => {
    return edits.reduce((t, [where, length, put]) => {
      const at = where % (t.length + 1);
      return t.slice(0, at) + put + t.slice(at + length);
    }, text);
  });

/** Nothing but diagnostics comes of a text, and all of them are well formed. */
function check(text: string): void {
  const { file, diagnostics } = parse("t.gan", text);
  expect(file.text).toBe(text);
  for (const { code, message, span } of diagnostics) {
    expect(code).toMatch(/^G01\d\d$/);
    expect(message).not.toMatch(/undefined|NaN|\[object/);
    expect(span && span.start >= 0 && span.start <= span.end && span.end <= text.length).toBe(true);
  }
  expect(() => format(text, "t.gan")).not.toThrow();
}

function formatKeeps(text: string): void {
  const once = format(text, "t.gan").text;
  expect(meaningOf(once)).toEqual(meaningOf(text));
  expect(format(once, "t.gan").text).toBe(once);
}

describe("parse", () => {
  it("never throws for any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 60 }), check), { numRuns, seed });
  });

  it("never throws for words of the language in any order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((all) => all.join(" ")),
        check,
      ),
      { numRuns, seed },
    );
  });

  it("never throws for a spec that was damaged", { timeout: 60_000 }, () => {
    fc.assert(fc.property(mutated, check), { numRuns, seed });
  });

  it("gives spans inside of those of the parent, in order", () => {
    for (const [path, text] of allTexts()) {
      const walk = (node: unknown, start: number, end: number): void => {
        if (Array.isArray(node)) return node.forEach((each) => walk(each, start, end));
        if (node === null || typeof node !== "object") return;
        const span = "span" in node ? (node.span as { start: number; end: number }) : { start, end };
        expect(
          span.start >= start && span.end <= end && span.start < span.end,
          `${path} ${JSON.stringify(meaning(node)).slice(0, 80)}`,
        ).toBe(true);
        for (const [key, value] of Object.entries(node)) if (key !== "span") walk(value, span.start, span.end);
      };
      walk(parse(path, text).file.decls, 0, text.length);
    }
  });

  it.each([
    ["brackets", "loss f = " + "(".repeat(50_000)],
    ["closed brackets", "loss f = " + "[".repeat(90) + "]".repeat(90)],
    ["deep brackets", "loss f = " + "(".repeat(5000) + "1" + ")".repeat(5000)],
    ["signs", "loss f = " + "-".repeat(50_000) + "1"],
    ["operators", "loss f = 1" + " + 1".repeat(20_000)],
    ["functions", "loss f = " + "x => ".repeat(20_000) + "x"],
    ["conditions", "loss f = " + "if a { b } else ".repeat(5000) + "{ c }"],
    ["calls", "loss f = f" + "()".repeat(20_000)],
    ["blocks", "block B " + "{ for a in b ".repeat(5000)],
    ["errors", "hello let ".repeat(5000)],
    ["errors in a block", "block B {" + " x let y = 1".repeat(5000)],
    ["closers", ")".repeat(50_000)],
    ["quotes", '"\n'.repeat(20_000)],
  ])("bears many %s", { timeout: 60_000 }, (_, text) => {
    check(text);
  });
});

describe("fmt", () => {
  it("keeps the meaning of any text, and is done after one run", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fileTokens, spaces, (tokens, between) => formatKeeps(spaced(tokens, between))),
      { numRuns, seed },
    );
  });

  it("keeps meaning and every comment, wherever they stand", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fileTokens, comments, (tokens, between) => {
        const text = spaced(tokens, between);
        const once = format(text, "t.gan").text;
        const count = (t: string): number => t.match(/\/\/ c|\/\/ own \) line|\/\/\/ doc/g)?.length ?? 0;
        expect(count(once)).toBe(count(text));
        const bare = (t: string): unknown => meaningOf(t.replace(/\/\/\/ doc/g, "// doc"));
        expect(bare(once)).toEqual(bare(text));
        expect(format(once, "t.gan").text).toBe(once);
      }),
      { numRuns, seed },
    );
  });

  it("keeps the meaning of a damaged spec that still stands", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(mutated, (text) => {
        if (parse("t.gan", text).diagnostics.length === 0) formatKeeps(text);
      }),
      { numRuns, seed },
    );
  });
});
