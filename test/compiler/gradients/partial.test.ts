import { describe, expect, it } from "vitest";
import { differentiate } from "../../../compiler/differentiate";
import { Builder } from "../../../compiler/graph/builder";
import { type Dim, symbol } from "../../../compiler/graph/dim";
import { evaluate } from "../../../compiler/graph/evaluate";
import type { Shape } from "../../../compiler/graph/shape";
import type { NodeId } from "../../../compiler/graph/types";
import { verify } from "../../../compiler/graph/verify";
import { optimize } from "../../../compiler/passes";
import { sh } from "../../../compiler/ops/samples";
import { opNames } from "../../../compiler/ops/table";
import { casesOf, drawAll, inputs } from "../kit";
import { Torch } from "../ops/torch";

const input = (b: Builder, name: string, shape: Shape): NodeId => b.add("input", { kind: "value", name, shape }, []);

describe("differentiate", () => {
  it("builds nothing for what is not asked for", () => {
    const b = new Builder();
    const [x, k] = [input(b, "x", sh("c h w", 2, 4, 4)), input(b, "k", sh("out in kh kw", 3, 2, 3, 3))];
    const loss = new Torch(b).meanAll(b.add("conv", { window: { kernel: [3, 3], stride: [1, 1], pad: [0, 0] } }, [x, k]));
    const before = b.nodes.length;
    const [gx] = differentiate(b, loss, [x]);
    expect(gx).toBeDefined();
    expect(b.nodes.slice(before).map((n) => n.op)).not.toContain("conv_kernel_adjoint");
  });

  it("builds nothing for what is stopped", () => {
    const b = new Builder();
    const x = input(b, "x", sh("c", 2));
    const loss = b.add("sum", { over: ["c"] }, [b.add("tanh", {}, [b.add("stop", {}, [x])])]);
    const before = b.nodes.length;
    expect(differentiate(b, loss, [x])).toEqual([undefined]);
    expect(b.nodes.length).toBe(before);
  });

  it("gives none where the loss does not depend on a node, and the seed where it is the loss", () => {
    const b = new Builder();
    const [x, y] = [input(b, "x", sh("c", 2)), input(b, "y", sh("c", 2))];
    const loss = b.add("sum", { over: ["c"] }, [b.add("add", {}, [x, b.add("stop", {}, [y])])]);
    const seed = b.constant(3);
    const [gx, gy, gl] = differentiate(b, loss, [x, y, loss], seed);
    expect(gy).toBeUndefined();
    expect(gl).toBe(seed);
    expect([...evaluate(b, [gx!], new Map()).get(gx!)!.data]).toEqual([3, 3]);
  });

  it("gives nodes the origin of what they are the gradient of", () => {
    const b = new Builder();
    const x = input(b, "x", sh("c", 2));
    b.origin = { span: { file: "f.gan", start: 0, end: 1 } as never, label: "tanh", path: "G.out" };
    const y = b.add("tanh", {}, [x]);
    b.origin = undefined;
    const [g] = differentiate(b, b.add("sum", { over: ["c"] }, [y]), [x]);
    expect(b.node(g!).origin?.path).toBe("G.out");
    expect(b.origin).toBeUndefined();
  });

  it("has the same numbers with free dims as with fixed ones", () => {
    const values = ([n, h, w]: readonly [Dim, Dim, Dim], better: boolean): number[][] => {
      const b = new Builder();
      const t = new Torch(b);
      const x = input(b, "x", [{ axis: "batch", dim: n }, { axis: "c", dim: 2 }, { axis: "h", dim: h }, { axis: "w", dim: w }]);
      const v = input(b, "v", sh("c", 2));
      const normed = t.div(t.sub(x, t.mean(x, ["h", "w"])), t.one("sqrt", t.add(t.mean(t.square(x), ["c", "h", "w"]), { k: 0.1 })));
      const loss = t.add(t.mean(t.meanAll(t.square(t.add(v, normed))), []), t.sum(t.mul(v, v), ["c"]));
      // v alone, repeated over a batch that is free: its gradient is times the batch's size.
      const repeated = t.sum(b.add("mul", {}, [t.sum(t.add(t.mul(x, { k: 0 }), v), ["h", "w"]), v]), ["batch", "c"]);
      const gradients = differentiate(b, t.add(loss, repeated), [x, v]).map((g) => g!);
      const { graph, outputs } = better ? optimize(b, gradients, { after: (_, g) => verify(g) }) : { graph: b, outputs: gradients };
      const [xs, vs] = drawAll([sh("batch c h w", 3, 2, 4, 5), sh("c", 2)], [-1, 1], 4);
      const feeds = new Map(graph.nodes.flatMap((m) => (m.op === "input" ? [[m.id, m.attrs.name === "x" ? xs! : vs!] as const] : [])));
      return outputs.map((id) => [...evaluate(graph, outputs, feeds).get(id)!.data]);
    };
    const wanted = values([3, 4, 5], false);
    const free = [symbol("N"), symbol("H"), symbol("W")] as const;
    for (const got of [values(free, false), values(free, true), values([3, 4, 5], true)]) {
      got.forEach((list, i) => list.forEach((v, j) => expect(v).toBeCloseTo(wanted[i]![j]!, 12)));
    }
  });
});

/** A gradient may lack axes along which it is constant: each rule must give what it gives for the repeated one. */
describe("every gradient rule takes a gradient that lacks axes", () => {
  for (const op of opNames.filter((o) => o !== "input" && o !== "stop")) {
    it(op, () => {
      casesOf(op).forEach((c, seed) => {
        const b = new Builder();
        const xs = inputs(b, c.case.shapes);
        const y = c.add(b, xs);
        const feeds = new Map(drawAll(c.case.shapes, c.case.range ?? [-1, 1], seed + 1).map((v, i) => [xs[i]!, v]));
        const shape = b.shape(y);
        const parts = [[], shape.slice(0, 1), shape.slice(1), shape.slice(1, 2), shape.slice(-1)];
        parts.forEach((part, i) => {
          const g = input(b, `g${i}`, part);
          feeds.set(g, drawAll([part], [-1, 1], seed + 20 + i)[0]!);
          const got = differentiate(b, y, xs, g);
          const wanted = differentiate(b, y, xs, part.length === shape.length ? g : b.add("expand", { shape }, [g]));
          verify(b);
          expect(got.map((id) => id === undefined), c.title).toEqual(wanted.map((id) => id === undefined));
          const ids = [...got, ...wanted].filter((id) => id !== undefined);
          const values = evaluate(b, ids, feeds);
          got.forEach((id, j) => {
            if (id === undefined) return;
            const [a, w] = [values.get(id)!, values.get(wanted[j]!)!];
            expect(a.shape, c.title).toEqual(w.shape);
            a.data.forEach((v, k) => expect(Math.abs(v - w.data[k]!), `${c.title} [${k}]`).toBeLessThan(1e-11 * Math.max(1, Math.abs(v))));
          });
        });
      });
    });
  }
});
