// Random texts of the language, as lists of tokens, so that a test may put any space, line break or comment between them.
import fc from "fast-check";

type Words = readonly string[];
const cat = (...parts: readonly (string | Words)[]): Words => parts.flat();
const commas = (items: readonly Words[], last = false): Words => {
  return items.flatMap((item, i) => (i < items.length - 1 || last ? [...item, ","] : item));
};

const name = fc.constantFrom(
  "x",
  "y",
  "block",
  "from",
  "to",
  "like",
  "norm",
  "loss",
  "next",
  "over",
  "C",
  "_",
  "batch",
  "training",
);
const number = fc.constantFrom("0", "1", "2.5", "1e-4", "1_000");
const string = fc.constantFrom('"a"', '"// no comment"', String.raw`"\"{"`);
const binary = fc.constantFrom("or", "and", "==", "<", "..", "+", "-", "*", "/", "%", "^");

type Grammar = { e: Words; postfix: Words; arg: Words; list: Words };

export const { e: expression } = fc.letrec<Grammar>((tie) => {
  const e = tie("e");
  const postfix = tie("postfix");
  const some = (item: fc.Arbitrary<Words>): fc.Arbitrary<Words> =>
    fc.tuple(fc.array(item, { maxLength: 3 }), fc.boolean()).map(([all, last]) => commas(all, last && all.length > 0));
  const paren = e.map((inner) => cat("(", inner, ")"));
  const keyed = fc.tuple(name, e).map(([key, value]) => cat(key, ":", value));
  return {
    arg: fc.oneof(e, keyed),
    list: some(e),
    postfix: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.oneof(name, number, string, fc.constantFrom("true", "none")).map((word) => [word]),
      paren,
      fc.tuple(postfix, name).map(([object, field]) => cat("(", object, ")", ".", field)),
      fc.tuple(name, some(tie("arg"))).map(([f, args]) => cat(f, "(", args, ")")),
      fc.tuple(name, keyed, e).map(([f, entry, index]) => cat(f, "[", entry, ",", index, "]")),
      tie("list").map((items) => cat("[", items, "]")),
      keyed.map((entry) => cat("[", entry, "]")),
      fc.tuple(name, e, e).map(([x, from, body]) => cat("[", "for", x, "in", from, ":", body, "]")),
      fc
        .tuple(some(keyed), name)
        .map(([fields, last]) =>
          cat("{", ...(fields.length > 0 && fields.at(-1) !== "," ? [fields, ","] : [fields]), last, "}"),
        ),
      fc.tuple(e, e, e).map(([c, a, b]) => cat("(", "if", c, "{", a, "}", "else", "{", b, "}", ")")),
      fc.tuple(e, e).map(([n, body]) => cat("repeat", "(", n, "as", "i", ")", "{", body, "}")),
      fc.tuple(e, e).map(([a, b]) => cat("(", a, ",", b, ")")),
    ),
    e: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      postfix,
      fc
        .tuple(postfix, fc.array(postfix, { minLength: 1, maxLength: 3 }))
        .map(([head, stages]) => cat(head, ...stages.flatMap((s) => ["|>", s]))),
      fc.tuple(paren, binary, paren).map(([a, op, b]) => cat(a, op, b)),
      fc
        .tuple(postfix, fc.constantFrom("+", "-"), postfix, fc.constantFrom("*", "-"), paren)
        .map(([a, op, b, op2, c]) => cat(a, op, b, op2, c)),
      fc.tuple(fc.constantFrom("-", "not"), paren).map(([op, a]) => cat(op, a)),
      fc.tuple(name, e).map(([x, body]) => cat(x, "=>", body)),
      fc
        .tuple(postfix, postfix, fc.boolean())
        .map(([d, like, t]) => cat("sample", d, "like", like, t ? ["while", "training"] : [])),
      fc.tuple(e, e, e).map(([c, a, b]) => cat("if", c, "{", a, "}", "else", "if", b, "{", a, "}")),
    ),
  };
});

const type: fc.Arbitrary<Words> = fc.oneof(
  name.map((word) => [word]),
  fc.tuple(name, name).map(([t, dim]) => cat(t, "[", dim, ",", "3", "]")),
  fc.tuple(name, expression).map(([axis, dim]) => cat("[", axis, ":", dim, "]")),
  fc.constant(cat("{", "a", ":", "image", "[", "C", "]", "}")),
);

const statement: fc.Arbitrary<Words> = fc.oneof(
  fc.tuple(name, expression).map(([x, e]) => cat("let", x, "=", e)),
  expression.map((e) => cat("return", e)),
  fc
    .tuple(name, type, expression, expression)
    .map(([x, t, a, b]) => cat("learn", x, ":", t, "=", a, "within", "[", a, ",", b, "]")),
  fc.tuple(name, type, expression).map(([x, t, e]) => cat("state", x, ":", t, "=", e)),
  fc
    .tuple(name, expression, fc.boolean())
    .map(([x, e, t]) => cat("next", x, "=", "(", e, ")", t ? ["while", "training"] : [])),
  fc.tuple(name, type, expression).map(([x, t, e]) => cat("sample", x, ",", "z", ":", t, "=", e)),
  fc.tuple(name, expression).map(([x, e]) => cat("loss", x, "+=", e)),
  fc
    .tuple(name, expression, name, expression)
    .map(([x, e, y, e2]) => cat("for", x, "in", e, "{", "let", y, "=", e2, "}")),
);

const block = fc.array(statement, { maxLength: 3 }).map((all) => cat("{", ...all, "}"));

const declaration: fc.Arbitrary<Words> = fc.oneof(
  fc
    .tuple(name, type, expression, expression, string)
    .map(([x, t, e, w, doc]) => cat("param", x, ":", t, "=", e, "where", w, doc)),
  fc
    .tuple(
      fc.constantFrom("block", "network", "norm", "head", "loss", "reparam", "init"),
      name,
      type,
      expression,
      block,
    )
    .map(([k, x, t, e, b]) => cat(k, x, "(", "a", ":", t, ",", "b", "=", e, ";", "c", ":", t, ")", b)),
  fc.tuple(name, expression).map(([x, e]) => cat("loss", x, "(", "a", ")", "=", e)),
  fc.tuple(name, type, expression).map(([x, t, e]) => cat("export", x, "(", "x", ":", t, ")", "=", e)),
  fc.tuple(name, expression).map(([x, e]) => cat("variant", x, "{", "a", ".", x, "=", e, ",", "}")),
  fc.constant(cat("import", "{", "a", ",", "b", "}", "from", '"std/norms"')),
);

const train: fc.Arbitrary<Words> = fc
  .tuple(expression, type, block)
  .map(([e, t, b]) =>
    cat(
      "train",
      "{",
      "data",
      "A",
      ",",
      "B",
      ":",
      t,
      "=",
      e,
      "net",
      "N",
      ":",
      e,
      "init",
      e,
      "phase",
      "p",
      "trains",
      "A",
      ",",
      "B",
      "except",
      "C",
      "when",
      e,
      b,
      "optimizer",
      "p",
      "=",
      e,
      "schedule",
      "rate",
      "=",
      "constant",
      "for",
      "50%",
      ",",
      "then",
      "linear",
      "to",
      e,
      "over",
      e,
      "epochs",
      ",",
      "then",
      "times",
      "0.5",
      "every",
      e,
      "steps",
      ",",
      "held",
      "for",
      e,
      "epochs",
      "batch",
      e,
      "length",
      e,
      "steps",
      "}",
    ),
  );

export const fileTokens: fc.Arbitrary<Words> = fc
  .tuple(fc.array(declaration, { maxLength: 3 }), fc.option(train, { nil: [] }))
  .map(([all, t]) => cat(...all, t));

/** A text: the tokens with any space between them. */
export function spaced(tokens: Words, between: readonly string[]): string {
  return tokens.map((word, i) => word + (between[i % Math.max(between.length, 1)] ?? " ")).join("");
}

export const spaces = fc.array(fc.constantFrom(" ", "  ", "\n", "\n\n\n", "\t"), { minLength: 1, maxLength: 40 });
export const comments = fc.array(
  fc.constantFrom(" ", " ", " ", "\n", "\n\n", " // c\n", "\n// own ) line\n", "\n\n/// doc\n"),
  {
    minLength: 1,
    maxLength: 40,
  },
);
