// Outputs with the dims that they were made with: the same elements, one pass over a critic's gradient less.
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { emitModel } from "../../../backends/onnx/model";
import { compile } from "../../../compiler/compile";
import { numbersOf } from "../../../compiler/graph/shape";
import { count, draws, relativeError, SESSION, sizes } from "./kit";

const compiled = compile({ path: "ugatit.gan", text: readFileSync("specs/ugatit.gan", "utf8") }, { set: ["size=32", "load_size=36", "ch=4", "blocks=1", "global_depth=5", "local_depth=4"] });

it("every graph of a step gives the same elements, some under other dims", async () => {
  let [other, wide] = [0, 0];
  let reshapes = [0, 0];
  for (const { model } of compiled.program!.segments.filter((s) => !s.updates)) {
    const g = compiled.graphs.find((x) => x.file === model)!;
    const random = draws(7);
    const values = g.inputs.map(({ node, name }) => ({ name, dims: numbersOf(g.graph.nodes[node]!.shape), data: random(count(sizes(g.graph.nodes[node]!.shape)), -0.5, 0.5) }));
    const results = [];
    for (const unshaped of [false, true]) {
      const { bytes } = emitModel({ name: "m", graph: g.graph, inputs: g.inputs, outputs: g.outputs, unshaped });
      const session = await ort.InferenceSession.create(bytes, SESSION);
      const said = Object.fromEntries(session.outputMetadata.map((o) => [o.name, o.isTensor ? o.shape : undefined]));
      const wanted = Object.fromEntries(session.inputMetadata.map((i) => [i.name, i.isTensor ? (i.shape as number[]) : []]));
      const feeds = Object.fromEntries(values.map(({ name, dims, data }) => [name, new ort.Tensor("float32", data, unshaped ? wanted[name] : dims)]));
      wide += values.filter(({ name, dims }) => wanted[name]?.join() !== dims.join()).length;
      const got = await session.run(feeds);
      for (const [name, { dims }] of Object.entries(got)) expect(said[name], name).toEqual(dims);
      results.push(got);
      reshapes = reshapes.map((n, i) => n + (i === Number(unshaped) ? Buffer.from(bytes).toString("latin1").split("Reshape").length : 0));
      await session.release();
    }
    const [shaped, plain] = results as [ort.InferenceSession.OnnxValueMapType, ort.InferenceSession.OnnxValueMapType];
    for (const { node, name } of g.outputs) {
      expect(shaped[name]!.dims).toEqual(numbersOf(g.graph.nodes[node]!.shape));
      if (plain[name]!.dims.join() !== shaped[name]!.dims.join()) other++;
      // Some sums are over other dims, so in another order.
      expect(relativeError(plain[name]!.data as Float32Array, shaped[name]!.data as Float32Array), name).toBeLessThan(1e-5);
    }
  }
  expect(other).toBeGreaterThan(10);
  expect(wide).toBeGreaterThan(10);
  expect(reshapes[1]).toBeLessThan(reshapes[0]!);
}, 240_000);
