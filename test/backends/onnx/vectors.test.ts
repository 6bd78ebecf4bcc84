// Few operators for small things: vectors by matrices, lengths, a batch of one, all parts of a value.
import proto from "onnx-proto";
import * as ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { emitModel, type ModelSpec } from "../../../backends/onnx/model";
import { PLAIN } from "../../../compiler/program";
import { axes, draws, Hand, relativeError, run } from "./kit";

const typesOf = (spec: ModelSpec): string[] => proto.onnx.ModelProto.decode(emitModel(spec).bytes).graph!.node!.map((n) => n.opType!);
/** float32 of sums of some dozen terms. */
const ROUNDING = 1e-6;

it("power iteration: both products, lengths, and what is read of them", async () => {
  const h = new Hand();
  const w = h.input("w", axes("rows:5 columns:7"));
  const u = h.input("u", axes("rows:5"));
  const wu = h.add("contract", { over: ["rows"] }, [w, u], axes("columns:7"));
  const square = h.add("mul", {}, [wu, wu], axes("columns:7"));
  const sum = h.add("sum", { over: ["columns"] }, [square], []);
  const length = h.add("sqrt", {}, [sum], []);
  const v = h.add("div", {}, [wu, length], axes("columns:7"));
  const wv = h.add("contract", { over: ["columns"] }, [w, v], axes("rows:5"));
  const spec: ModelSpec = { name: "m", graph: h, inputs: [{ node: w, name: "w" }, { node: u, name: "u" }], outputs: [{ node: v, name: "v" }, { node: wv, name: "wv" }, { node: length, name: "length" }] };
  const random = draws(3);
  const [a, b] = [random(35), random(5)];
  const column = Array.from({ length: 7 }, (_, k) => Array.from(b, (x, r) => x * a[r * 7 + k]!).reduce((x, y) => x + y, 0));
  const norm = Math.hypot(...column);
  const got = await run(spec, { w: a, u: b });
  expect(relativeError(got["length"]!.data, [norm])).toBeLessThan(ROUNDING);
  expect(relativeError(got["v"]!.data, column.map((x) => x / norm))).toBeLessThan(ROUNDING);
  expect(relativeError(got["wv"]!.data, Array.from({ length: 5 }, (_, r) => column.reduce((s, x, k) => s + (x / norm) * a[r * 7 + k]!, 0)))).toBeLessThan(ROUNDING);
  expect(got["wv"]!.dims).toEqual([5]);
  expect(typesOf(spec).sort()).toEqual(["Div", "Gemm", "MatMul", "ReduceL2", "Reshape", "Reshape"]);
});

it("a length whose square somebody else reads, too, is made of it", async () => {
  const h = new Hand();
  const x = h.input("x", axes("c:9"));
  const square = h.add("mul", {}, [x, x], axes("c:9"));
  const length = h.add("sqrt", {}, [h.add("sum", { over: ["c"] }, [square], [])], []);
  const spec: ModelSpec = { name: "m", graph: h, inputs: [{ node: x, name: "x" }], outputs: [{ node: square, name: "square" }, { node: length, name: "length" }] };
  const values = draws(5)(9);
  const got = await run(spec, { x: values });
  expect(relativeError(got["length"]!.data, [Math.hypot(...values)])).toBeLessThan(ROUNDING);
  expect(typesOf(spec)).not.toContain("ReduceL2");
});

it.each(["sum", "mean", "max"] as const)("%s over a batch of one reduces nothing", async (op) => {
  const h = new Hand();
  const x = h.input("x", axes("batch:1 c:3 k:2"));
  const y = h.add(op, { over: ["batch"] }, [x], axes("c:3 k:2"));
  const spec: ModelSpec = { name: "m", graph: h, inputs: [{ node: x, name: "x" }], outputs: [{ node: y, name: "y" }] };
  const values = draws(7)(6);
  expect((await run(spec, { x: values }))["y"]).toEqual({ dims: [3, 2], data: values });
  expect(typesOf(spec)).toEqual(["Reshape"]);
});

/** Parts of x[c:6] from these places on, each behind a tanh. */
function parts(...stretches: readonly (readonly [start: number, size: number])[]): ModelSpec {
  const h = new Hand();
  const x = h.input("x", axes("batch:2 c:6"));
  const outputs = stretches.map(([start, size]) => ({ node: h.add("tanh", {}, [h.add("slice", { axis: "c", start, size }, [x], axes(`batch:2 c:${size}`))], axes(`batch:2 c:${size}`)), name: `from${start}` }));
  return { name: "m", graph: h, inputs: [{ node: x, name: "x" }], outputs };
}

it.each<[string, ModelSpec, number]>([
  ["all of a value", parts([3, 3], [0, 1], [1, 2]), 1],
  ["with a gap", parts([0, 2], [3, 3]), 0],
  ["one over the other", parts([0, 4], [2, 4]), 0],
  ["without the end", parts([0, 2], [2, 2]), 0],
])("parts, %s", async (_, spec, splits) => {
  const values = draws(11)(12);
  const got = await run(spec, { x: values });
  for (const { name, node } of spec.outputs) {
    const [start, size] = [Number(name.slice("from".length)), Number(spec.graph.nodes[node]!.shape[1]!.dim)];
    expect(relativeError(got[name]!.data, [0, 6].flatMap((row) => Array.from(values.slice(row + start, row + start + size), Math.tanh)))).toBeLessThan(ROUNDING);
  }
  expect(typesOf(spec).filter((t) => t === "Split")).toHaveLength(splits);
});

it("a model for the engine says when nothing is to be found in it, and reads inputs as most of its operators want them", async () => {
  const h = new Hand();
  const x = h.input("x", axes("batch:1 c:3 h:2 w:2"));
  const flat = h.add("flatten", { axes: ["c", "h", "w"], into: "k" }, [x], axes("batch:1 k:12"));
  const y = h.add("tanh", {}, [flat], axes("batch:1 k:12"));
  const spec: ModelSpec = { name: "m", graph: h, inputs: [{ node: x, name: "x" }], outputs: [{ node: y, name: "y" }], silent: true, unshaped: true };
  const { bytes } = emitModel(spec);
  expect(Buffer.from(bytes).includes(PLAIN)).toBe(true);
  expect(typesOf(spec)).toEqual(["SequenceEmpty", "Tanh"]);
  const session = await ort.InferenceSession.create(bytes);
  expect(session.inputMetadata.map((i) => i.isTensor && i.shape)).toEqual([[1, 12]]);
  await session.release();
  const one = h.input("one", axes("batch:1"));
  const number = h.add("tanh", {}, [h.add("mean", { over: ["batch"] }, [one], [])], []);
  const scalar = await ort.InferenceSession.create(emitModel({ ...spec, inputs: [{ node: one, name: "one" }], outputs: [{ node: number, name: "y" }] }).bytes);
  expect(scalar.inputMetadata.map((i) => i.isTensor && i.shape)).toEqual([[1, 1, 1, 1]]);
  await scalar.release();
  const pooled = h.add("avg_pool", { window: { kernel: [2, 2], stride: [2, 2], pad: [0, 0] }, countPad: true } as never, [x], axes("batch:1 c:3 h:1 w:1"));
  expect(Buffer.from(emitModel({ ...spec, outputs: [{ node: pooled, name: "y" }] }).bytes).includes(PLAIN)).toBe(false);
  const product = (over: string): boolean => {
    const g = new Hand();
    const [a, b] = [g.input("a", axes("batch:2 r:3 k:4")), g.input("b", axes(over === "k" ? "batch:2 k:4 c:5" : "batch:2 c:5 k:4"))];
    const made = g.add("contract", { over: ["k"] }, [a, b], axes("batch:2 r:3 c:5"));
    return Buffer.from(emitModel({ ...spec, graph: g, inputs: [{ node: a, name: "a" }, { node: b, name: "b" }], outputs: [{ node: made, name: "y" }] }).bytes).includes(PLAIN);
  };
  // The second of these transposes pictures for a product.
  expect([product("k"), product("c")]).toEqual([true, false]);
  expect(Buffer.from(emitModel({ ...spec, silent: false }).bytes).includes(PLAIN)).toBe(false);
});
