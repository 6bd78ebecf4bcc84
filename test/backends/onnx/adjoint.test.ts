import { describe, expect, it } from "vitest";
import type { OpAttrs, PadMode, Window2d } from "../../../compiler/graph/types";
import { numbersOf, type Shape } from "../../../compiler/graph/shape";
import { axes, count, draws, Hand, run, sizes } from "./kit";

// ⟨A x, g⟩ = ⟨x, A* g⟩ needs no reference: each linear operation is held against its adjoint, both lowered.

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((s, x, i) => s + x * b[i]!, 0);
const picture = (n: number, c: number, h: number, w: number): Shape => axes(`batch:${n} c:${c} h:${h} w:${w}`);

async function expectAdjoint(build: (g: Hand) => { x: number; y: number; g: number; back: number }): Promise<void> {
  const graph = new Hand();
  const { x, y, g, back } = build(graph);
  const random = draws(7);
  const feeds: Record<string, Float32Array> = {};
  const inputs = graph.nodes.flatMap((n) => (n.op === "input" ? [{ node: n.id, name: n.attrs.name }] : []));
  for (const { node, name } of inputs) feeds[name] = random(count(sizes(graph.nodes[node]!.shape)));
  const result = await run({ name: "t", graph, inputs, outputs: [{ node: y, name: "y" }, { node: back, name: "back" }] }, feeds);
  expect(result["back"]!.dims).toEqual(numbersOf(graph.nodes[x]!.shape));
  const nameOf = (id: number): string => inputs.find((i) => i.node === id)!.name;
  const [left, right] = [dot(result["y"]!.data, feeds[nameOf(g)]!), dot(feeds[nameOf(x)]!, result["back"]!.data)];
  // Both sums run over thousands of products of size one, so their float32 errors stay below 1e-4 of a product's size × √n.
  expect(Math.abs(left - right)).toBeLessThan(1e-4 * Math.sqrt(result["y"]!.data.length + result["back"]!.data.length));
}

const CONVS: [number, number, number, number, number, Window2d][] = [
  [1, 3, 4, 8, 9, { kernel: [3, 3], stride: [1, 1], pad: [0, 0] }],
  [2, 3, 4, 8, 9, { kernel: [3, 3], stride: [1, 1], pad: [1, 1] }],
  [1, 9, 2, 11, 9, { kernel: [7, 7], stride: [1, 1], pad: [0, 0] }],
  [3, 9, 2, 11, 9, { kernel: [7, 5], stride: [1, 1], pad: [3, 2] }],
  [1, 3, 4, 9, 10, { kernel: [3, 3], stride: [2, 2], pad: [1, 1] }],
  [2, 3, 4, 9, 10, { kernel: [4, 4], stride: [2, 2], pad: [1, 1] }],
  [1, 3, 4, 10, 11, { kernel: [4, 4], stride: [2, 2], pad: [0, 0] }],
  [2, 3, 4, 5, 5, { kernel: [1, 1], stride: [1, 1], pad: [0, 0] }],
  [1, 3, 4, 7, 7, { kernel: [1, 1], stride: [2, 2], pad: [0, 0] }],
  [1, 3, 4, 7, 7, { kernel: [2, 3], stride: [3, 2], pad: [0, 1] }],
];

describe("adjoints", () => {
  it.each(CONVS)("conv, batch %i, %i to %i channels at %i×%i, %j", async (n, ci, co, h, w, window) => {
    const along = (i: 0 | 1, s: number): number => Math.floor((s + 2 * window.pad[i] - window.kernel[i]) / window.stride[i]) + 1;
    const sx = picture(n, ci, h, w);
    const sy = picture(n, co, along(0, h), along(1, w));
    const sk = axes(`out:${co} in:${ci} kh:${window.kernel[0]} kw:${window.kernel[1]}`);
    const start = (b: Hand): [number, number, number, number] => {
      const [x, k, g] = [b.input("x", sx), b.input("k", sk), b.input("g", sy)];
      return [x, k, g, b.add("conv", { window }, [x, k], sy)];
    };
    await expectAdjoint((b) => {
      const [x, k, g, y] = start(b);
      return { x, y, g, back: b.add("conv_input_adjoint", { window, h, w }, [g, k], sx) };
    });
    await expectAdjoint((b) => {
      const [x, k, g, y] = start(b);
      return { x: k, y, g, back: b.add("conv_kernel_adjoint", { window }, [x, g], sk) };
    });
  });

  it.each<[PadMode, number, number, number, number, number, number]>([
    ["reflect", 6, 7, 1, 1, 1, 1],
    ["reflect", 9, 9, 3, 3, 3, 3],
    ["reflect", 4, 4, 3, 3, 3, 2],
    ["reflect", 4, 4, 1, 1, 1, 1],
    ["reflect", 7, 3, 2, 0, 0, 1],
    ["edge", 5, 4, 1, 2, 3, 0],
    ["edge", 1, 2, 1, 2, 3, 4],
    ["zero", 5, 4, 1, 2, 3, 0],
  ])("pad %s of %i×%i by %i, %i, %i, %i", async (mode, h, w, top, bottom, left, right) => {
    const attrs: OpAttrs["pad"] = { mode, amounts: { top, bottom, left, right } };
    const [sx, sy] = [picture(2, 3, h, w), picture(2, 3, h + top + bottom, w + left + right)];
    await expectAdjoint((b) => {
      const [x, g] = [b.input("x", sx), b.input("g", sy)];
      return { x, g, y: b.add("pad", attrs, [x], sy), back: b.add("pad_adjoint", attrs, [g], sx) };
    });
  });

  it.each([1, 2, 3])("upsample by %i", async (factor) => {
    const [sx, sy] = [picture(2, 3, 4, 5), picture(2, 3, 4 * factor, 5 * factor)];
    await expectAdjoint((b) => {
      const [x, g] = [b.input("x", sx), b.input("g", sy)];
      return { x, g, y: b.add("upsample", { factor }, [x], sy), back: b.add("upsample_adjoint", { factor }, [g], sx) };
    });
  });

  it.each<[Window2d, boolean]>([
    [{ kernel: [3, 3], stride: [2, 2], pad: [1, 1] }, false],
    [{ kernel: [3, 3], stride: [2, 2], pad: [1, 1] }, true],
    [{ kernel: [2, 2], stride: [2, 2], pad: [0, 0] }, true],
    [{ kernel: [3, 2], stride: [1, 3], pad: [1, 0] }, false],
  ])("avg_pool %j, pads count: %s", async (window, countPad) => {
    const [h, w] = [8, 9];
    const along = (i: 0 | 1, s: number): number => Math.floor((s + 2 * window.pad[i] - window.kernel[i]) / window.stride[i]) + 1;
    const [sx, sy] = [picture(2, 3, h, w), picture(2, 3, along(0, h), along(1, w))];
    await expectAdjoint((b) => {
      const [x, g] = [b.input("x", sx), b.input("g", sy)];
      const back = b.add("avg_pool_adjoint", { window, countPad, h, w }, [g], sx);
      return { x, g, y: b.add("avg_pool", { window, countPad }, [x], sy), back };
    });
  });
});
