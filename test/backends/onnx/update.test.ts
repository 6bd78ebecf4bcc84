import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { overwritten } from "../../../backends/onnx/in-place";
import { emitModel } from "../../../backends/onnx/model";
import { compile } from "../../../compiler/compile";
import { Builder } from "../../../compiler/graph/builder";
import type { NodeId } from "../../../compiler/graph/types";
import { axes, draws, relativeError, SESSION } from "./kit";

const [BETA1, BETA2, EPS] = [0.5, 0.999, 1e-8];
const SHAPES = ["out:5 in:3 kh:3 kw:3", "c:7", "out:64 in:300", "out:6 in:5 kh:1 kw:1"].map(axes);
const counts = SHAPES.map((s) => s.reduce((n, a) => n * (a.dim as number), 1));

interface Port {
  readonly node: NodeId;
  readonly name: string;
}

/** p ← p − step · m / (√v · root + eps), for several tensors in one graph. */
function adam(): { graph: Builder; inputs: Port[]; outputs: Port[]; pairs: { input: NodeId; output: NodeId }[] } {
  const b = new Builder();
  const inputs: Port[] = [];
  const input = (name: string, shape: ReturnType<typeof axes>): NodeId => {
    const node = b.add("input", { kind: "param", name, shape }, []);
    inputs.push({ node, name });
    return node;
  };
  const [step, root] = [input("step", []), input("root", [])];
  const outputs: Port[] = [];
  const pairs: { input: NodeId; output: NodeId }[] = [];
  const times = (x: NodeId, y: NodeId): NodeId => b.add("mul", {}, [x, y]);
  SHAPES.forEach((shape, i) => {
    const [p, m, v, g] = ["p", "m", "v", "g"].map((n) => input(`${n}${i}`, shape)) as [NodeId, NodeId, NodeId, NodeId];
    const m2 = b.add("add", {}, [times(b.constant(BETA1), m), times(b.constant(1 - BETA1), g)]);
    const v2 = b.add("add", {}, [times(b.constant(BETA2), v), times(b.constant(1 - BETA2), times(g, g))]);
    const below = b.add("add", {}, [times(b.add("sqrt", {}, [v2]), root), b.constant(EPS)]);
    const p2 = b.add("sub", {}, [p, b.add("div", {}, [times(step, m2), below])]);
    outputs.push({ node: p2, name: `new p${i}` }, { node: m2, name: `new m${i}` }, { node: v2, name: `new v${i}` });
    pairs.push({ input: p, output: p2 }, { input: m, output: m2 }, { input: v, output: v2 });
  });
  return { graph: b, inputs, outputs, pairs };
}

describe("updates in place", () => {
  it("Adam over feeds that are the fetches does what it says, step after step", async () => {
    const { graph, inputs, outputs, pairs } = adam();
    expect(overwritten(graph, outputs.map((o) => o.node), pairs)).toEqual([]);
    const session = await ort.InferenceSession.create(emitModel({ name: "adam", graph, inputs, outputs }).bytes, SESSION);
    const random = draws(5);
    const fed = (n: number, dims: readonly number[], low: number): ort.Tensor => new ort.Tensor("float32", random(n, low, 1), dims);
    const feeds: Record<string, ort.Tensor> = {};
    const fetches: Record<string, ort.Tensor> = {};
    SHAPES.forEach((shape, i) => {
      for (const n of ["p", "m", "v", "g"]) feeds[`${n}${i}`] = fed(counts[i]!, shape.map((a) => a.dim as number), n === "v" ? 0 : -1);
      for (const n of ["p", "m", "v"]) fetches[`new ${n}${i}`] = feeds[`${n}${i}`]!;
    });
    const data = (name: string): Float32Array => feeds[name]!.data as Float32Array;
    const expected = SHAPES.map((_, i) => ({ p: Float64Array.from(data(`p${i}`)), m: Float64Array.from(data(`m${i}`)), v: Float64Array.from(data(`v${i}`)) }));
    for (let t = 1; t <= 3; t++) {
      const [step, root] = [2e-2 / (1 - BETA1 ** t), 1 / Math.sqrt(1 - BETA2 ** t)];
      feeds["step"] = new ort.Tensor("float32", [step], []);
      feeds["root"] = new ort.Tensor("float32", [root], []);
      await session.run(feeds, fetches);
      expected.forEach(({ p, m, v }, i) => {
        data(`g${i}`).forEach((g, j) => {
          m[j] = BETA1 * m[j]! + (1 - BETA1) * g;
          v[j] = BETA2 * v[j]! + (1 - BETA2) * g * g;
          p[j] = p[j]! - (step * m[j]!) / (Math.sqrt(v[j]!) * root + EPS);
        });
      });
    }
    // Three steps of a dozen float32 operations each.
    expected.forEach(({ p, m, v }, i) => {
      expect(relativeError(data(`p${i}`), p)).toBeLessThan(2e-6);
      expect(relativeError(data(`m${i}`), m)).toBeLessThan(2e-6);
      expect(relativeError(data(`v${i}`), v)).toBeLessThan(2e-6);
    });
    await session.release();
  });

  it("sees a reader that may come too late", () => {
    const b = new Builder();
    const p = b.add("input", { kind: "param", name: "p", shape: axes("c:4") }, []);
    const next = b.add("mul", {}, [p, b.constant(0.5)]);
    const other = b.add("exp", {}, [b.add("rename", { names: { c: "d" } }, [p])]);
    expect(overwritten(b, [next], [{ input: p, output: next }])).toEqual([]);
    expect(overwritten(b, [next, other], [{ input: p, output: next }]).map((x) => x.node)).toEqual([other - 1, other]);
  });

  it("U-GAT-IT's own updates have none", () => {
    const text = readFileSync("specs/ugatit.gan", "utf8");
    const compiled = compile({ path: "ugatit.gan", text }, { set: ["size=64", "ch=4", "global_depth=6"] });
    const updates = compiled.program!.segments.filter((s) => s.kind === "update");
    expect(updates.length).toBeGreaterThan(0);
    for (const segment of updates) {
      const g = compiled.graphs.find((x) => x.file === segment.model)!;
      const byValue = new Map(segment.inputs.map((i) => [i.value, g.inputs.find((x) => x.name === i.port)!.node]));
      const pairs = segment.outputs.flatMap((o) => {
        const input = byValue.get(o.value);
        return input === undefined ? [] : [{ input, output: g.outputs.find((x) => x.name === o.port)!.node }];
      });
      expect(pairs.length).toBe(segment.outputs.length);
      expect(overwritten(g.graph, g.outputs.map((o) => o.node), pairs)).toEqual([]);
    }
  });
});
