import { describe, expect, it } from "vitest";
import { Builder } from "../../../compiler/graph/builder";
import { symbol } from "../../../compiler/graph/dim";
import { evaluate } from "../../../compiler/graph/evaluate";
import type { NdArray } from "../../../compiler/graph/ndarray";
import { printGraph } from "../../../compiler/graph/print";
import type { Shape } from "../../../compiler/graph/shape";
import type { Graph, NodeId } from "../../../compiler/graph/types";
import { problemsOf, verify } from "../../../compiler/graph/verify";
import { copy, reachable, replace, users } from "../../../compiler/graph/walk";
import { sh } from "../../../compiler/ops/samples";
import { drawAll } from "../kit";

const input = (b: Builder, name: string, shape: Shape): NodeId => b.add("input", { kind: "value", name, shape }, []);
const window = { kernel: [3, 3], stride: [2, 2], pad: [1, 1] } as const;

describe("Builder", () => {
  it("makes equal operations one node, and different constants different ones", () => {
    const b = new Builder();
    const x = input(b, "x", sh("c", 2));
    expect(b.add("tanh", {}, [x])).toBe(b.add("tanh", {}, [x]));
    const constants = [0, -0, NaN, Infinity, -Infinity, 1].map((v) => b.constant(v));
    expect(new Set(constants).size).toBe(constants.length);
  });

  it("still knows its nodes when there are many, and in a copy", () => {
    const b = new Builder();
    let x = input(b, "x", []);
    for (let i = 0; i < 5000; i++) x = b.add("mul", {}, [x, b.constant(i)]);
    const count = b.nodes.length;
    const again = new Builder(b);
    for (const all of [b, again]) {
      x = input(all, "x", []);
      for (let i = 0; i < 5000; i++) x = all.add("mul", {}, [x, all.constant(i)]);
      expect(all.nodes.length).toBe(count);
      expect(x).toBe(count - 1);
    }
  });
});

describe("evaluate", () => {
  it("finds free dims from what is fed, and takes axes in any order", () => {
    const b = new Builder();
    const x = input(b, "x", [{ axis: "c", dim: 1 }, { axis: "h", dim: symbol("H") }, { axis: "w", dim: symbol("W") }]);
    const up = b.add("upsample", { factor: 2 }, [x]);
    const n = b.add("size", { over: ["h", "w"] }, [up]);
    const fed: NdArray = { shape: [{ axis: "w", dim: 2 }, { axis: "c", dim: 1 }, { axis: "h", dim: 3 }], data: Float64Array.of(1, 2, 3, 4, 5, 6) };
    const values = evaluate(b, [x, up, n], new Map([[x, fed]]));
    expect([...values.get(x)!.data]).toEqual([1, 4, 2, 5, 3, 6]);
    expect(values.get(up)!.shape).toEqual(sh("c h w", 1, 6, 4));
    expect([...values.get(n)!.data]).toEqual([24]);
  });

  it("takes a fed node as it is, and computes nothing before it", () => {
    const b = new Builder();
    const y = b.add("tanh", {}, [input(b, "x", sh("c", 2))]);
    const z = b.add("neg", {}, [y]);
    const values = evaluate(b, [z], new Map([[y, { shape: [{ axis: "c", dim: 2 }], data: Float64Array.of(3, 4) }]]));
    expect([...values.get(z)!.data]).toEqual([-3, -4]);
  });

  it("says what was fed wrongly, or not at all", () => {
    const b = new Builder();
    const x = input(b, "x", sh("c", 2));
    expect(() => evaluate(b, [x], new Map())).toThrow("nothing was fed for x");
    expect(() => evaluate(b, [x], new Map([[x, drawAll([sh("c", 3)], [0, 1], 1)[0]!]]))).toThrow("x is [c: 2], but was fed [c: 3]");
  });

  it("convolves 64 × 64 pictures at a usable speed", () => {
    const b = new Builder();
    const [x, k] = [input(b, "x", sh("batch c h w", 1, 32, 64, 64)), input(b, "k", sh("out in kh kw", 32, 32, 3, 3))];
    const y = b.add("conv", { window: { kernel: [3, 3], stride: [1, 1], pad: [1, 1] } }, [x, k]);
    const feeds = drawAll([b.shape(x), b.shape(k)], [-1, 1], 1);
    const began = performance.now();
    evaluate(b, [y], new Map([[x, feeds[0]!], [k, feeds[1]!]]));
    // 75 MFLOP: a tenth of a second here; far more would make the parity tests of whole steps impossible.
    expect(performance.now() - began).toBeLessThan(3000);
  });
});

describe("walk", () => {
  const build = (): { b: Builder; x: NodeId; y: NodeId; z: NodeId; dead: NodeId } => {
    const b = new Builder();
    const x = input(b, "x", sh("c", 2));
    const y = b.add("tanh", {}, [x]);
    const dead = b.add("exp", {}, [x]);
    const z = b.add("mul", {}, [y, y]);
    return { b, x, y, z, dead };
  };

  it("finds users and what is needed", () => {
    const { b, x, y, z, dead } = build();
    expect(users(b)).toEqual([[y, dead], [z, z], [], []]);
    expect([...reachable(b, [z])]).toEqual([1, 1, 0, 1]);
    expect(users(b)[x]).toContain(dead);
  });

  it("copies what the outputs need", () => {
    const { b, z, dead } = build();
    const { graph, map } = copy(b, [z]);
    expect(graph.nodes.map((n) => n.op)).toEqual(["input", "tanh", "mul"]);
    expect(map.get(z)).toBe(2);
    expect(map.has(dead)).toBe(false);
    verify(graph);
  });

  it("puts one node in another's place", () => {
    const { b, x, y, z } = build();
    const { graph, map } = replace(b, [z], new Map([[y, x]]));
    expect(() => replace(b, [z], new Map([[x, y]]))).toThrow("cannot be replaced by the later node");
    expect(printGraph(graph, [map.get(z)!])).toBe("%0 = input value x : [c: 2]\n%1 = mul(%0, %0) : [c: 2]\noutput %1\n");
  });
});

describe("verify", () => {
  it("finds what does not follow the rules", () => {
    const b = new Builder();
    const x = input(b, "x", sh("c h w", 2, 5, 5));
    const y = b.add("conv", { window }, [x, input(b, "k", sh("out in kh kw", 3, 2, 3, 3))]);
    expect(problemsOf(b)).toEqual([]);
    const broken = (change: (nodes: Graph["nodes"][number][]) => void): string[] => {
      const nodes = [...b.nodes];
      change(nodes);
      return problemsOf({ nodes });
    };
    expect(broken((n) => (n[y] = { ...n[y]!, shape: sh("c h w", 3, 5, 5) }))).toEqual([
      "node 2 (conv): its shape is [c: 3, h: 5, w: 5], its rule gives [c: 3, h: 3, w: 3]",
    ]);
    expect(broken((n) => (n[y] = { ...n[y]!, inputs: [y, 1] }))).toEqual(["node 2 (conv): its operand 2 does not come before it"]);
    expect(broken((n) => (n[y] = { ...n[y]!, inputs: [0] }))).toEqual(["node 2 (conv): it has 1 operands"]);
    expect(broken((n) => (n[1] = { ...n[0]!, id: 1 }))).toContain("node 1 (input): the name x is taken");
    expect(broken((n) => (n[y] = { ...n[y]!, id: 7 }))).toEqual(["node 2 (conv): its id is 7"]);
    expect(broken((n) => (n[y] = { ...n[y]!, inputs: [1, 0] }))[0]).toContain("its operands do not fit");
  });
});

describe("print", () => {
  it("is one line a node, with the place it came from", () => {
    const b = new Builder();
    const x = b.add("input", { kind: "data", name: "A", shape: sh("batch c h w", 1, 3, 8, 8) }, []);
    const span = { file: "f.gan", start: 0, end: 1 } as never;
    b.origin = { span, label: "conv(4, 3)", path: "DA.conv1" };
    const y = b.add("conv", { window }, [x, b.add("input", { kind: "param", name: "DA.conv1.weight", shape: sh("out in kh kw", 4, 3, 3, 3) }, [])]);
    b.add("mean", { over: ["c", "h", "w"] }, [b.add("relu", { slope: 0.2 }, [y])]);
    expect(printGraph(b, [["loss", 4]])).toMatchInlineSnapshot(`
      "%0 = input data A : [batch: 1, c: 3, h: 8, w: 8]
      %1 = input param DA.conv1.weight : [out: 4, in: 3, kh: 3, kw: 3]  # DA.conv1
      %2 = conv(%0, %1) 3x3 /2 +1 : [batch: 1, c: 4, h: 4, w: 4]  # DA.conv1
      %3 = relu(%2) slope 0.2 : [batch: 1, c: 4, h: 4, w: 4]  # DA.conv1
      %4 = mean(%3) over c, h, w : [batch: 1]  # DA.conv1
      output loss = %4
      "
    `);
  });
});
