// Specs that no author would write: each ends in diagnostics, soon, and never in a throw.
import { describe, expect, it } from "vitest";
import { check } from "./kit";

interface Parts {
  readonly net?: string;
  readonly body?: string;
  readonly decl?: string;
  readonly phase?: string;
  readonly train?: string;
  readonly data?: string;
  readonly value?: string;
  readonly rest?: string;
  readonly top?: string;
}
const spec = (p: Parts): string => `
import { IN, AdaLIN } from "std/norms"
import { mse } from "std/losses"
import { CAM } from "std/heads"
${p.top ?? ""}
${p.decl ?? `network G(x: image[3, H, W]) { ${p.body ?? `return ${p.net ?? "x |> conv(3, 3, pad: 1)"}`} }`}
${p.train ?? `train {
  data A: image[3, 16, 16]${p.data ?? ""}
  net AB: ${p.value ?? "G"}
  phase p trains AB { ${p.phase ?? "loss a += mean(AB(A)^2)"} }
  optimizer p = adam(rate: 1e-4)
  ${p.rest ?? ""}
}`}
export E(x: image[3, H, W]) = AB(x)
`;
const blocks = (n: number, body: (i: number) => string): string =>
  `${Array.from({ length: n }, (_, i) => `block B${i}(x) { return ${body(i)} }`).join("\n")}\nnetwork G(x: image[3, H, W]) { return B${n - 1}(x) }`;

const nets = (...all: string[]): [string, string][] => all.map((net) => [net, spec({ net })]);
const cases: [string, string][] = [
  ...nets(
    "x |> conv((3, 4), 3)", "x |> conv(-3, 3)", "x |> conv(0, 3)", "x |> conv(10^15, 3)", "x |> conv(3, 3, stride: 0)", "x |> conv(3, 3, stride: -1)", "x |> conv(3, 0)", "x |> conv(3, 40)",
    "x |> conv(3, 3, pad: reflect(-1))", "x |> conv(3, 3, pad: -1)", "x |> conv(3, 3, weight: mean)", "x |> conv(3, 3, weight: w => 3)", "x |> conv(3, 3, weight: conv(3, 3))", "x |> conv", "x |> conv(3)",
    "x |> repeat(1e9) { relu }", "x |> repeat(-1) { relu }", "x |> repeat(0.5) { relu }", "x |> repeat(1000) { repeat(1000) { repeat(1000) { identity } } }",
    "x * sum(for i in 0..1e10: i)", "x * sum(for i in 0..1/0: i)", "x * sum(for i in 3: i)", "x * sum(for (a, b) in [1, 2]: a)", "x * sum(for (a, b) in zip([1], 3): a)",
    "stack([], along: k)", "concat([], along: c)", "concat(along: c)", "x |> concat", "stack(x, x, along: batch)", "concat(x, x, along: k)",
    "x |> unflatten(c, into: [a: 2, c: 2])", "x |> unflatten(c, into: [a: 0, c: 2])", "x |> unflatten(c, into: [a: 2, c: 3 / 2])", "x |> unflatten(c, into: [h: 1, c: 3])", "x |> unflatten(c, into: [a: x])",
    "x |> unflatten(c, into: 3)", "x |> unflatten(c)", "flatten(x, order: (c, c, h))", "flatten(x, order: (h, w))", "flatten(x, order: (batch, c))",
    "mean(x, over: k) * x", "mean(x, over: batch) * x", "mean(x, over: 3) * x", "mean(x, over: (h, h)) * x", "dot(x, mean(x), over: c) * x", "x[0]", "x[c: 7]", "x[k: 0]", "x[c: 0.5] * x", "[x, x][5]", "[x][-1]",
    "x |> upsample(0)", "x |> upsample(1e300)", "x |> avg_pool(0)", "x |> avg_pool(2, stride: 0)", "x |> avg_pool(2, pad: 9)", "x |> conv_transpose(3, 3, stride: 2, pad: 30)", "x |> conv_transpose(3, 3, output_pad: 7)",
    "x |> pad(relu)", "mean(x) |> linear(3)", "mean(x, over: (h, w)) |> conv(3, 3)", "mean(x, over: (h, w)) |> linear(0)", "spread(x, like: mean(x))", "spread(3, like: x)",
    "x + sample normal like 3", "x + sample relu like x", "x + sample normal", "x^x", "x^true", "x + (1, 2)", "x + true", 'x + "a"', "if x > 1 { x } else { x }", "if 3 { x } else { x }", "x |> 3", "x |> x", "3 |> relu",
    "{ a: x } |> conv(3, 3)", "CAM(x)", "CAM(x, activation: 3)", "CAM(x, activation: mean).features", "AdaLIN(x)", "AdaLIN(x, gamma: x, beta: x)", "AdaLIN(x, gamma: 1, beta: 0, low: relu)", "IN(x, eps: relu)", "IN(x, 1, true, 4)",
    "IN(mean(x, over: (h, w)))", "x.__proto__ + constructor(toString)", "{ a: x }.constructor", "x |> leaky_relu(0 / 0)", "max(none, x) + min(x, 3, relu)", "G(x)", "none",
  ),
  ...["let f = y => y(y)\n return f(f)", "let y = x", "for i in 0..2 { return x }", "loss a += 3\n return x", "next u = x\n return x", "state u: vector[3] = 0.0\n next u = x\n return x", "state u: vector[3] = relu\n return x",
    "learn u: int = 0.0\n return x", "learn u: vector[3] = x\n return x + u", "learn u: vector[3] = 1 within [x, 2]\n return x + u", "learn u: vector[3] = 1 within [2, 1]\n return x + u", "learn u: vector[-2] = 1\n return x * mean(u)", ""]
    .map((body): [string, string] => [body, spec({ body })]),
  ...["loss a += AB(A)", "loss a += { a: 1 }", "loss a += AB", 'loss a += "x"', "loss a += mean(AB(A)) * (0 / 0)", "let y = AB(A)", "learn y: scalar = 1\nloss a += y", "return 3", "loss a += mean(AB())", "loss a += mean(AB(A, A))",
    "loss a += mean(AB([A]))", "loss a += mse(AB(A))", "loss a += gradient(of: AB(A), by: A)", "loss a += gradient(of: 3, by: A)", "loss a += mean(gradient(of: mean(A), by: AB(A)))"]
    .map((phase): [string, string] => [phase, spec({ phase })]),
  ...["A", "3", "IN", "[]", "[[G], [G]]", "G init relu", "G init { conv: IN }", 'G init "x"', "G(y: 3)", "G(3)", "G(A)"].map((value): [string, string] => [`net AB: ${value}`, spec({ value })]),
  ...["= resize(-3) |> random_crop(16)", "= resize(16.5)", "= relu", "= 3", "= resize(16) |> relu", "= resize(16, cubic)", "= random_flip(2)"].map((data): [string, string] => [`data A ${data}`, spec({ data: ` ${data}` })]),
  ...["batch 0", "batch 1e300", "batch (1, 2)", "batch 1 batch 2", "length 50%", "length -3 steps", "schedule rate = linear to (1, 2)", "schedule rate = times 2 every 0 steps", "schedule rat = constant", "optimizer A = adam(rate: 1)", "optimizer q = 3", "let y = A |> AB |> y"]
    .map((rest): [string, string] => [rest, spec({ rest })]),
  ...["param a: int = bogus\nparam b: int = a + 1", "param n: Norm = mse", "param n: Foo = 3", "param b: int = 3 where b + 1", "param b: int = 1 / 0", "param b = [c: 3]", "param b = sample normal", "param b = gradient(of: 1, by: 2)", "param b = G(3)", "param b = concat(1, 2, along: c)",
    'import { X } from "../../.."\nimport { Y } from ""\nimport { Z } from "__proto__"\nimport { toString } from "std/norms"', "variant v { foo.bar.baz = 3 }", "export E(x: int) = AB(x)", "export E() = AB(A)", "export F(x: image[3, -4, W]) = AB(x)", "export F(x: image[3, H, W]) = none", "block K(x: imag[3, H]) { return x }"]
    .map((top): [string, string] => [top, spec({ top })]),
  ["a block in each other, exponentially", spec({ decl: blocks(40, (i) => (i === 0 ? "relu(x)" : `B${i - 1}(B${i - 1}(x))`)) })],
  ["a thousand blocks in each other", spec({ decl: blocks(1000, (i) => (i === 0 ? "relu(x)" : `B${i - 1}(x)`)) })],
  ["a dim that is no whole number", spec({ decl: "network G(x: image[C, H, W]) { return x |> conv(C / 3.5, 3) }" })],
  ["no train block", spec({ train: "" })],
  ["an empty train block", spec({ train: "train { }" })],
  ["two train blocks", `${spec({})}\ntrain { batch 1 }`],
  ["deep parentheses", spec({ net: `${"(".repeat(3000)}x${")".repeat(3000)}` })],
  ["long sums", spec({ net: `x${" + x".repeat(3000)}` })],
  ["nothing at all", ""],
  ["no text", "\u0000\uffff\ud800"],
];

describe("a hostile spec", { timeout: 60_000 }, () => {
  for (const [name, text] of cases) {
    it(name.slice(0, 80) || "(an empty body)", () => {
      const { compiled } = check("m.gan", text);
      expect(compiled.ok).toBe(false);
      const errors = compiled.diagnostics.filter((d) => d.severity === "error");
      expect(errors.length).toBeLessThanOrEqual(4);
      for (const d of compiled.diagnostics) {
        expect(d.span, d.message).toBeDefined();
        expect(d.span!.file, `${d.message}: an author sees their own text`).toBe("m.gan");
        expect(d.span!.start <= d.span!.end && d.span!.end <= text.length).toBe(true);
      }
    });
  }

  it("may hold values that grow beyond writing", () => {
    const body = `${Array.from({ length: 40 }, (_, i) => `let a${i} = ${i === 0 ? "[x, x]" : `[a${i - 1}, a${i - 1}]`}`).join("\n")}\nreturn x |> conv(3, 1)`;
    expect(check("m.gan", spec({ body })).compiled.ok).toBe(true);
  });
});
