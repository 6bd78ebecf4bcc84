import { mkdtempSync, openSync, rmSync, writeFileSync, writeSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import proto from "onnx-proto";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { emitModel, problemsOf } from "../../../backends/onnx/model";
import { symbol } from "../../../compiler/graph/dim";
import { axes, draws, Hand, relativeError, run, SESSION } from "./kit";

const decoded = (bytes: Uint8Array): ReturnType<typeof proto.onnx.ModelProto.decode> => proto.onnx.ModelProto.decode(bytes);

describe("emitted models", () => {
  it("have the names they were given, and readable ones inside", () => {
    const b = new Hand();
    const x = b.input("x", axes("batch:1 c:2 h:4 w:4"));
    const y = b.add("relu", { slope: 0 }, [x], b.nodes[x]!.shape);
    const origin = { span: { file: "a.gan", start: 0, end: 0 }, label: "relu", path: "AB.content.conv1" };
    b.nodes[y] = { ...b.nodes[y]!, origin };
    const z = b.add("tanh", {}, [y], b.nodes[x]!.shape);
    const { graph, metadataProps } = decoded(
      emitModel({ name: "m", graph: b, inputs: [{ node: x, name: "photo" }], outputs: [{ node: z, name: "image" }], metadata: { spec: "text" } }).bytes,
    );
    expect(graph!.node!.map((n) => [n.opType, n.input, n.output])).toEqual([
      ["Relu", ["photo"], ["AB.content.conv1/1"]],
      ["Tanh", ["AB.content.conv1/1"], ["image"]],
    ]);
    expect(metadataProps!.map((p) => [p.key, p.value])).toEqual([["spec", "text"]]);
  });

  it("copy what would give two outputs one buffer, or an output its input's", async () => {
    const b = new Hand();
    const x = b.input("x", axes("c:3"));
    const y = b.add("neg", {}, [x], axes("c:3"));
    const same = b.add("rename", { names: { c: "d" } }, [y], axes("d:3"));
    const outputs = [x, y, same].map((node, i) => ({ node, name: `y${i}` }));
    const result = await run({ name: "m", graph: b, inputs: [{ node: x, name: "x" }], outputs }, { x: Float32Array.of(1, -2, 3) });
    expect([...result["y0"]!.data]).toEqual([1, -2, 3]);
    expect([...result["y1"]!.data]).toEqual([-1, 2, -3]);
    expect([...result["y2"]!.data]).toEqual([-1, 2, -3]);
  });

  it("leave out what no output needs, but keep their inputs", () => {
    const b = new Hand();
    const x = b.input("x", axes("c:3"));
    const unused = b.input("unused", axes("c:3"));
    b.add("exp", {}, [unused], axes("c:3"));
    const y = b.add("neg", {}, [x], axes("c:3"));
    const inputs = [{ node: x, name: "x" }, { node: unused, name: "unused" }];
    const { graph } = decoded(emitModel({ name: "m", graph: b, inputs, outputs: [{ node: y, name: "y" }] }).bytes);
    expect(graph!.node!.length).toBe(1);
    expect(graph!.input!.map((i) => i.name)).toEqual(["x", "unused"]);
    expect(graph!.initializer!.length).toBe(0);
  });

  it("say which dims are free", () => {
    const b = new Hand();
    const shape = [{ axis: "batch", dim: symbol("N") }, { axis: "c", dim: 3 }, { axis: "h", dim: symbol("H") }];
    const x = b.input("x", shape);
    const y = b.add("neg", {}, [x], shape);
    const { graph } = decoded(emitModel({ name: "m", graph: b, inputs: [{ node: x, name: "x" }], outputs: [{ node: y, name: "y" }] }).bytes);
    for (const value of [...graph!.input!, ...graph!.output!]) {
      expect(value.type!.tensorType!.shape!.dim!.map((d) => d.dimParam || Number(d.dimValue))).toEqual(["N", 3, "H"]);
    }
  });

  it("are not made where a form is missing: the node and the reason are told before", () => {
    const b = new Hand();
    const shape = [{ axis: "c", dim: 3 }, { axis: "h", dim: symbol("H") }];
    const x = b.input("x", shape);
    const y = b.add("embed", { axis: "h", start: 1, total: 9 }, [x], axes("c:3 h:9"));
    const z = b.add("neg", {}, [y], axes("c:3 h:9"));
    expect(problemsOf(b, [z])).toEqual([{ node: y, reason: "the dim of h is free" }]);
    expect(() => emitModel({ name: "m", graph: b, inputs: [{ node: x, name: "x" }], outputs: [{ node: z, name: "z" }] })).toThrow(/^defect: m has no ONNX form/);
  });

  it("keep weights inside, or beside the model beyond the threshold", async () => {
    const b = new Hand();
    const [x, k, c] = [b.input("x", axes("batch:2 in:40")), b.input("k", axes("in:40 out:30")), b.input("c", axes("out:30"))];
    const y = b.add("contract", { over: ["in"] }, [x, k], axes("batch:2 out:30"));
    const z = b.add("add", {}, [y, c], axes("batch:2 out:30"));
    const random = draws(1);
    const data = { x: random(80), k: random(1200), c: random(30) };
    const constants = [{ node: k, name: "weight", data: data.k }, { node: c, name: "bias", data: data.c }];
    const spec = { name: "m", graph: b, inputs: [{ node: x, name: "x" }], outputs: [{ node: z, name: "y" }], constants };
    const inside = await run(spec, { x: data.x });
    const expected = Float64Array.from({ length: 60 }, (_, i) => {
      let sum = data.c[i % 30]!;
      for (let j = 0; j < 40; j++) sum += data.x[Math.floor(i / 30) * 40 + j]! * data.k[j * 30 + (i % 30)]!;
      return sum;
    });
    expect(relativeError(inside["y"]!.data, expected)).toBeLessThan(1e-6);

    expect(emitModel({ ...spec, externalData: { file: "m.data" } }).external).toBeUndefined();
    const { bytes, external } = emitModel({ ...spec, externalData: { file: "m.data", threshold: 1000 } });
    expect(external!.pieces.map((p) => p.bytes.length)).toEqual([4800]);
    const folder = mkdtempSync(join(tmpdir(), "ganc-onnx-"));
    writeFileSync(join(folder, "m.onnx"), bytes);
    const file = openSync(join(folder, external!.file), "w");
    for (const { offset, bytes: piece } of external!.pieces) writeSync(file, piece, 0, piece.length, offset);
    closeSync(file);
    const session = await ort.InferenceSession.create(join(folder, "m.onnx"), SESSION);
    const { y: outside } = await session.run({ x: new ort.Tensor("float32", data.x, [2, 40]) });
    expect([...(outside!.data as Float32Array)]).toEqual([...inside["y"]!.data]);
    await session.release();
    rmSync(folder, { recursive: true });
  });
});
