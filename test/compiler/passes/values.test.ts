import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../../compiler/graph/evaluate";
import type { NdArray } from "../../../compiler/graph/ndarray";
import { printGraph } from "../../../compiler/graph/print";
import type { Graph, NodeId } from "../../../compiler/graph/types";
import { copy } from "../../../compiler/graph/walk";
import { verify } from "../../../compiler/graph/verify";
import { optimize, passes } from "../../../compiler/passes";
import { drawAll } from "../kit";
import { leaves, randomGraph } from "./graphs";

const feeds = new Map(drawAll(leaves, [-1, 1], 3).map((value, i) => [`x${i}`, value]));

function values(graph: Graph, outputs: readonly NodeId[]): NdArray[] {
  const fed = new Map(graph.nodes.flatMap((n) => (n.op === "input" ? [[n.id, feeds.get(n.attrs.name)!] as const] : [])));
  const all = evaluate(graph, outputs, fed);
  return outputs.map((id) => all.get(id)!);
}

function expectSame(got: readonly NdArray[], wanted: readonly NdArray[], what: string): void {
  got.forEach((g, i) => {
    expect(g.shape, what).toEqual(wanted[i]!.shape);
    const largest = wanted[i]!.data.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
    g.data.forEach((v, j) => {
      const w = wanted[i]!.data[j]!;
      if (Number.isFinite(w) && Math.abs(v - w) > 1e-8 * largest) throw new Error(`${what}: output ${i}[${j}] is ${v}, was ${w}`);
    });
  });
}

describe("optimization keeps values", () => {
  it("of random graphs and their gradients, by every pass alone and after every walk of all", () => {
    const found = new Set<string>();
    fc.assert(
      fc.property(randomGraph, ({ b, outputs }) => {
        const wanted = values(b, outputs);
        const plain = printGraph(copy(b, outputs).graph);
        for (const pass of passes) {
          const { graph, outputs: now } = pass.rewrite(b, outputs);
          verify(graph);
          if (printGraph(copy(graph, now).graph) !== plain) found.add(pass.name);
          expectSame(values(graph, now), wanted, pass.name);
        }
        let before = printGraph(b);
        const better = optimize(b, outputs, {
          after(names, graph, now) {
            verify(graph);
            // Some find nothing before others have been there.
            const text = printGraph(graph);
            if (text !== before && !names.includes(" ")) found.add(names);
            before = text;
            expectSame(values(graph, now), wanted, names);
          },
        });
        // Nothing is left for another run.
        const again = optimize(better.graph, better.outputs);
        expect(again.graph.nodes.length).toBe(better.graph.nodes.length);
      }),
      { numRuns: 400, seed: 20190725 },
    );
    // Kernels large enough for `batched` would take the reference evaluation hours here: batched.test.ts.
    expect([...found].sort()).toEqual(passes.map((p) => p.name).filter((name) => name !== "batched").sort());
  }, 60_000);

  it("with each pass left out", () => {
    const [sample] = fc.sample(randomGraph, { numRuns: 1, seed: 5 });
    for (const { name } of passes) {
      const seen: string[] = [];
      const { graph, outputs } = optimize(sample!.b, sample!.outputs, { disabled: [name], after: (pass) => seen.push(pass) });
      expect(seen.flatMap((names) => names.split(" "))).not.toContain(name);
      expectSame(values(graph, outputs), values(sample!.b, sample!.outputs), `without ${name}`);
    }
  });
});
