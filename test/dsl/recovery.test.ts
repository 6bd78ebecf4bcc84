import { describe, expect, it } from "vitest";
import { parse } from "../../dsl/parse";
import { syntaxRules } from "../../dsl/syntax-rules";
import { problems } from "./helpers";

const messages = (text: string): string[] => parse("t.gan", text).diagnostics.map(({ message }) => message);

describe("errors of form", () => {
  it("have codes and names of their own", () => {
    const rules = Object.values(syntaxRules);
    expect(new Set(rules.map(({ code }) => code)).size).toBe(rules.length);
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
    for (const { code, name } of rules) expect(`${code} ${name}`).toMatch(/^G01\d\d [a-z-]+$/);
  });

  it("come several in one run, each at its place", () => {
    const text = `param size: int = 256 where
param data = 3
network G(x: image[3, H, W] {
  let y = x |> conv(3, 4 |> relu
  let z = x + x |> relu
  foo(x)
  return { a: 1 b: 2,, c }
}
block B(x) { return "abc
}
train {
  phase p trains A {
    loss x += mse(a, b
    loss y = 3
  }
  schedule rate = constant for 50, then linear to 0
}
}
train { batch $@ 1 }
export A(x) AB(x)
loss f(x) = 50%
`;
    expect(problems(text)).toEqual([
      "1:28 G0108",
      "2:7 G0107",
      "3:29 G0102",
      "5:3 G0102",
      "5:13 G0105",
      "6:3 G0113",
      "7:17 G0111",
      "7:22 G0118",
      "9:21 G0104",
      "14:5 G0102",
      "14:12 G0108",
      "16:34 G0108",
      "18:1 G0110",
      "19:1 G0109",
      "19:15 G0103",
      "20:13 G0108",
      "21:13 G0115",
    ]);
  });

  it.each([
    ["block B(x) {\n  let y = x |>\n  return y\n}", "expected an expression after `|>`, found `return`"],
    [
      "block B(x) {\n  return x\n\nnetwork G(x) { return x }",
      "expected a `}` to close the block opened at line 1, found `network`",
    ],
    ["train {\n  batch 1\n", "expected a `}` to close the `train` block opened at line 1, found the end of the file"],
    ["loss f(a, b = a", "expected a `)` to close the parameters opened at line 1, found the end of the file"],
    ["param if = 3", "`if` is a word of the language and cannot be a name"],
    ["param x: = 3", "expected a type after `:`, found `=`"],
    ["train { schedule rate = sometimes }", "expected `constant`, `linear` or `times` after `=`, found `sometimes`"],
    ["train { length 200 }", "expected `steps` or `epochs` after `200`, found `}`"],
    ["hello", "no declaration begins with `hello`"],
    ["loss f = [1 2]", "expected a `,` before `2`"],
    ["loss f = 1e999", "`1e999` is too large for a 64-bit floating point number"],
    ["loss f = £", "the language has no use for `£`"],
  ])("%j: %s", (text, message) => {
    expect(messages(text)[0]).toBe(message);
  });

  it("say where the open bracket stands", () => {
    const text = "loss f = g(1,\n  h(2)\nloss h = 1\n";
    const [problem] = parse("t.gan", text).diagnostics;
    expect(problem).toMatchObject({ code: "G0102", related: [{ span: { start: 10, end: 11 } }] });
  });

  it("name the first of two train blocks", () => {
    const [problem] = parse("t.gan", "train { batch 1 }\ntrain { batch 2 }").diagnostics;
    expect(problem).toMatchObject({
      code: "G0109",
      span: { start: 18, end: 23 },
      related: [{ span: { start: 0, end: 5 } }],
    });
  });

  it("leave what is whole in the tree", () => {
    const { file } = parse("t.gan", "param a = 1\nparam b = \nparam c = 3\nblock B(x) {\n  let y =\n  return x\n}\n");
    expect(file.decls.map((d) => ("name" in d ? d.name.text : d.kind))).toEqual(["a", "c", "B"]);
    expect(file.decls[2]).toMatchObject({ body: [{ kind: "return" }] });
  });

  it("never speak of the parser's machinery", () => {
    for (const text of [
      "__proto__",
      "f constructor",
      "loss f = toString __proto__",
      "param",
      "train { phase",
      "loss f(",
      "import { a } fro",
      "export A(",
      "variant v { a",
      "norm N(x;",
    ]) {
      for (const message of messages(text)) expect(message).not.toMatch(/token|Token|-->|undefined|NaN/);
    }
  });
});
