import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { emitModel } from "../../../backends/onnx/model";
import { executionOrder, sortedForWalk } from "../../../backends/onnx/order";
import type { Operator } from "../../../backends/onnx/operator";
import { Builder } from "../../../compiler/graph/builder";
import { encodeModel, IR_VERSION, OPSET } from "../../../backends/onnx/encode";
import { draws, operatorsRun, run, SESSION } from "./kit";

/** Additions over any two earlier values (0: the input). */
const graphs = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 40 }).map((pairs) =>
  pairs.map(([a, b], i): Operator => {
    const name = (n: number): string => (n % (i + 1) === 0 ? "x" : `v${(n % (i + 1)) - 1}`);
    return { type: "Add", inputs: [name(a), name(b)], outputs: [`v${i}`], attributes: {} };
  }));

/** The order in which onnxruntime ran the operators, as its profile has it. */
async function ran(operators: readonly Operator[], outputs: readonly string[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "ganc-order-"));
  try {
    const info = (name: string): { name: string; dims: number[] } => ({ name, dims: [2] });
    const bytes = encodeModel({ name: "m", operators, inputs: [info("x")], outputs: outputs.map(info), inner: [], initializers: [], places: new Map(), metadata: {}, opset: OPSET, irVersion: IR_VERSION });
    // Without its optimizations, which put several operators into one.
    const session = await InferenceSession.create(bytes, { ...SESSION, graphOptimizationLevel: "disabled", enableProfiling: true, profileFilePrefix: join(folder, "p") });
    await session.run({ x: new Tensor("float32", Float32Array.of(1, 2), [2]) });
    session.endProfiling();
    await session.release();
    return operatorsRun(join(folder, readdirSync(folder)[0]!));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const endsOf = (operators: readonly Operator[]): string[] => {
  const read = new Set(operators.flatMap((o) => o.inputs));
  return operators.flatMap((o) => o.outputs.filter((name) => !read.has(name)));
};

describe("the order in which onnxruntime runs a model", () => {
  it("is the one that we foresee", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(graphs, async (operators) => {
        const sorted = sortedForWalk(operators);
        expect(await ran(sorted, endsOf(sorted))).toEqual(executionOrder(sorted).map((i) => sorted[i]!.outputs[0]));
      }),
      { numRuns: 30, seed: 3 },
    );
  });

  it("meets the ends in the order they were planned in, whatever the file's; operands stand before their readers", () => {
    fc.assert(
      fc.property(graphs, (operators) => {
        const sorted = sortedForWalk(operators);
        expect(new Set(sorted)).toEqual(new Set(operators));
        const made = new Set(["x"]);
        for (const o of sorted) {
          expect(o.inputs.every((name) => made.has(name))).toBe(true);
          o.outputs.forEach((name) => made.add(name));
        }
        const ends = new Set(endsOf(operators));
        const met = executionOrder(sorted).map((i) => sorted[i]!.outputs[0]!).filter((name) => ends.has(name));
        expect(met).toEqual(endsOf(operators));
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it("gives the same bits either way", async () => {
    const b = new Builder();
    const shape = [{ axis: "h", dim: 4 }, { axis: "w", dim: 5 }];
    const [x, y] = ["x", "y"].map((name) => b.add("input", { kind: "data", name, shape }, [])) as [number, number];
    const p = b.add("mul", {}, [x, y]);
    const outputs = [b.add("sum", { over: ["w"] }, [p]), b.add("tanh", {}, [b.add("add", {}, [p, x])]), b.add("mul", {}, [y, p])];
    const spec = { name: "m", graph: b, inputs: [{ node: x, name: "x" }, { node: y, name: "y" }], outputs: outputs.map((node, i) => ({ node, name: `o${i}` })) };
    const draw = draws(1);
    const feeds = { x: draw(20), y: draw(20) };
    const [walk, plain] = await Promise.all([run(spec, feeds), run({ ...spec, lowerings: { without: ["walk"] } }, feeds)]);
    expect(emitModel(spec).bytes).not.toEqual(emitModel({ ...spec, lowerings: { without: ["walk"] } }).bytes);
    expect(walk).toEqual(plain);
  });

  it("is not disturbed by reshapes of reshapes", () => {
    const b = new Builder();
    const x = b.add("input", { kind: "data", name: "x", shape: [{ axis: "h", dim: 4 }, { axis: "w", dim: 6 }] }, []);
    const flat = b.add("flatten", { axes: ["h", "w"], into: "c" }, [x]);
    const split = b.add("unflatten", { axis: "c", into: [{ axis: "p", dim: 3 }, { axis: "q", dim: 8 }] }, [flat]);
    const text = new TextDecoder("latin1").decode(emitModel({ name: "m", graph: b, inputs: [{ node: x, name: "x" }], outputs: [{ node: split, name: "y" }] }).bytes);
    expect(text.split("Reshape").length - 1).toBe(1);
  });
});
