import { describe, expect, it } from "vitest";
import proto from "onnx-proto";
import { emitModel, type ModelSpec } from "../../../backends/onnx/model";
import { Builder } from "../../../compiler/graph/builder";
import { evaluate } from "../../../compiler/graph/evaluate";
import type { NodeId, Window2d } from "../../../compiler/graph/types";
import { axes, count, draws, relativeError, run, sizes } from "./kit";

/** Builds, runs, compares with the reference; gives the types of the operators it took. */
async function types(build: (b: Builder, input: (text: string) => NodeId) => NodeId): Promise<string[]> {
  const b = new Builder();
  const inputs: { node: NodeId; name: string }[] = [];
  const y = build(b, (text) => {
    const name = `x${inputs.length}`;
    const node = b.add("input", { kind: "data", name, shape: axes(text) }, []);
    inputs.push({ node, name });
    return node;
  });
  const random = draws(11);
  const feeds = Object.fromEntries(inputs.map(({ node, name }) => [name, random(count(sizes(b.shape(node))))]));
  const spec: ModelSpec = { name: "m", graph: b, inputs, outputs: [{ node: y, name: "y" }] };
  const got = await run(spec, feeds);
  const given = new Map(inputs.map(({ node, name }) => [node, { shape: sizes(b.shape(node)), data: Float64Array.from(feeds[name]!) }]));
  expect(relativeError(got["y"]!.data, evaluate(b, [y], given).get(y)!.data)).toBeLessThan(4e-6);
  return proto.onnx.ModelProto.decode(emitModel(spec).bytes).graph!.node!.map((n) => n.opType!);
}

describe("sums that a matrix product takes in", () => {
  const window: Window2d = { kernel: [3, 3], stride: [1, 1], pad: [0, 0] };
  it.each([1, 2])("gradients of a kernel used three times, batch %i", async (n) => {
    const all = await types((b, input) => {
      const uses = [0, 1, 2].map(() => b.add("conv_kernel_adjoint", { window }, [input(`batch:${n} c:2 h:6 w:5`), input(`batch:${n} c:3 h:4 w:3`)]));
      return uses.reduce((x, y) => b.add("add", {}, [y, x]));
    });
    expect(all.filter((t) => t === "Add").length).toBe(n === 1 ? 0 : 2);
  });
  it("gradients whose other operand is copied", async () => {
    await types((b, input) => {
      const uses = [0, 1].map(() => b.add("conv_kernel_adjoint", { window }, [input("batch:1 c:9 h:6 w:5"), input("batch:1 c:2 h:4 w:3")]));
      return b.add("add", {}, uses);
    });
  });
  it("outer products, added and taken away", async () => {
    const all = await types((b, input) => {
      const outer = (): NodeId => b.add("mul", {}, [input("rest:7"), input("out:5")]);
      const x = b.add("sub", {}, [input("out:5 rest:7"), b.add("expand", { shape: axes("out:5 rest:7") }, [outer()])]);
      const plain = b.add("sub", {}, [x, b.add("mul", {}, [input("out:5"), input("rest:7")])]);
      return b.add("add", {}, [b.add("mul", {}, [input("out:5"), input("rest:7")]), plain]);
    });
    expect(all.filter((t) => t === "Gemm").length).toBe(2);
  });
  it("not where the product has another reader, or is taken from", async () => {
    const all = await types((b, input) => {
      const outer = b.add("mul", {}, [input("out:5"), input("rest:7")]);
      const other = b.add("mul", {}, [input("out:5"), input("rest:7")]);
      const x = input("out:5 rest:7");
      return b.add("mul", {}, [b.add("add", {}, [outer, x]), b.add("mul", {}, [outer, b.add("sub", {}, [other, x])])]);
    });
    expect(all).not.toContain("Gemm");
  });
  it("spectral normalization's gradient into a large kernel, as one product", async () => {
    const all = await types((b, input) => {
      const matrix = (): NodeId => b.add("flatten", { axes: ["in", "kh", "kw"], into: "rest" }, [b.add("conv_kernel_adjoint", { window }, [input("batch:1 c:128 h:5 w:4"), input("batch:1 c:256 h:3 w:2")])]);
      const outer = (): NodeId => b.add("mul", {}, [input("rest:1152"), input("out:256")]);
      const first = b.add("sub", {}, [matrix(), outer()]);
      return b.add("sub", {}, [b.add("add", {}, [first, matrix()]), outer()]);
    });
    expect(all.filter((t) => t === "Gemm").length).toBe(1);
    expect(all.filter((t) => ["Add", "Sub", "Mul"].includes(t))).toEqual([]);
  });
  it.each([1, 3])("a linear layer's gradients, used three times, as one product, batch %i", async (n) => {
    const all = await types((b, input) => {
      const uses = [0, 1, 2].map(() => b.add("contract", { over: ["batch"] }, [input(`batch:${n} out:250`), input(`batch:${n} c:1100`)]));
      return b.add("sub", {}, [b.add("add", {}, [uses[0]!, uses[1]!]), uses[2]!]);
    });
    expect(all.filter((t) => t === "Gemm").length).toBe(1);
    expect(all.filter((t) => ["Add", "Sub", "Mul"].includes(t))).toEqual([]);
  });
  it.each([
    ["no axis of its own", ["batch:3", "batch:3 c:300000"], ["batch:3", "batch:3 c:300000"]],
    ["several axes for the rows", ["batch:2 c:20 h:5 w:5", "batch:2 out:600"], ["batch:2 c:20 h:5 w:5", "batch:2 out:600"]],
    ["rows of other axes in each", ["batch:2 c:40 h:50", "batch:2 out:300"], ["batch:2 c:40", "batch:2 h:50 out:300"]],
  ])("linear layers' gradients with %s are what they are", async (_, ...terms: readonly (string | readonly string[])[]) => {
    await types((b, input) => {
      const sum = b.add("add", {}, terms.map((sides) => b.add("contract", { over: ["batch"] }, (sides as readonly string[]).map(input))));
      // What reads it looks at its axes.
      return b.add("max", { over: [b.shape(sum).at(-1)!.axis] }, [sum]);
    });
  });
});
