import { describe, expect, it } from "vitest";
import { expr, grouped, problems } from "./helpers";

describe("precedence", () => {
  it.each([
    ["a or b and c", "(a or (b and c))"],
    ["not a == b and c", "((not (a == b)) and c)"],
    ["not not a", "(not (not a))"],
    ["a + 1 == b * 2", "((a + 1) == (b * 2))"],
    ["0..n - 1", "(0 .. (n - 1))"],
    ["0..2 == r", "((0 .. 2) == r)"],
    ["a - b - c", "((a - b) - c)"],
    ["a + b * c % d / e", "(a + (((b * c) % d) / e))"],
    ["-a * b", "((- a) * b)"],
    ["-a^2", "(- (a ^ 2))"],
    ["a^b^c", "(a ^ (b ^ c))"],
    ["2^-1", "(2 ^ (- 1))"],
    ["a^-b * c", "((a ^ (- b)) * c)"],
    ["a - -b", "(a - (- b))"],
    ["ch * 2^(i + 1)", "(ch * (2 ^ (i + 1)))"],
    ["x |> f |> g(1)", "((x |> f) |> g(1))"],
    ["x |> f.g(y)[0]", "(x |> f.g(y)[0])"],
    ["y => y + 1", "(y => (y + 1))"],
    ["y => y |> f", "(y => (y |> f))"],
    ["x + (x |> f)", "(x + (x |> f))"],
    ["a + b * sample normal like c.d", "(a + (b * <sample normal like c.d>))"],
    ["y + sample normal like y while training", "(y + <sample normal like y t>)"],
    ["code[block: i, half: 0]", "code[i, 0]"],
  ])("%s", (text, want) => {
    expect(grouped(expr(text))).toBe(want);
  });

  it.each([
    ["x + x |> f", "G0105", "write `(x + x) |> f`"],
    ["x |> f + y", "G0105", "write `(x |> f) + y`"],
    ["-x |> f", "G0105", "write `(-x) |> f`"],
    ["x |> -f", "G0105", "write `|> (-f)`"],
    ["a < b <= c", "G0106", "write `a < b and b <= c`"],
    ["1 + not x", "G0116", "write `(not x)`"],
    ["x |> y => y", "G0116", "write `(y => y)`"],
  ])("%s is %s: %s", async (text, code, hint) => {
    const { parse } = await import("../../dsl/parse");
    const { diagnostics } = parse("t.gan", `loss f = ${text}`);
    expect(diagnostics.map((d) => [d.code, d.hint])).toEqual([[code, hint]]);
  });

  it("reports each of several in one file", () => {
    expect(problems("loss f = a + b |> g\nloss h = 1 < 2 < 3\n")).toEqual(["1:12 G0105", "2:16 G0106"]);
  });
});
