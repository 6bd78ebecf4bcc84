// The graphs of a training as onnxruntime runs them, its optimizers included. They put operators together and the new one in place of several, with a
// higher number: if that is one that nobody reads, it is met first, and all that leads to it is run before everything else.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import proto from "onnx-proto";
import type { InferenceSession } from "onnxruntime-node";
import { afterAll, expect, it } from "vitest";
import { emitModel } from "../../../backends/onnx/model";
import { executionOrder } from "../../../backends/onnx/order";
import { trainingModels } from "../../../cli/emit";
import { Builder } from "../../../compiler/graph/builder";
import { compile } from "../../../compiler/compile";
import { loadOrt, openSession, type Tensors } from "../../../runtime/engine/session";
import { axes, operatorsRun } from "../../backends/onnx/kit";

const folder = mkdtempSync(join(tmpdir(), "ganc-order-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dimsOf = (port: InferenceSession.ValueMetadata): number[] => (port.isTensor ? port.shape.map(Number) : []);

/** The operators' names (those of their first results) as the runtime came to them. */
async function ran(model: Uint8Array, name: string): Promise<string[]> {
  const ort = await loadOrt();
  const session = await openSession(model, { step: true, profile: join(folder, name) });
  const feeds: Tensors = Object.fromEntries(session.inputMetadata.map((port) => [port.name, new ort.Tensor("float32", new Float32Array(dimsOf(port).reduce((a, b) => a * b, 1)), dimsOf(port))]));
  // A silent model's run ends in a refusal, when all is done.
  await session.run(feeds).catch(() => undefined);
  session.endProfiling();
  await session.release();
  return operatorsRun(join(folder, readdirSync(folder).find((each) => each.startsWith(name))!));
}

/** The ends of a model in the order in which they are planned, and in which they are met; those that are other operators by then are missing there. */
async function endsOf(bytes: Uint8Array, name: string): Promise<{ planned: string[]; met: string[] }> {
  const operators = proto.onnx.ModelProto.decode(bytes).graph!.node!.map((n) => ({ type: n.opType!, inputs: n.input!, outputs: n.output!, attributes: {} }));
  const read = new Set(operators.flatMap((o) => o.inputs));
  const planned = executionOrder(operators).map((at) => operators[at]!).filter((o) => o.type !== "SequenceEmpty" && o.outputs.every((output) => !read.has(output))).map((o) => o.outputs[0]!);
  return { planned, met: (await ran(bytes, name)).filter((each) => planned.includes(each)) };
}

const SETS: Readonly<Record<string, readonly string[]>> = {
  // Of these sizes a graph ends in a 1×1 convolution's adjoint.
  ugatit: ["size=128", "ch=32"],
  cyclegan: ["size=64", "ch=8", "blocks=2"],
  unit: ["size=64", "ch=16"],
  munit: ["size=64", "ch=16"],
};

it.each(Object.entries(SETS))("%s: every end of a graph is met where it was planned", { timeout: 120_000 }, async (spec, set) => {
  const compiled = compile({ path: `specs/${spec}.gan`, text: readFileSync(`specs/${spec}.gan`, "utf8") }, { set });
  expect(compiled.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  const models = trainingModels(compiled);
  let compared = 0;
  for (const [i, model] of [...new Set(compiled.program!.segments.filter((s) => s.kind === "compute").map((s) => s.model))].entries()) {
    const { planned, met } = await endsOf((await models.get(model))!, `${spec}-${i}-`);
    expect(met, `${model}: none is another operator now`).toEqual(planned);
    compared += planned.length;
  }
  expect(compared).toBeGreaterThan(100);
});

it.each([1, 2])("a 1×1 convolution's adjoint of %i pictures stays what it is", async (n) => {
  const b = new Builder();
  const inputs = [`batch:${n} c:8 h:4 w:4`, "out:8 in:6 kh:1 kw:1"].map((text, i) => ({ node: b.add("input", { kind: "data", name: `x${i}`, shape: axes(text) }, []), name: `x${i}` }));
  const y = b.add("conv_input_adjoint", { window: { kernel: [1, 1], stride: [1, 1], pad: [0, 0] }, h: 4, w: 4 }, inputs.map(({ node }) => node));
  const { planned, met } = await endsOf(emitModel({ name: "m", graph: b, inputs, outputs: [{ node: y, name: "y" }], unshaped: true }).bytes, `pictures-${n}-`);
  expect(planned).toEqual(["y"]);
  expect(met).toEqual(planned);
});
