import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import type { AxisNumber } from "../../../compiler/ops/record";
import type { Shape } from "../../../compiler/graph/shape";
import { dimValue } from "../../../compiler/graph/dim";
import type { Graph, GraphNode, NodeId, NodeOf, OpAttrs, OpName } from "../../../compiler/graph/types";
import { emitModel, type ModelSpec } from "../../../backends/onnx/model";

/** The options training uses (docs/onnx-lowering.md), with warnings on. */
export const SESSION: ort.InferenceSession.SessionOptions = {
  intraOpNumThreads: 2,
  executionMode: "sequential",
  enableCpuMemArena: false,
  enableMemPattern: false,
  graphOptimizationLevel: "all",
  logSeverityLevel: 2,
  extra: { session: { force_spinning_stop: "1" } },
};

/** A graph written node by node with its shapes: independent of the operations' table. */
export class Hand implements Graph {
  readonly nodes: GraphNode[] = [];
  add<K extends OpName>(op: K, attrs: OpAttrs[K], inputs: readonly NodeId[], shape: Shape): NodeId {
    const id = this.nodes.length;
    const node: NodeOf<K> = { id, op, attrs, inputs, shape };
    this.nodes.push(node as unknown as GraphNode);
    return id;
  }
  input(name: string, shape: Shape): NodeId {
    return this.add("input", { kind: "data", name, shape }, [], shape);
  }
}

export const axes = (text: string): Shape =>
  text.split(" ").filter(Boolean).map((part) => {
    const [axis, dim] = part.split(":") as [string, string];
    return { axis, dim: Number(dim) };
  });

/** Repeatable values in [low, high). */
export function draws(seed: number): (n: number, low?: number, high?: number) => Float32Array {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return (n, low = -1, high = 1) => Float32Array.from({ length: n }, () => low + (high - low) * next());
}

export const sizes = (shape: Shape, symbols: Readonly<Record<string, number>> = {}): AxisNumber[] =>
  shape.map((a) => ({ axis: a.axis, dim: dimValue(a.dim, symbols) }));
export const count = (shape: readonly AxisNumber[]): number => shape.reduce((n, a) => n * a.dim, 1);

/** All inputs fed by name, all outputs by name. */
export async function run(
  spec: ModelSpec,
  feeds: Readonly<Record<string, Float32Array>>,
  symbols: Readonly<Record<string, number>> = {},
): Promise<Record<string, { dims: readonly number[]; data: Float32Array }>> {
  const session = await ort.InferenceSession.create(emitModel({ annotate: true, ...spec }).bytes, SESSION);
  const tensors: Record<string, ort.Tensor> = {};
  for (const { node, name } of spec.inputs) {
    const dims = sizes(spec.graph.nodes[node]!.shape, symbols).map((a) => a.dim);
    tensors[name] = new ort.Tensor("float32", feeds[name]!, dims);
  }
  const results = await session.run(tensors);
  await session.release();
  return Object.fromEntries(spec.outputs.map(({ name }) => [name, { dims: results[name]!.dims, data: results[name]!.data as Float32Array }]));
}

/** Largest difference, against the size of what was expected. */
export function relativeError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Infinity;
  let worst = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(got[i]! - expected[i]!);
    // NaN must not pass for small.
    worst = difference <= worst ? worst : difference;
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return worst / Math.max(scale, 1e-3);
}

/** The operators' names (those of their first results) in the order in which onnxruntime ran them, as a profile has it. */
export function operatorsRun(profile: string): string[] {
  const events = JSON.parse(readFileSync(profile, "utf8")) as { cat: string; name: string; ts: number }[];
  return events.filter((e) => e.cat === "Node" && e.name.endsWith("_kernel_time")).sort((a, b) => a.ts - b.ts).map((e) => e.name.slice(0, -"_kernel_time".length));
}
