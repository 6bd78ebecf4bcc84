import { describe, expect, it } from "vitest";
import { Builder } from "../../../compiler/graph/builder";
import { printGraph } from "../../../compiler/graph/print";
import type { NodeId } from "../../../compiler/graph/types";
import { verify } from "../../../compiler/graph/verify";
import { optimize, passes } from "../../../compiler/passes";
import { sh } from "../../../compiler/ops/samples";
import { Torch } from "../ops/torch";

/** The optimized graph of one output over x[batch, c, h, w], v[c] and s[]. */
function optimized(make: (t: Torch, x: NodeId, v: NodeId, s: NodeId) => NodeId): string {
  const b = new Builder();
  const input = (name: string, ...shape: Parameters<typeof sh>): NodeId => b.add("input", { kind: "value", name, shape: sh(...shape) }, []);
  const end = make(new Torch(b), input("x", "batch c h w", 2, 3, 4, 5), input("v", "c", 3), input("s", ""));
  const { graph, outputs } = optimize(b, [end], { after: (_, g) => verify(g) });
  return printGraph(graph, outputs).replaceAll(/ : .*/g, "").trimEnd().split("\n").join("; ");
}

const wide = sh("batch c h w", 2, 3, 4, 5);

describe("what the passes make of", () => {
  it.each<[string, string, Parameters<typeof optimized>[0]]>([
    ["x·1 + 0", "%0 = input value x; output %0", (t, x) => t.add(t.mul(x, { k: 1 }), { k: 0 })],
    ["k₁·(k₂·x)", "%0 = input value x; %1 = constant 6; %2 = mul(%0, %1); output %2", (t, x) => t.mul({ k: 2 }, t.mul(x, { k: 3 }))],
    ["x·0", "%0 = constant 0; %1 = expand(%0); output %1", (t, x) => t.mul(x, { k: 0 })],
    ["x·0 + x", "%0 = input value x; output %0", (t, x) => t.add(t.mul(x, { k: 0 }), x)],
    ["−(−x)", "%0 = input value x; output %0", (t, x) => t.one("neg", t.one("neg", x))],
    ["x + (−v)", "%0 = input value x; %1 = input value v; %2 = sub(%0, %1); output %2", (t, x, v) => t.add(x, t.one("neg", v))],
    ["x / 4", "%0 = input value x; %1 = constant 0.25; %2 = mul(%0, %1); output %2", (t, x) => t.div(x, { k: 4 })],
    ["x + x", "%0 = input value x; %1 = constant 2; %2 = mul(%0, %1); output %2", (t, x) => t.add(x, x)],
    ["(3·s) / √s · 2", "%0 = input value s; %1 = sqrt(%0); %2 = div(%0, %1); %3 = constant 6; %4 = mul(%2, %3); output %4", (t, _, __, s) => t.mul(t.div(t.mul(s, { k: 3 }), t.one("sqrt", s)), { k: 2 })],
    ["(3·s) / v", "%0 = input value v; %1 = input value s; %2 = constant 3; %3 = mul(%1, %2); %4 = div(%3, %0); output %4", (t, _, v, s) => t.div(t.mul(s, { k: 3 }), v)],
    ["Σ of what lost its mean", "%0 = constant 0; output %0", (t, _, v) => t.sum(t.sub(v, t.mean(v, ["c"])), ["c"])],
    ["Σ over more than the mean was over", "%0 = constant 0; output %0", (t, x) => t.sum(t.sub(t.mean(x, ["h", "w"]), t.mean(t.mean(x, ["h", "w"]), ["c"])), ["batch", "c"])],
    ["Σ over less than the mean was over", "%0 = input value x; %1 = max(%0) over h, w; %2 = mean(%1) over batch, c; %3 = sub(%1, %2); %4 = sum(%3) over c; output %4", (t, x) => {
      const most = t.b.add("max", { over: ["h", "w"] }, [x]);
      return t.sum(t.sub(most, t.mean(most, ["batch", "c"])), ["c"]);
    }],
    ["x²", "%0 = input value x; %1 = mul(%0, %0); output %1", (t, x) => t.square(x)],
    ["constants", "%0 = constant 5; output %0", (t) => t.add({ k: 2 }, t.b.add("sqrt", {}, [t.b.constant(9)]))],
    ["size of numbers", "%0 = constant 20; output %0", (t, x) => t.b.add("size", { over: ["h", "w"] }, [x])],
    ["a stop", "%0 = input value x; %1 = tanh(%0); output %1", (t, x) => t.one("tanh", t.stop(x))],
    ["expand(v)·x", "%0 = input value x; %1 = input value v; %2 = mul(%0, %1); output %2", (t, x, v) => t.mul(t.b.add("expand", { shape: wide }, [v]), x)],
    ["tanh(expand(v))", "%0 = input value v; %1 = tanh(%0); %2 = expand(%1); output %2", (t, _, v) => t.one("tanh", t.b.add("expand", { shape: wide }, [v]))],
    ["Σ expand(v)", "%0 = input value v; %1 = constant 20; %2 = mul(%0, %1); %3 = expand(%2); output %3", (t, _, v) => t.sum(t.b.add("expand", { shape: wide }, [v]), ["h", "w"])],
    ["mean over s·x", "%0 = input value x; %1 = input value s; %2 = mean(%0) over h, w; %3 = mul(%2, %1); output %3", (t, x, _, s) => t.mean(t.mul(s, x), ["h", "w"])],
    ["(x·v)·s", "%0 = input value x; %1 = input value v; %2 = input value s; %3 = mul(%1, %2); %4 = mul(%0, %3); output %4", (t, x, v, s) => t.mul(t.mul(x, v), s)],
    ["x / v", "%0 = input value x; %1 = input value v; %2 = reciprocal(%1); %3 = mul(%0, %2); output %3", (t, x, v) => t.div(x, v)],
    ["a + b and b + a", "%0 = input value x; %1 = input value v; %2 = add(%0, %1); %3 = mul(%2, %2); output %3", (t, x, v) => t.mul(t.add(x, v), t.add(v, x))],
    ["a part of what was put together", "%0 = input value x; output %0", (t, x) => t.b.add("slice", { axis: "c", start: 3, size: 3 }, [t.b.add("concat", { along: "c" }, [t.one("tanh", x), x])])],
    ["flat and back", "%0 = input value x; output %0", (t, x) => t.b.add("unflatten", { axis: "k", into: sh("c h w", 3, 4, 5) }, [t.b.add("flatten", { axes: ["c", "h", "w"], into: "k" }, [x])])],
    ["(x − v)·s + x·v", "%0 = input value x; %1 = input value v; %2 = input value s; %3 = mul(%1, %2); %4 = add(%1, %2); %5 = mul(%0, %4); %6 = sub(%5, %3); output %6", (t, x, v, s) => t.add(t.mul(t.sub(x, v), s), t.mul(x, v))],
    ["Σ (x + v)·s over pixels", "%0 = input value x; %1 = input value v; %2 = input value s; %3 = sum(%0) over h, w; %4 = constant 20; %5 = mul(%1, %4); %6 = add(%3, %5); %7 = mul(%6, %2); output %7", (t, x, v, s) => t.sum(t.mul(t.add(x, v), s), ["h", "w"])],
    ["Σ over a picture whose mean was taken away", "%0 = input value x; %1 = mean(%0) over h, w; %2 = sub(%0, %1); %3 = tanh(%2); %4 = mul(%2, %3); %5 = sum(%4) over h, w; output %5", (t, x) => {
      const y = t.sub(x, t.mean(x, ["h", "w"]));
      const z = t.one("tanh", y);
      return t.add(t.sum(t.mul(y, z), ["h", "w"]), t.sum(t.add(y, y), ["h", "w"]));
    }],
  ])("%s", (_, wanted, make) => expect(optimized(make)).toBe(wanted));

  it("every pass says what it does", () => {
    for (const { name, doc } of passes) expect(doc, name).toMatch(/^[^\n]{10,}$/);
  });
});
