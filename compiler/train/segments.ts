// Cuts the step's graph into one graph a phase. A value is computed in the first phase that needs it (rule 15 keeps its
// meaning: each use of a parameter names its version), and crosses to later ones, or is computed again there if that is cheap.
import { Builder } from "../graph/builder";
import { countOf } from "../graph/shape";
import type { Graph, GraphNode, NodeId, OpName } from "../graph/types";
import { leafName } from "./step";

export interface SegmentOutput {
  readonly node: NodeId;
  readonly value: string;
  /** Phase that makes it; undefined: the first that can (a state's next value). */
  readonly phase?: number;
}

export interface CutSegment {
  readonly phase: number;
  readonly graph: Builder;
  readonly inputs: readonly { readonly node: NodeId; readonly value: string }[];
  readonly outputs: readonly { readonly node: NodeId; readonly value: string }[];
}

/** Computed again where a later graph needs it, rather than kept: passes over memory without arithmetic to speak of. */
const CHEAP: ReadonlySet<OpName> = new Set<OpName>([
  "add", "sub", "mul", "neg", "relu", "relu_adjoint", "expand", "pad", "upsample", "rename", "flatten", "unflatten",
  "squeeze", "unsqueeze", "slice", "stop", "concat", "constant", "size",
]);
/** Smaller values are kept: computing them again saves nothing. */
const SMALL = 16 * 1024;

/** The first phase after which the parameter a leaf names has another version. */
function lastPhaseOf(node: GraphNode, updatedIn: ReadonlyMap<string, readonly number[]>, phases: number): number {
  if (node.op !== "input" || node.attrs.kind !== "param") return phases - 1;
  const { param, version } = leafName(node.attrs.name);
  return updatedIn.get(param)?.[version] ?? phases - 1;
}

/**
 * @param updatedIn for each parameter the phases that update it, in order
 */
export function cutPhases(graph: Graph, outputs: readonly SegmentOutput[], updatedIn: ReadonlyMap<string, readonly number[]>, phases: number): CutSegment[] {
  const nodes = graph.nodes;
  const earliest = nodes.map(() => 0);
  for (const n of nodes) {
    let first = 0;
    if (n.op === "input" && n.attrs.kind === "param") {
      const { param, version } = leafName(n.attrs.name);
      first = version === 0 ? 0 : (updatedIn.get(param)?.[version - 1] ?? -1) + 1;
    }
    earliest[n.id] = n.inputs.reduce((most, i) => Math.max(most, earliest[i]!), first);
  }
  const need = nodes.map(() => phases);
  for (const o of outputs) need[o.node] = Math.min(need[o.node]!, o.phase ?? earliest[o.node]!);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const n = nodes[i]!;
    for (const x of n.inputs) {
      // A parameter must be read before it is overwritten; what reads it can be kept instead.
      const deadline = lastPhaseOf(nodes[x]!, updatedIn, phases);
      need[n.id] = Math.min(need[n.id]!, need[n.id]! < phases ? deadline : phases);
    }
    for (const x of n.inputs) need[x] = Math.min(need[x]!, need[n.id]!);
  }
  return Array.from({ length: phases }, (_, k) => segment(graph, k, need, outputs, updatedIn, phases, earliest)).filter((s): s is CutSegment => s !== undefined);
}

function segment(graph: Graph, k: number, need: readonly number[], outputs: readonly SegmentOutput[], updatedIn: ReadonlyMap<string, readonly number[]>, phases: number, earliest: readonly number[]): CutSegment | undefined {
  const nodes = graph.nodes;
  const own = new Set(nodes.filter((n) => need[n.id] === k && n.op !== "input").map((n) => n.id));
  const wanted = outputs.filter((o) => (o.phase ?? earliest[o.node]!) === k);
  if (own.size === 0 && wanted.length === 0) return undefined;
  const valid = (id: NodeId): boolean => lastPhaseOf(nodes[id]!, updatedIn, phases) >= k;
  pullCheap(graph, own, wanted.map((o) => o.node), valid);

  const b = new Builder();
  const made = new Map<NodeId, NodeId>();
  const inputs: { node: NodeId; value: string }[] = [];
  const bring = (id: NodeId): NodeId => {
    const known = made.get(id);
    if (known !== undefined) return known;
    const n = nodes[id]!;
    const value = n.op === "input" ? leafValue(n) : `value:${id}`;
    b.origin = n.origin;
    const leaf = b.add("input", { kind: "value", name: value, shape: n.shape }, []);
    made.set(id, leaf);
    inputs.push({ node: leaf, value });
    return leaf;
  };
  for (const n of nodes) {
    if (!own.has(n.id)) continue;
    const operands = n.inputs.map(bring);
    b.origin = n.origin;
    made.set(n.id, b.add(n.op, n.attrs as never, operands));
  }
  const results = wanted.map((o) => ({ node: bring(o.node), value: o.value }));
  return { phase: k, graph: b, inputs, outputs: [...results, ...crossing(graph, k, need, own, outputs, updatedIn, phases, earliest, made)] };
}

/** Brings cheap values of earlier phases into this one, as long as what they are made of can still be had. */
function pullCheap(graph: Graph, own: Set<NodeId>, results: readonly NodeId[], valid: (id: NodeId) => boolean): void {
  const nodes = graph.nodes;
  const open = [...[...own].flatMap((id) => nodes[id]!.inputs), ...results];
  while (open.length > 0) {
    const id = open.pop()!;
    const n = nodes[id]!;
    if (own.has(id) || n.op === "input" || !CHEAP.has(n.op)) continue;
    if (n.op !== "constant" && countOf(n.shape) * 4 < SMALL) continue;
    if (!n.inputs.every(valid)) continue;
    own.add(id);
    open.push(...n.inputs);
  }
}

/** What later phases take from this one: their own cut decides, so it is asked of them. */
function crossing(graph: Graph, k: number, need: readonly number[], own: ReadonlySet<NodeId>, outputs: readonly SegmentOutput[], updatedIn: ReadonlyMap<string, readonly number[]>, phases: number, earliest: readonly number[], made: ReadonlyMap<NodeId, NodeId>): { node: NodeId; value: string }[] {
  const nodes = graph.nodes;
  const taken = new Set<NodeId>();
  for (let later = k + 1; later < phases; later++) {
    const theirs = new Set(nodes.filter((n) => need[n.id] === later && n.op !== "input").map((n) => n.id));
    const wanted = outputs.filter((o) => (o.phase ?? earliest[o.node]!) === later).map((o) => o.node);
    pullCheap(graph, theirs, wanted, (id) => lastPhaseOf(nodes[id]!, updatedIn, phases) >= later);
    for (const id of [...[...theirs].flatMap((x) => nodes[x]!.inputs), ...wanted]) {
      if (!theirs.has(id) && nodes[id]!.op !== "input" && own.has(id) && need[id] === k) taken.add(id);
    }
  }
  return [...taken].sort((x, y) => x - y).map((id) => ({ node: made.get(id)!, value: `value:${id}` }));
}

/** Which storage a leaf of the step's graph reads. A parameter's version is its storage's content at that time. */
export function leafValue(n: Extract<GraphNode, { op: "input" }>): string {
  return n.attrs.kind === "param" ? `param:${leafName(n.attrs.name).param}` : `${n.attrs.kind}:${n.attrs.name}`;
}
