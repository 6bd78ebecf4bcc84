import { describe, expect, it } from "vitest";
import { Builder } from "../../../compiler/graph/builder";
import { evaluate } from "../../../compiler/graph/evaluate";
import type { Graph, NodeId, Window2d } from "../../../compiler/graph/types";
import { verify } from "../../../compiler/graph/verify";
import { sh } from "../../../compiler/ops/samples";
import { batched } from "../../../compiler/passes/batched";
import { count, draws, sizes } from "../../backends/onnx/kit";

const C = 340;
const SAME: Window2d = { kernel: [3, 3], stride: [1, 1], pad: [1, 1] };

/** Two pictures and a kernel of more than a million numbers. */
function start(channels = C): { b: Builder; x: NodeId; y: NodeId; k: NodeId } {
  const b = new Builder();
  const input = (name: string, ...shape: Parameters<typeof sh>): NodeId => b.add("input", { kind: "value", name, shape: sh(...shape) }, []);
  return { b, x: input("x", "batch c h w", 1, channels, 2, 3), y: input("y", "batch c h w", 1, channels, 2, 3), k: input("k", "out in kh kw", channels, channels, 3, 3) };
}

function values(graph: Graph, outputs: readonly NodeId[]): Float64Array[] {
  const fed = new Map(graph.nodes.flatMap((n) => (n.op === "input" ? [[n.id, { shape: sizes(n.shape), data: Float64Array.from(draws(n.attrs.name.charCodeAt(0))(count(sizes(n.shape)))) }] as const] : [])));
  const all = evaluate(graph, outputs, fed);
  return outputs.map((id) => Float64Array.from(all.get(id)!.data));
}
const convolutions = (graph: Graph): number => graph.nodes.filter((n) => n.op === "conv" || n.op === "conv_input_adjoint").length;

describe("batched", () => {
  it("two pictures share their convolutions and adjoints, with the same values", () => {
    const { b, x, y, k } = start();
    const conv = (a: NodeId): NodeId => b.add("conv", { window: SAME }, [a, k]);
    // The second picture's chain begins after the first one's has ended, as a critic's true and made picture do.
    const first = b.add("conv_input_adjoint", { window: SAME, h: 2, w: 3 }, [b.add("tanh", {}, [conv(b.add("relu", { slope: 0.2 }, [conv(x)]))]), k]);
    const second = b.add("conv_input_adjoint", { window: SAME, h: 2, w: 3 }, [b.add("tanh", {}, [conv(b.add("relu", { slope: 0.2 }, [conv(y)]))]), k]);
    const outputs = [b.add("sub", {}, [first, second]), first];
    const { graph, outputs: now, changed } = batched.rewrite(b, outputs);
    verify(graph);
    expect(changed).toBe(true);
    expect([convolutions(b), convolutions(graph)]).toEqual([6, 3]);
    expect(now.map((id) => graph.nodes[id]!.shape)).toEqual(outputs.map((id) => b.shape(id)));
    values(graph, now).forEach((got, i) => expect(got).toEqual(values(b, outputs)[i]));
    // What is together stays as it is.
    expect(batched.rewrite(graph, now).changed).toBe(false);
  }, 120_000);

  it("not what needs the other's result, not crosswise, not small kernels", () => {
    const { b, x, y, k } = start();
    const conv = (a: NodeId, of = k): NodeId => b.add("conv", { window: SAME }, [a, of]);
    expect(batched.rewrite(b, [conv(conv(x))]).changed).toBe(false);
    // k before l for one picture, l before k for the other: one of the two can be shared, not both.
    const l = b.add("input", { kind: "value", name: "l", shape: b.shape(k) }, []);
    const { graph, outputs } = batched.rewrite(b, [conv(conv(x), l), conv(conv(y, l))]);
    verify(graph);
    expect(convolutions({ nodes: graph.nodes.filter((n) => n.id <= Math.max(...outputs)) })).toBe(3);
    const small = start(32);
    const own = (a: NodeId): NodeId => small.b.add("conv", { window: SAME }, [a, small.k]);
    expect(batched.rewrite(small.b, [own(small.x), own(small.y)]).changed).toBe(false);
  });
});
