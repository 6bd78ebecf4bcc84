// Cuts the step's graph into the graphs that run one after the other: by phase, and each phase into pieces small enough to
// load quickly, at places where little is alive. A value is computed in the first phase that needs it (rule 15 keeps its
// meaning: each use of a parameter names its version), and crosses to later pieces, or is computed again there if that is cheap.
import { bytesOf } from "../graph/aliases";
import { Builder } from "../graph/builder";
import type { Graph, GraphNode, NodeId } from "../graph/types";
import { reachable } from "../graph/walk";
import { roomOf } from "./cut-points";
import { isCheap, isOfLeaves, MOST_NODES, piecesOf, SMALL } from "./pieces";
import { type Piece, recompute, type Recompute } from "./recompute";
import { byDirection, type Stages, wholePhases } from "./stages";
import { leafName } from "./step";

export interface SegmentOutput {
  readonly node: NodeId;
  readonly value: string;
  /** Phase that makes it; undefined: the first that can (a state's next value). */
  readonly phase?: number;
}

export interface CutSegment {
  readonly phase: number;
  /** Names of the parameters it reads, with their versions: `AB.conv1.weight@1`. */
  readonly reads: ReadonlySet<string>;
  readonly graph: Builder;
  readonly inputs: readonly { readonly node: NodeId; readonly value: string }[];
  readonly outputs: readonly { readonly node: NodeId; readonly value: string }[];
}

/** For each parameter the phases that update it, in order. */
export type Updates = ReadonlyMap<string, readonly number[]>;

/** The last phase in which a leaf still reads what its name says: later its parameter has another version. */
function lastPhaseOf(node: GraphNode, updatedIn: Updates, phases: number): number {
  if (node.op !== "input" || node.attrs.kind !== "param") return phases - 1;
  const { param, version } = leafName(node.attrs.name);
  return updatedIn.get(param)?.[version] ?? phases - 1;
}

/** The first phase in which each node can be computed, and the one in which it is: where it is first needed. */
function phasesOf({ graph, outputs, updatedIn, early, phaseOf: { length: phases } }: Stages): { earliest: number[]; need: number[] } {
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
  const need = nodes.map((n) => early.get(n.id) ?? phases);
  for (const o of outputs) need[o.node] = Math.min(need[o.node]!, o.phase ?? earliest[o.node]!);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const n = nodes[i]!;
    if (need[n.id]! >= phases) continue;
    // A parameter must be read before it is overwritten; what reads it can be kept instead.
    for (const x of n.inputs) need[n.id] = Math.min(need[n.id]!, lastPhaseOf(nodes[x]!, updatedIn, phases));
    for (const x of n.inputs) need[x] = Math.min(need[x]!, need[n.id]!);
  }
  return { earliest, need };
}

export interface CutOptions {
  /** Nodes of one graph. */
  readonly most?: number;
  /** What is let go and made again, beyond what costs next to nothing. */
  readonly recompute?: Recompute;
  /** Whether phases are cut into stages, a direction at a time. */
  readonly directions?: boolean;
  /** Whether a piece ends where its buffers are full. */
  readonly buffers?: boolean;
}

interface Planned {
  readonly stages: Stages;
  readonly earliest: readonly number[];
  readonly need: readonly number[];
}

/** The stages of a step, if each value can be had in the stage that needs it, and not much more waits for a later one than between whole phases; else these. */
function stagesOf(graph: Graph, outputs: readonly SegmentOutput[], updatedIn: Updates, phases: number, directions: boolean): Planned {
  const planned = (stages: Stages): Planned => ({ stages, ...phasesOf(stages) });
  const whole = planned(wholePhases(graph, outputs, updatedIn, phases));
  if (!directions) return whole;
  const parts = planned(byDirection(graph, outputs, updatedIn, phases));
  return parts.need.every((at, id) => at >= parts.earliest[id]!) && waitingBytes(parts) <= LITTLE + WORSE * waitingBytes(whole) ? parts : whole;
}

/** Between a phase's own pieces less waits where it goes a direction at a time; so a little more may wait between stages. */
const WORSE = 1.25;
/** Bytes that are no reason for anything. */
const LITTLE = 64 << 20;

/** The most that is alive between two stages. */
function waitingBytes({ stages: { graph, outputs, phaseOf }, need }: Planned): number {
  const last = graph.nodes.map(() => -1);
  for (const { id, inputs } of graph.nodes) for (const i of inputs) last[i] = Math.max(last[i]!, need[id]!);
  for (const { node } of outputs) last[node] = Math.max(last[node]!, need[node]!);
  const alive = new Float64Array(phaseOf.length + 1);
  for (const n of graph.nodes) {
    const bytes = bytesOf(n);
    if (bytes > 0) for (let s = need[n.id]!; s < last[n.id]!; s++) alive[s]! += bytes;
  }
  return Math.max(...alive);
}

/** Whether each node is made of leaves that can be had to the end: whoever reads it, and whatever makes its readers again, can make it. */
function freeOf({ graph, early, phaseOf }: Stages, lasts: (leaf: NodeId) => number): Uint8Array {
  return Uint8Array.from(graph.nodes, ({ id, inputs }) => (isOfLeaves(graph, id) && !early.has(id) && inputs.every((leaf) => lasts(leaf) === phaseOf.length - 1) ? 1 : 0));
}

/** One by one: whoever takes them can go on with one before the next is made. */
export function* cutPhases(traced: Graph, given: readonly SegmentOutput[], updates: Updates, phases: number, { most = MOST_NODES, recompute: level = "nothing", directions = true, buffers = true }: CutOptions = {}): Generator<CutSegment> {
  const { stages, earliest, need } = stagesOf(traced, given, updates, phases, directions);
  const { graph: whole, outputs, updatedIn, phaseOf } = stages;
  const lasts = (leaf: NodeId): number => lastPhaseOf(whole.nodes[leaf]!, updatedIn, phaseOf.length);
  const free = freeOf(stages, lasts);
  const plain = { graph: whole, pieces: piecesOf(whole, need, stages, most, buffers ? roomOf(whole) : undefined, (id) => free[id] === 1) };
  const { graph, pieces } = recompute(plain, level, SMALL, (id) => stages.early.has(id), (leaf, stage) => lasts(leaf) >= stage);
  const nodes = graph.nodes;
  const home = new Map<NodeId, number>();
  pieces.forEach((p, s) => p.order.forEach((id) => home.set(id, s)));
  const firstOf = (stage: number): number => Math.max(0, pieces.findIndex((p) => p.phase >= stage));
  /** The piece that hands an output over: where it is made, or the first of a later phase that is to. */
  const giver = (o: SegmentOutput): number => Math.max(home.get(o.node) ?? 0, firstOf(o.phase ?? earliest[o.node]!));

  const wanted = pieces.map((_, s) => outputs.filter((o) => giver(o) === s));
  const own = pieces.map((p, s) => {
    const set = new Set(p.order);
    pullCheap(graph, set, wanted[s]!.map((o) => o.node), stages.early, (id) => lastPhaseOf(nodes[id]!, updatedIn, phaseOf.length) >= p.phase);
    return set;
  });
  const crossing = pieces.map(() => new Set<NodeId>());
  own.forEach((set, s) => {
    const needed = [...[...set].flatMap((id) => nodes[id]!.inputs), ...wanted[s]!.map((o) => o.node)];
    for (const id of needed) if (!set.has(id) && nodes[id]!.op !== "input") crossing[home.get(id)!]!.add(id);
  });
  for (const [s, p] of pieces.entries()) {
    const cut = build(graph, p, phaseOf[p.phase]!, own[s]!, wanted[s]!, crossing[s]!);
    if (cut.outputs.length > 0) yield cut;
  }
}

/** Brings cheap values of earlier pieces into this one, as long as what they are made of can still be had; a sum instead of its terms stays. */
function pullCheap(graph: Graph, own: Set<NodeId>, results: readonly NodeId[], sums: ReadonlyMap<NodeId, number>, valid: (id: NodeId) => boolean): void {
  const nodes = graph.nodes;
  const open = [...[...own].flatMap((id) => nodes[id]!.inputs), ...results];
  while (open.length > 0) {
    const id = open.pop()!;
    const n = nodes[id]!;
    if (own.has(id) || sums.has(id) || (!isCheap(graph, id) && !isOfLeaves(graph, id))) continue;
    if (!n.inputs.every(valid)) continue;
    own.add(id);
    open.push(...n.inputs);
  }
}

function build(graph: Graph, piece: Piece, phase: number, own: ReadonlySet<NodeId>, wanted: readonly SegmentOutput[], crossing: ReadonlySet<NodeId>): CutSegment {
  const nodes = graph.nodes;
  const b = new Builder();
  const made = new Map<NodeId, NodeId>();
  const inputs: { node: NodeId; value: string; leaf: GraphNode }[] = [];
  const bring = (id: NodeId): NodeId => {
    const known = made.get(id);
    if (known !== undefined) return known;
    const n = nodes[id]!;
    const value = n.op === "input" ? leafValue(n) : `value:${id}`;
    b.origin = n.origin;
    const leaf = b.add("input", { kind: "value", name: value, shape: n.shape }, []);
    made.set(id, leaf);
    inputs.push({ node: leaf, value, leaf: n });
    return leaf;
  };
  const put = (id: NodeId): void => {
    if (made.has(id)) return;
    const n = nodes[id]!;
    // What was pulled in is computed right before its first use.
    for (const i of n.inputs) if (own.has(i)) put(i);
    const operands = n.inputs.map(bring);
    b.origin = n.origin;
    made.set(id, b.add(n.op, n.attrs as never, operands));
  };
  piece.order.forEach(put);
  for (const o of wanted) if (own.has(o.node)) put(o.node);
  const results = wanted.map((o) => ({ node: bring(o.node), value: o.value }));
  const passed = [...crossing].sort((x, y) => x - y).map((id) => ({ node: bring(id), value: `value:${id}` }));
  const outputs = [...results, ...passed];
  // What only later pieces read, and these make again, is read by nobody here.
  const live = reachable(b, outputs.map((o) => o.node));
  const read = inputs.filter(({ node }) => live[node] === 1);
  const reads = new Set(read.flatMap(({ leaf }) => (leaf.op === "input" && leaf.attrs.kind === "param" ? [leaf.attrs.name] : [])));
  return { phase, reads, graph: b, inputs: read.map(({ node, value }) => ({ node, value })), outputs };
}

/** Which storage a leaf of the step's graph reads. A parameter's version is its storage's content at that time. */
export function leafValue(n: Extract<GraphNode, { op: "input" }>): string {
  return n.attrs.kind === "param" ? `param:${leafName(n.attrs.name).param}` : `${n.attrs.kind}:${n.attrs.name}`;
}
