import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { differentiate } from "../../../compiler/differentiate";
import { Builder } from "../../../compiler/graph/builder";
import { evaluate } from "../../../compiler/graph/evaluate";
import type { NdArray } from "../../../compiler/graph/ndarray";
import { type Shape } from "../../../compiler/graph/shape";
import type { NodeId } from "../../../compiler/graph/types";
import { optimize } from "../../../compiler/passes";
import { verify } from "../../../compiler/graph/verify";
import { Torch } from "../ops/torch";

interface Packed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
type Pack = Readonly<Record<string, Packed>>;
interface Case {
  readonly name?: string;
  readonly activation: string;
  readonly lambda: number;
  readonly weights: Pack;
  readonly inputs: Pack;
  readonly slope: Packed;
  readonly norms: Packed;
  readonly penalty: number;
  readonly loss: number;
  readonly "gradients of penalty": Pack;
  readonly "gradients of loss": Pack;
}
const cases = (JSON.parse(readFileSync("test/golden/oracle/wgan_gp.json", "utf8")) as Case[]).filter((c) => c.name);

function axes(name: string, rank: number): string[] {
  if (name.endsWith("weight")) return ["out", "in", "kh", "kw"];
  if (name.endsWith("bias")) return ["c"];
  return ["batch", "c", "h", "w"].slice(0, rank);
}

describe("WGAN-GP's penalty: gradients of a gradient agree with PyTorch's", () => {
  for (const c of cases) {
    it(c.name!, () => {
      const b = new Builder();
      const t = new Torch(b);
      const feeds = new Map<string, NdArray>();
      const feed = ([name, p]: [string, Packed]): [string, NodeId] => {
        const shape: Shape = p.shape.map((dim, i) => ({ axis: axes(name, p.shape.length)[i]!, dim }));
        feeds.set(name, { shape: shape as NdArray["shape"], data: Float64Array.from(p.data) });
        return [name, b.add("input", { kind: "value", name, shape }, [])];
      };
      const w = Object.fromEntries(Object.entries(c.weights).map(feed));
      const x = Object.fromEntries(Object.entries(c.inputs).map(feed));
      const act = (v: NodeId): NodeId => (c.activation === "tanh" ? t.one("tanh", v) : t.relu(v, 0.2));
      const critic = (v: NodeId): NodeId => {
        let y = act(t.conv(v, w["conv1.weight"]!, w["conv1.bias"], 2, 1));
        y = act(t.conv(y, w["conv2.weight"]!, w["conv2.bias"], 1, 1));
        return t.mean(t.conv(y, w["conv3.weight"]!, w["conv3.bias"], 1, 1), ["c", "h", "w"]);
      };
      const mix = t.add(t.mul(x["eps"]!, x["real"]!), t.mul(t.sub({ k: 1 }, x["eps"]!), x["fake"]!));
      const [slope] = differentiate(b, critic(mix), [mix]);
      const norms = t.one("sqrt", t.sum(t.square(slope!), ["c", "h", "w"]));
      const penalty = t.mean(t.square(t.sub(norms, { k: 1 })), ["batch"]);
      const value = t.sub(t.mean(critic(x["fake"]!), ["batch"]), t.mean(critic(x["real"]!), ["batch"]));
      const loss = t.add(value, t.mul(penalty, { k: c.lambda }));

      const names = Object.keys(c.weights);
      const ids = names.map((name) => w[name]!);
      const [ofPenalty, ofLoss] = [differentiate(b, penalty, ids), differentiate(b, loss, ids)];
      verify(b);

      const scalar = (v: number): Packed => ({ shape: [], data: [v] });
      const wanted: [string, NodeId, Packed][] = [
        ["slope", slope!, c.slope],
        ["norms", norms, c.norms],
        ["penalty", penalty, scalar(c.penalty)],
        ["loss", loss, scalar(c.loss)],
      ];
      names.forEach((name, i) => {
        const none = c["gradients of penalty"][name]!.data.every((v) => v === 0);
        // The last bias does not reach the penalty: no gradient at all.
        if (none) expect(ofPenalty[i], name).toBeUndefined();
        else wanted.push([`penalty by ${name}`, ofPenalty[i]!, c["gradients of penalty"][name]!]);
        wanted.push([`loss by ${name}`, ofLoss[i]!, c["gradients of loss"][name]!]);
      });

      const plain = { graph: b, outputs: wanted.map(([, id]) => id) };
      for (const { graph, outputs } of [plain, optimize(b, plain.outputs, { after: (_, g) => verify(g) })]) {
        const fed = new Map(graph.nodes.flatMap((n) => (n.op === "input" ? [[n.id, feeds.get(n.attrs.name)!] as const] : [])));
        const values = evaluate(graph, outputs, fed);
        wanted.forEach(([name, , packed], i) => {
          const got = values.get(outputs[i]!)!.data;
          const largest = packed.data.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);
          packed.data.forEach((v, j) => expect(Math.abs(got[j]! - v), `${name}[${j}]`).toBeLessThanOrEqual(1e-10 * largest));
        });
      }
    });
  }
});
