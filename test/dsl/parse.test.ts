import { describe, expect, it } from "vitest";
import { parse } from "../../dsl/parse";
import { std } from "../../dsl/std/index";
import { allTexts, at, declOf, expr, grouped, meaning, specText, statements, tree } from "./helpers";

describe("every .gan file of the repository", () => {
  it.each(allTexts())("%s has no errors", (path, text) => {
    expect(parse(path, text).diagnostics).toEqual([]);
  });

  it("is in the library by its name", () => {
    expect(Object.keys(std).sort()).toEqual(
      ["blocks", "heads", "inits", "losses", "norms", "penalties", "reparams"].map((name) => `std/${name}`),
    );
    for (const text of Object.values(std)) expect(text).toContain("///");
  });
});

describe("specs/ugatit.gan", () => {
  const file = tree(specText("ugatit"));

  it("has its declarations in order", () => {
    expect(file.decls.map(({ kind }) => kind).filter((kind, i, all) => kind !== all[i - 1])).toEqual([
      "import",
      "param",
      "body",
      "train",
      "export",
      "variant",
    ]);
  });

  it("has params with types, conditions and documentation", () => {
    const size = declOf(file, "param", "size");
    expect(size.doc).toBe("height and width of the images, in pixels");
    expect(size.where && grouped(size.where)).toBe("((size % 4) == 0)");
    const norm = declOf(file, "param", "decoder_norm");
    expect(meaning(norm.type)).toMatchObject({
      kind: "named",
      name: { text: "Norm" },
      offers: [{ text: "gamma" }, { text: "beta" }],
    });
    expect(norm.type && at(file, norm.type.span)).toBe("Norm(gamma, beta)");
  });

  it("has spans that are the text", () => {
    const residual = declOf(file, "body", "Residual");
    expect(at(file, residual.span)).toMatch(/^block Residual\(x: image\[C, H, W\][^]*\|> norm\)\n\}$/);
    expect(residual.parameters.map(({ span }) => at(file, span))).toEqual(["x: image[C, H, W]", "norm: Norm"]);
    const [first] = residual.body;
    expect(first?.kind === "return" && first.value.kind === "binary" && at(file, first.value.span)).toMatch(
      /^x \+ \(x\n[^]*\)$/,
    );
  });

  it("has a train block with nets, phases and a schedule", () => {
    const { items } = declOf(file, "train");
    expect(items.map(({ kind }) => kind)).toEqual([
      "data",
      "data",
      "data",
      "data",
      "net",
      "net",
      "let",
      "let",
      "let",
      "phase",
      "phase",
      "optimizer",
      "schedule",
      "batch",
      "length",
    ]);
    const phase = items[9];
    if (phase?.kind !== "phase") throw new Error("no phase");
    expect(phase.trains.map(grouped)).toEqual(["DA", "DB"]);
    const [loop] = phase.body;
    expect(loop?.kind === "for" && loop.clauses.map(({ span }) => at(file, span))).toEqual([
      "d in directions",
    ]);
    const generators = items[10];
    expect(generators?.kind === "phase" && generators.when && grouped(generators.when)).toBe("(((step - 1) % critic_steps) == 0)");
    expect(meaning(items[12])).toMatchObject({
      setting: { text: "rate" },
      held: { unit: "steps", value: { name: "rate_held" } },
      pieces: [
        { kind: "constant", for: { unit: "percent", value: { value: 50 } } },
        { kind: "linear", to: { value: 0 } },
      ],
    });
    expect(meaning(items[14])).toMatchObject({
      amount: { unit: "steps", value: { value: 1_000_000, text: "1_000_000" } },
    });
  });

  it("has variants with settings", () => {
    const { settings } = declOf(file, "variant", "without_cam");
    expect(settings.map(({ path }) => path.map(({ text }) => text).join("."))).toEqual([
      "generator_head",
      "discriminator_head",
    ]);
  });
});

describe("pieces of the other specs", () => {
  it("reads phases with conditions, schedules in epochs, and comprehensions", () => {
    const { items } = declOf(tree(specText("drit")), "train");
    const phase = items.find((item) => item.kind === "phase" && item.name.text === "critics");
    expect(phase?.kind === "phase" && phase.when && grouped(phase.when)).toBe("((step % content_every) == 0)");
    expect(meaning(items.find((item) => item.kind === "schedule"))).toMatchObject({
      pieces: [{ for: { unit: "epochs" } }, { kind: "linear", over: { unit: "epochs", value: { value: 601 } } }],
    });
  });

  it("reads the documentation above a declaration, without its comments", () => {
    const file = tree(
      "// no\n\n/// One.\n/// Two.\nloss l1(a, b) = a - b\n/// apart\n\nloss l2(a) = a\n/// Size.\nparam s = 1\n",
    );
    expect(declOf(file, "body", "l1")).toMatchObject({ doc: "One.\nTwo.", short: true, keyword: "loss" });
    expect(declOf(file, "body", "l2").doc).toBeUndefined();
    expect(declOf(file, "param", "s").doc).toBe("Size.");
  });
});

describe("expressions and statements", () => {
  it("keeps the text of a number and reads its value", () => {
    expect(["1_000", "1e-4", "2.5E3", "0"].map((text) => expr(text))).toMatchObject(
      [1000, 1e-4, 2500, 0].map((value) => ({ kind: "number", value })),
    );
  });

  it("tells lists, axes, comprehensions, tuples, records and parentheses apart", () => {
    const kinds = [
      "[]",
      "[a, b,]",
      "[a: 1, b: 2]",
      "[for a, b in xs, c in d: a]",
      "(a, b)",
      "{ a: 1, b }",
      "{}",
      "(a)",
    ];
    const texts = kinds.map((text) => (text.includes("for a, b") ? "[for (a, b) in xs, c in d: a]" : text));
    expect(texts.map((text) => expr(text).kind)).toEqual([
      "list",
      "list",
      "axes",
      "comprehension",
      "tuple",
      "record",
      "record",
      "name",
    ]);
  });

  it("reads a comprehension as an argument", () => {
    expect(meaning(expr("sum(for x in xs: f(x), over: c)"))).toMatchObject({
      args: [{ value: { kind: "comprehension", form: "argument" } }, { name: { text: "over" }, value: { name: "c" } }],
    });
  });

  it("takes the words of the language's places for names elsewhere", () => {
    const words =
      "from as where block norm head reparam loss init like while training trains except when constant then linear times to over batch every steps epochs within next";
    for (const word of words.split(" ")) {
      expect(meaning(expr(`${word}(${word}: ${word}.${word}, b: { ${word} })`))).toMatchObject({
        callee: { name: word },
      });
      expect(statements(`let ${word} = ${word}`)).toMatchObject([{ name: { text: word } }]);
    }
  });

  it("reads every statement", () => {
    const body = statements(
      `let a = b
       learn rho: vector[C] = 0.0 within [0, 1]
       state u: [out: Out] = unit_normal
       for i in 0..3 { next u = unit(u) while training next v = u }
       sample z1, z2: vector[8] = normal
       loss x += a
       return a`,
    );
    expect(body.map(({ kind }) => kind)).toEqual(["let", "learn", "state", "for", "sample", "term", "return"]);
    expect(meaning(body[3])).toMatchObject({
      body: [
        { kind: "next", training: true },
        { kind: "next", training: false },
      ],
    });
    expect(meaning(body[1])).toMatchObject({ within: [{ value: 0 }, { value: 1 }] });
  });

  it("reads styles behind a semicolon", () => {
    const file = tree("norm N(x: image[C, H, W], eps = 1e-5; gamma: vector[C], beta: vector[C],) { return x }");
    const decl = declOf(file, "body");
    expect([decl.parameters, decl.styles].map((all) => all.map(({ name }) => name.text))).toEqual([
      ["x", "eps"],
      ["gamma", "beta"],
    ]);
  });

  it("tells a share from a remainder", () => {
    expect(grouped(expr("step % 4"))).toBe("(step % 4)");
    expect(grouped(expr("7%2"))).toBe("(7 % 2)");
    expect(grouped(expr("50 % (a)"))).toBe("(50 % a)");
  });

  it("reads strings with escapes", () => {
    expect(expr(String.raw`"a \"b\" \\ \n"`)).toMatchObject({ value: 'a "b" \\ \n' });
  });
});
