import { describe, expect, it } from "vitest";
import { format } from "../../dsl/format";
import { allTexts, meaningOf } from "./helpers";

const formatted = (text: string): string => {
  const once = format(text, "t.gan");
  expect(once.diagnostics).toEqual([]);
  expect(format(once.text, "t.gan").text).toBe(once.text);
  expect(meaningOf(once.text)).toEqual(meaningOf(text));
  return once.text;
};

describe("fmt", () => {
  it.each(allTexts())("leaves %s as it is", (path, text) => {
    expect(format(text, path).text).toBe(text);
  });

  it.each(allTexts())("brings %s back from one line of tokens", (_, text) => {
    const bare = text.replace(/^\s*\/\/.*$/gm, "").replace(/\s\/\/.*$/gm, "");
    expect(meaningOf(formatted(bare.replace(/\s+/g, " ")))).toEqual(meaningOf(bare));
  });

  it.each([
    ["loss f ( a,b )=mean( (a-b) ^2 )", "loss f(a, b) = mean((a - b)^2)\n"],
    ["loss f = -(a+b)*(c*d)-(e-f)", "loss f = -(a + b) * (c * d) - (e - f)\n"],
    ["loss f = (a^b)^c + a^(b^c)", "loss f = (a^b)^c + a^b^c\n"],
    ["loss f = (a<b)==(c<d)", "loss f = (a < b) == (c < d)\n"],
    ["loss f = not(a and b) or(not c)", "loss f = not (a and b) or not c\n"],
    ["loss f = 0..(n-1)", "loss f = 0..(n - 1)\n"],
    ["loss f = (y=>y)(x)", "loss f = (y => y)(x)\n"],
    ["loss f = (x|>f)|>(y=>y)", "loss f = x |> f |> (y => y)\n"],
    ["loss f = (sample normal)+1", "loss f = (sample normal) + 1\n"],
    ["block B{next u=(sample normal)while training}", "block B { next u = (sample normal) while training }\n"],
    ["block B{next u=sample normal while training}", "block B { next u = sample normal while training }\n"],
    ["train{length 50%}", "train { length 50% }\n"],
    ["block B() { }", "block B() {}\n"],
    ["", ""],
  ])("%s", (text, want) => {
    expect(formatted(text)).toBe(want);
  });

  it("keeps comments at their places", () => {
    const text = `// first

// of B
block B(  // opening
  x,  // an x
  // last
) {  // body
  // above

  let y = x  // behind
    |> f
    // a stage
    |> g
  return y

  // end
}
// file's end
`;
    expect(formatted(text)).toBe(text);
  });

  it("moves a comment out of the middle of an expression, above the line", () => {
    expect(formatted("loss f = a + // why\n  b\n")).toBe("// why\nloss f = a + b\n");
  });

  it("keeps no more than one empty line", () => {
    expect(formatted("\n\nparam a = 1\n\n\n\nparam b = 2\nblock B {\n\n let a = 1\n\n\n return a\n\n}")).toBe(
      "param a = 1\n\nparam b = 2\nblock B {\n  let a = 1\n\n  return a\n}\n",
    );
  });

  it("lines up what stands in columns", () => {
    expect(formatted('param a = 1 "one"\nparam long = 10 "two" // c\nvariant a { b = 1 }\nvariant cde { b = 2 }')).toBe(
      'param a = 1      "one"\nparam long = 10  "two"  // c\nvariant a   { b = 1 }\nvariant cde { b = 2 }\n',
    );
  });

  it("leaves a text with errors alone", () => {
    const text = "param  a =\n";
    expect(format(text, "t.gan")).toMatchObject({ text, diagnostics: [{ code: "G0108" }] });
  });
});
