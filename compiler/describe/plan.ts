// What a training step costs, before anything runs: parameters, FLOPs, memory.
import { countOf } from "../graph/shape";
import type { Graph, GraphNode } from "../graph/types";
import type { Compiled } from "../compile";
import { flopsOf } from "./layers";
import { exportMemory, type MemoryEstimate, trainingMemory } from "./memory";

export interface Plan {
  readonly parameters: readonly { readonly net: string; readonly count: number }[];
  readonly totalParameters: number;
  /** 2 × multiply-adds of one training step. */
  readonly stepFlops: number;
  readonly flopsByPhase: readonly PhaseFlops[];
  readonly training: MemoryEstimate;
  /** Of each export for one picture of the training size. */
  readonly inference: readonly { readonly name: string; readonly flops: number; readonly memory: MemoryEstimate }[];
}

export interface PhaseFlops {
  readonly phase: string;
  readonly flops: number;
  /** How often it calls a net, and what these calls would come to if each ran by itself, forward, back by its input and back by its weights: 3 × forward. */
  readonly calls: number;
  readonly callFlops: number;
}

export const graphFlops = (graph: Graph): number => flopsOfNodes(graph.nodes, graph.nodes);

/** Of some of all nodes. */
const flopsOfNodes = (some: readonly GraphNode[], all: readonly GraphNode[]): number => some.reduce((n, node) => n + flopsOf(node, (id) => all[id]!.shape), 0);

export function plan(c: Compiled): Plan | undefined {
  const { model, program } = c;
  if (!model || !program) return undefined;
  const byNet = new Map<string, number>();
  for (const p of program.params) byNet.set(p.net, (byNet.get(p.net) ?? 0) + countOf(model.params.get(p.name)!.shape));
  const graphs = new Map(c.graphs.map((g) => [g.file, g]));
  // Where phases rest, the step in which most of them run.
  const fullest = program.plans?.reduce((best, p, i, all) => (p.phases.length > all[best]!.phases.length ? i : best), 0);
  const compute = program.segments.filter((s) => s.kind === "compute" && s.plan === fullest);
  const { b, callsMade } = model.tracer;
  const flopsByPhase = [...new Set(compute.map((s) => s.phase))].map((phase): PhaseFlops => {
    const calls = callsMade.filter((made) => made.phase === phase);
    return {
      phase, calls: calls.length, callFlops: 3 * calls.reduce((n, { nodes }) => n + flopsOfNodes(b.nodes.slice(...nodes), b.nodes), 0),
      flops: compute.filter((s) => s.phase === phase).reduce((n, s) => n + graphFlops(graphs.get(s.model)!.graph), 0),
    };
  });
  const size = model.data[0] ?? { height: 256, width: 256 };
  return {
    parameters: [...byNet].map(([net, count]) => ({ net, count })),
    totalParameters: [...byNet.values()].reduce((a, b) => a + b, 0),
    stepFlops: flopsByPhase.reduce((n, p) => n + p.flops, 0),
    flopsByPhase,
    training: trainingMemory(program, graphs),
    inference: c.exports.map((e) => {
      const fixed = exportMemory(e, size.height, size.width);
      return { name: e.name, flops: fixed.flops, memory: fixed.memory };
    }),
  };
}
