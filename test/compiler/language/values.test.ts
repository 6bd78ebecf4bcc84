// Rules 1 to 5: axes, the batch, dims, none, lists.
import { describe, expect, it } from "vitest";
import { showShape } from "../../../compiler/graph/shape";
import { codes, compiled, countOps, sound, spec, stepNodes, term, value } from "./kit";

const shapeOfTerm = (net: string): string => {
  const c = sound(spec({ net, phases: "phase p trains AB { let y = AB(A)\n loss power += mean(y^2) }" }));
  const y = stepNodes(c).filter((n) => n.op === "power").at(-1)!;
  return showShape(y.shape);
};

describe("rule 1: axes have names", () => {
  it("values combine by name, whatever their order", () => {
    expect(shapeOfTerm("let g = mean(x, over: (h, w))\n return (g * x) |> conv(4, 1)")).toBe("[c: 4, h: 8, w: 8]");
    expect(shapeOfTerm("return mean(x |> conv(4, 1), over: (c, h)) + mean(x, over: (c, w))")).toBe("[h: 8, w: 8]");
  });
  it("a name that does not fit is an error though the size does", () => {
    expect(codes(spec({ net: "let y = x |> conv(8, 1)\n return y |> AdaIN(gamma: mean(y, over: (c, h)), beta: mean(y, over: (h, w)))" }))).toEqual(["G0503"]);
  });
  it("stack makes an axis, an index takes it away", () => {
    expect(shapeOfTerm("let y = x |> conv(3, 1)\n return stack(y, x, along: side)")).toBe("[side: 2, c: 3, h: 8, w: 8]");
    expect(shapeOfTerm("let y = x |> conv(3, 1)\n return stack(y, x, along: side)[side: 0]")).toBe("[c: 3, h: 8, w: 8]");
  });
  it("flatten has an order, slowest first", () => {
    const flat = (order: string): number => {
      const c = sound(spec({ net: `return flatten(x |> conv(2, 1)${order})`, phases: "phase p trains AB { loss pick += AB(A)[c: 1] }" }));
      return value(c, "p", "pick");
    };
    expect(flat("")).toBeCloseTo(flat(", order: (c, h, w)"), 12);
    expect(flat("")).not.toBeCloseTo(flat(", order: (w, h, c)"), 6);
  });
});

describe("rule 2: the batch is implicit", () => {
  it("a term is a number a sample, averaged last", () => {
    const c = sound(spec({ rest: "batch 4" }));
    const node = c.model!.tracer.b.node(term(c, "p", "power"));
    expect(node.op).toBe("mean");
    expect(node.op === "mean" && node.attrs.over).toEqual(["batch"]);
  });
  it("no shape that an author sees has it, and only a norm may name it", () => {
    expect(codes(spec({ net: "return mean(x, over: batch) + (x |> conv(3, 1))" }))).toEqual(["G0410"]);
    expect(codes(spec({ net: "return x |> conv(3, 1) |> BN" }))).toEqual([]);
  });
});

describe("rule 3: dims are solved at compile time", () => {
  it("the same name is the same dim", () => {
    const two = (b: string): string => spec({ top: "loss far(a: image[C, H, W], b: image[C, H, W]) = mean(abs(a - b))", net: "return x |> conv(3, 3)", phases: `phase p trains AB { loss d += far(AB(A), ${b}) }` });
    expect(codes(two("AB(B)"))).toEqual([]);
    expect(codes(two("A"))).toEqual(["G0509"]);
  });
  it("inner bodies see the outer dims, `_` is fresh each time", () => {
    expect(codes(spec({ top: "block Half(x: image[C, _, _]) { return x |> conv(C / 3, 1) }", net: "return x |> conv(3, 3) |> Half" }))).toEqual([]);
  });
  it("convolutions round down, as PyTorch's do", () => {
    expect(shapeOfTerm("return x |> conv(4, 4, stride: 3, pad: zero(1))")).toBe("[c: 4, h: 3, w: 3]");
    expect(shapeOfTerm("return x |> conv_transpose(4, 3, stride: 2, pad: 1, output_pad: 1)")).toBe("[c: 4, h: 16, w: 16]");
  });
  it("an export leaves H and W free and keeps what must hold as a guard", () => {
    const c = sound(spec({ net: "return x |> conv(4, 3, stride: 2, pad: reflect(1)) |> conv(4, 3, stride: 2, pad: reflect(1)) |> upsample(4) |> conv(3, 1)", tail: "export E(x: image[3, H, W]) = AB(x)" }), { until: "graphs" });
    expect(c.program!.exports[0]!.guards).toEqual([{ symbol: "H", divisor: 4, least: 4 }, { symbol: "W", divisor: 4, least: 4 }]);
    expect(c.program!.exports[0]!.outputs[0]!.shape).toEqual(["batch", 3, "H", "W"]);
  });
  it("an export whose layer must know the size is made for the training size", () => {
    const c = sound(spec({ net: "return x |> flatten |> linear(2)", tail: "export E(x: image[3, H, W]) = AB(x)" }), { until: "graphs" });
    expect(c.program!.exports[0]!.fixed).toEqual({ height: 8, width: 8 });
  });
});

describe("rule 4: none is a value", () => {
  const noneOf = (e: string): string[] => codes(spec({ phases: `phase p trains AB { loss power += mean(AB(A)^2)\n loss other += ${e} }` }));
  it("f(none), k * none and none.field are none, and a term of it vanishes", () => {
    for (const e of ["mean(none)", "10 * none", "none.field", "mse(none, 1)", "none / 3", "none * mean(A)"]) expect(noneOf(e), e).toEqual(["G0712"]);
  });
  it("a + none is a", () => {
    const sum = (e: string): number => value(sound(spec({ phases: `phase p trains AB { loss power += ${e} }` })), "p", "power");
    expect(sum("mean(AB(A)^2) + none")).toBe(sum("mean(AB(A)^2)"));
    expect(sum("none + mean(AB(A)^2) - none")).toBe(sum("mean(AB(A)^2)"));
  });
  it("a head without classifiers leaves its terms and outputs out", () => {
    const net = "let a = Plain(x |> conv(3, 1), activation: relu)\n return { image: a.features, logits: a.logits, heatmap: a.heatmap }";
    const c = sound(spec({ net, phases: "phase p trains AB { loss power += mean(AB(A).image^2)\n loss cam += bce(AB(A).logits, 1) }", tail: "export E(x: image[3, H, W]) = AB(x)" }));
    expect(c.diagnostics.map((d) => `${d.code} ${d.message}`)).toEqual(["G0712 the loss term `p.cam` vanishes: its factors are 0, or what it judges is none", "G0713 the outputs `logits`, `heatmap` of E are none and leave the export"]);
    expect(c.exports[0]!.outputs.map((o) => o.name)).toEqual(["image"]);
  });
});

describe("rule 5: a list is not a tensor", () => {
  it("lists and sums are unrolled", () => {
    const c = sound(spec({ phases: "phase p trains AB { loss power += sum(for k in 1..4: k * mean(AB(A)^2)) }" }));
    const one = sound(spec({}));
    expect(value(c, "p", "power")).toBeCloseTo(6 * value(one, "p", "power"), 12);
  });
  it("what a mean runs over is never in doubt", () => {
    const of = (e: string): number => value(sound(spec({ phases: `phase p trains AB { let y = AB(A)\n loss m += ${e} }` })), "p", "m");
    expect(of("mean([mean(y), 3 * mean(y)])")).toBeCloseTo(2 * of("mean(y)"), 12);
    expect(of("mean(stack(mean(y), 3 * mean(y), along: k))")).toBeCloseTo(2 * of("mean(y)"), 12);
    expect(of("sum(for (a, b) in zip([1, 2], [3, 4]): a * b * mean(y))")).toBeCloseTo(11 * of("mean(y)"), 12);
  });
  it("several clauses nest, and a record's list is a list", () => {
    const c = sound(spec({ nets: "net D: [G, G]\n let sides = [{ real: A }, { real: B }]", phases: "phase p trains D { for s in sides, d in D { loss power += mean(d(s.real)^2) } }" }));
    expect(countOps(c, "conv", "D.0")).toBe(2);
    expect(countOps(c, "conv")).toBe(4);
  });
  it("a tensor is no list", () => {
    expect(codes(spec({ net: "return x[0]" }))).toEqual(["G0401"]);
    expect(compiled(spec({ net: "return sum(for y in x: y)" })).diagnostics[0]!.message).toBe("`for` takes a list or a range such as 0..3, not a tensor");
  });
});
