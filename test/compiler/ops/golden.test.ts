import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { differentiate } from "../../../compiler/differentiate";
import { Builder } from "../../../compiler/graph/builder";
import { evaluate } from "../../../compiler/graph/evaluate";
import type { NdArray } from "../../../compiler/graph/ndarray";
import { axesOf, type Shape } from "../../../compiler/graph/shape";
import type { NodeId } from "../../../compiler/graph/types";
import { optimize } from "../../../compiler/passes";
import { compositions, Torch, type Attrs } from "./torch";

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Golden {
  readonly op?: string;
  readonly attrs: Attrs;
  readonly inputs: Readonly<Record<string, Packed>>;
  readonly output?: Packed;
  readonly outputs?: Readonly<Record<string, Packed>>;
  readonly weights?: Packed | Readonly<Record<string, Packed>>;
  readonly gradients?: Readonly<Record<string, Packed>>;
}

// Bilinear enlarging is no operation of a network here: only data and heat maps are resized so, outside the graph.
const NOT_OURS = ["upsample_bilinear"];
const cases = (JSON.parse(readFileSync("test/golden/oracle/ops.json", "utf8")) as Golden[]).filter((c) => c.op && !NOT_OURS.includes(c.op));

/** PyTorch's axes by position: kernels [out, in, kh, kw] (a linear map's [out, c]), pictures [batch, c, h, w]. */
function axesFor(op: string, name: string, rank: number): string[] {
  if (name === "weight") return rank === 4 ? ["out", "in", "kh", "kw"] : op === "linear" ? ["out", "c"] : ["out", "in"];
  if (rank === 1) return ["c"];
  return ["batch", "c", "h", "w"].slice(0, rank);
}
const shapeOf = (axes: readonly string[], p: Packed): Shape => p.shape.map((dim, i) => ({ axis: axes[i]!, dim }));
const arrayOf = (shape: Shape, p: Packed): NdArray => ({ shape: shape as NdArray["shape"], data: Float64Array.from(p.data) });

function close(got: NdArray, wanted: Packed, what: string): void {
  expect(got.data.length, what).toBe(wanted.data.length);
  const largest = wanted.data.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);
  // 1e-11 of the largest value: a norm over the same numbers in another order is no closer in double precision.
  wanted.data.forEach((v, i) => expect(Math.abs(got.data[i]! - v), `${what}[${i}]: ${got.data[i]} for ${v}`).toBeLessThanOrEqual(1e-11 * largest));
}

describe("outputs and gradients agree with PyTorch's in double precision", () => {
  cases.forEach((c, i) => {
    it(`${c.op} ${JSON.stringify(c.attrs)} (${i})`, () => {
      const b = new Builder();
      const feeds = new Map<NodeId, NdArray>();
      const feed = (name: string, shape: Shape, value: Packed): NodeId => {
        const id = b.add("input", { kind: "value", name, shape }, []);
        feeds.set(id, arrayOf(shape, value));
        return id;
      };
      const named = Object.fromEntries(
        Object.entries(c.inputs).map(([name, p]) => [name, feed(name, shapeOf(axesFor(c.op!, name, p.shape.length), p), p)]),
      );
      const compose = compositions[c.op!];
      if (!compose) throw new Error(`no composition for ${c.op}`);
      const made = compose(new Torch(b), named, c.attrs);
      const results = typeof made === "number" ? { output: made } : made;
      const wanted = c.outputs ?? { output: c.output! };
      const outputs = Object.entries(wanted).map(([name, packed]) => ({ name, id: results[name]!, packed }));

      const trained = Object.keys(c.gradients ?? {});
      let gradients: NodeId[] = [];
      if (c.weights) {
        const weights = (c.outputs ? c.weights : { output: c.weights }) as Record<string, Packed>;
        const total = outputs
          .map(({ name, id }) => {
            const w = feed(`weights ${name}`, b.shape(id), weights[name]!);
            return b.add("sum", { over: axesOf(b.shape(id)) }, [b.add("mul", {}, [id, w])]);
          })
          .reduce((x, y) => b.add("add", {}, [x, y]));
        gradients = differentiate(b, total, trained.map((name) => named[name]!)).map((g) => g!);
      }

      const check = (values: ReadonlyMap<NodeId, NdArray>, at: (i: number) => NodeId): void => {
        outputs.forEach(({ name, packed }, j) => close(values.get(at(j))!, packed, name));
        trained.forEach((name, j) => close(values.get(at(outputs.length + j))!, c.gradients![name]!, `gradient of ${name}`));
      };
      const all = [...outputs.map((o) => o.id), ...gradients];
      check(evaluate(b, all, feeds), (j) => all[j]!);

      // And again, optimized.
      const better = optimize(b, all);
      const byName = new Map([...feeds].map(([id, value]) => [nameOf(b, id), value]));
      const again = new Map(better.graph.nodes.flatMap((n) => (n.op === "input" ? [[n.id, byName.get(n.attrs.name)!] as const] : [])));
      check(evaluate(better.graph, better.outputs, again), (j) => better.outputs[j]!);
    });
  });
});

function nameOf(b: Builder, id: NodeId): string {
  const node = b.node(id);
  if (node.op !== "input") throw new Error("only inputs are fed");
  return node.attrs.name;
}
