// Resident memory, foreseen: what is stored between the graphs of a step, and the most that one graph holds while it runs.
import { type Dim, dimValue } from "../graph/dim";
import { ALIASES } from "../graph/aliases";
import type { Shape } from "../graph/shape";
import type { Graph, GraphNode, NodeId } from "../graph/types";
import { planLayout } from "../layout";
import type { Program } from "../program";
import { FREE_BATCH, type ExportModel } from "../train/exports";
import { mostOf } from "../train/buffers";
import type { GraphFile } from "../train/graph-file";
import { flopsOf } from "./layers";

export interface MemoryEstimate {
  /** Bytes. */
  readonly total: number;
  readonly parts: Readonly<Record<string, number>>;
}

/**
 * Node.js, onnxruntime, and what compiling left behind: measured on Linux x64 (less by 40 MB since compiled code, names and results that waited for a
 * collection take less).
 */
const RUNTIME = 115e6;
/** A loaded graph, a node of ours. */
const LOADED_NODE = 6e3;
/**
 * By how many times the buffers of the fullest graph the process grows: blocks that lie apart leave room between them into which none of the next fits.
 * What is foreseen so was 0.97 to 1.0 of what was seen of U-GAT-IT at 64, 128, 256, 512 px and full, 0.80 of CycleGAN (docs/performance.md).
 */
const APART = 2;
/** The same of a process that only runs an exported model. */
const INFERENCE_RUNTIME = 105e6;

const bytes = (shape: Shape, at: Readonly<Record<string, number>>): number => shape.reduce((n, a) => n * value(a.dim, at), 4);
const value = (d: Dim, at: Readonly<Record<string, number>>): number => (typeof d === "number" ? d : dimValue(d, at));

/** What a lowering needs beside operands and result: the unrolled windows of a kernel's gradient. */
function workspace(node: GraphNode, graph: Graph, at: Readonly<Record<string, number>>): number {
  if (node.op !== "conv_kernel_adjoint") return 0;
  const [kh, kw] = node.attrs.window.kernel;
  const x = graph.nodes[node.inputs[0]!]!.shape;
  const g = graph.nodes[node.inputs[1]!]!.shape;
  const channels = value(x.find((a) => a.axis === "c")?.dim ?? 1, at);
  const places = g.filter((a) => a.axis !== "c").reduce((n, a) => n * value(a.dim, at), 1);
  return Math.min(kh * kw * channels * places * 4, 512e6);
}

/** The most bytes of intermediate values at once, nodes run in order and values freed after their last use. */
function peakOf(graph: Graph, outputs: readonly NodeId[], at: Readonly<Record<string, number>>): number {
  const last = new Map<NodeId, number>();
  const source = graph.nodes.map((n) => n.id);
  for (const n of graph.nodes) {
    if (ALIASES.has(n.op) && n.inputs.length > 0) source[n.id] = source[n.inputs[0]!]!;
    for (const i of n.inputs) last.set(source[i]!, n.id);
  }
  for (const o of outputs) last.set(source[o]!, graph.nodes.length);
  let live = 0;
  let peak = 0;
  const dying = new Map<number, NodeId[]>();
  for (const [id, end] of last) dying.set(end, [...(dying.get(end) ?? []), id]);
  const held = new Map<NodeId, number>();
  for (const n of graph.nodes) {
    if (!ALIASES.has(n.op)) {
      const size = bytes(n.shape, at);
      held.set(n.id, size);
      live += size;
      peak = Math.max(peak, live + workspace(n, graph, at));
    }
    for (const id of dying.get(n.id) ?? []) {
      live -= held.get(id) ?? 0;
      held.delete(id);
    }
  }
  return peak;
}

/** What stays resident while it trains, and the most that is added to it by one graph. `arena`: values that cross from graph to graph, and gradients. */
export function trainingMemory(program: Program, graphs: ReadonlyMap<string, GraphFile>): MemoryEstimate {
  const count = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 4);
  const trained = program.params.filter((p) => p.optimizer !== undefined);
  const weights = program.params.reduce((n, p) => n + count(p.shape), 0);
  const moments = 2 * trained.reduce((n, p) => n + count(p.shape), 0);
  const arena = planLayout(program, true).size;
  const compute = [...new Set(program.segments.filter((s) => s.kind === "compute").map((s) => graphs.get(s.model)!))];
  const working = APART * Math.max(0, ...compute.map(({ graph, outputs }) => mostOf(graph, outputs.map((o) => o.node))));
  const loaded = compute.reduce((n, { graph }) => n + graph.nodes.length, 0) * LOADED_NODE;
  const parts = { runtime: RUNTIME, graphs: loaded, weights, moments, arena, working };
  return { total: Object.values(parts).reduce((a, b) => a + b, 0), parts };
}

export function exportMemory(e: ExportModel, height: number, width: number): { flops: number; memory: MemoryEstimate } {
  const at: Record<string, number> = { [FREE_BATCH]: 1 };
  for (const { node } of e.inputs)
    for (const a of e.graph.shape(node)) if (typeof a.dim !== "number") for (const s of a.dim.terms) at[s.symbol] ??= a.axis === "w" ? width : height;
  const fixed = (s: Shape): Shape => s.map((a) => ({ axis: a.axis, dim: value(a.dim, at) }));
  const shapes = e.graph.nodes.map((n) => fixed(n.shape));
  const flops = e.graph.nodes.reduce((n, node) => n + flopsOf({ ...node, shape: shapes[node.id]! } as GraphNode, (id) => shapes[id]!), 0);
  const weights = e.graph.nodes.reduce((n, node) => n + (node.op === "input" && node.attrs.kind === "param" ? bytes(node.shape, at) : 0), 0);
  const working = peakOf(e.graph, e.outputs.map((o) => o.node), at);
  // A loaded model holds its weights as the file had them, as tensors, and packed for its kernels.
  const parts = { runtime: INFERENCE_RUNTIME, weights: 3 * weights, working };
  return { flops, memory: { total: INFERENCE_RUNTIME + 3 * weights + working, parts } };
}
