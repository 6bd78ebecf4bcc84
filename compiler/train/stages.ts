// Direction by direction: phases in parts that need not wait for each other. A generator's gradient through a critic needs that critic's update
// and no other one's. So one critic is trained and everything that hangs on it is differentiated before the other direction begins: the
// activations of one direction live at a time, and only sums of gradients cross.
import { bytesOf } from "../graph/aliases";
import { axesOf, countOf } from "../graph/shape";
import type { Graph, GraphNode, NodeId } from "../graph/types";
import { users } from "../graph/walk";
import { SMALL } from "./pieces";
import { partsOf } from "./roots";
import type { SegmentOutput, Updates } from "./segments";
import { leafName } from "./step";

/** A step as a sequence of stages, each a part of a phase. */
export interface Stages {
  /** As given, but sums of gradients are added up in the order of the stages. */
  readonly graph: Graph;
  /** The phase of each stage. */
  readonly phaseOf: readonly number[];
  /** With a stage in place of the phase. */
  readonly outputs: readonly SegmentOutput[];
  readonly updatedIn: Updates;
  /** Parts of gradients, and their sums, that are to be made in a stage, though the gradient is whole later. */
  readonly early: ReadonlyMap<NodeId, number>;
}

/** Each phase a stage. */
export function wholePhases(graph: Graph, outputs: readonly SegmentOutput[], updatedIn: Updates, phases: number): Stages {
  return { graph, phaseOf: Array.from({ length: phases }, (_, i) => i), outputs, updatedIn, early: new Map() };
}

/** New values to be made for it, as a part of those of its group: less, and it belongs to the group. */
const NEAR = 0.02;

export function byDirection(given: Graph, wanted: readonly SegmentOutput[], updatedIn: Updates, phases: number): Stages {
  const last = phases - 1;
  const whole = wholePhases(given, wanted, updatedIn, phases);
  if (last < 1) return whole;
  const gradients = wanted.filter((o) => o.value.startsWith("grad:"));
  const behind = dependencies(given, gradients, updatedIn);
  const readers = users(given);
  const all = new Set(given.nodes.filter((n) => n.op !== "input" && n.op !== "constant").map((n) => n.id));
  const finals = gradients.filter((o) => o.phase === last);
  const netOf = new Map(finals.flatMap((o) => partsOf(given, all, readers, o.node).map((part) => [part, netNameOf(o.value.slice("grad:".length))] as const)));
  const parts = [...netOf.keys()];
  const groups = groupsOf(given, parts, behind);
  if (groups.length < 2) return whole;

  // Stages: of each group its earlier phases and then the last; then what belongs to none, such as an identity's pass; at the end sums.
  const home = new Map(parts.map((part) => [part, nearest(given, groups, part)]));
  const apart = byNet(given, new Map([...netOf].filter(([part]) => home.get(part)! < 0)), behind);
  const stageOf = (group: number, phase: number): number => group * phases + phase;
  const end = stageOf(groups.length + apart.length, last);
  const phaseOf = Array.from({ length: end + 1 }, (_, s) => s % phases);
  const early = new Map<NodeId, number>();
  for (const part of parts) {
    const [group, net] = [home.get(part)!, apart.findIndex((g) => g.closure.has(part))];
    early.set(part, group >= 0 ? stageOf(group, last) : net >= 0 ? stageOf(groups.length + net, last) : end);
  }
  // What a loss is put together from, too: each direction then does what the other one does.
  for (const o of wanted) {
    if (!o.value.startsWith("loss:") || o.phase === undefined) continue;
    for (const part of partsOf(given, all, readers, o.node)) {
      const group = nearest(given, groups, part);
      if (group >= 0 && part !== o.node && !early.has(part)) early.set(part, stageOf(group, o.phase));
    }
  }
  const { graph, outputs } = addedInOrder(given, wanted, finals, readers, early);
  const sumOf = (id: NodeId): number => {
    const known = early.get(id);
    if (known !== undefined) return known;
    const { inputs, op, shape } = graph.nodes[id]!;
    const leaf = op === "input" || op === "constant";
    const parts = Math.max(0, ...(leaf ? [] : inputs.map(sumOf)));
    // The parts of small ones may all wait for the end: so no direction adds what another does not.
    const stage = leaf || 4 * countOf(shape) >= SMALL ? parts : end;
    if (!leaf) early.set(id, stage);
    return stage;
  };
  const moved = outputs.map((o): SegmentOutput => {
    if (o.phase === undefined) return o;
    if (!o.value.startsWith("grad:")) return { ...o, phase: end };
    if (o.phase === last) return { ...o, phase: sumOf(o.node) };
    const first = groups.findIndex((g) => g.closure.has(o.node));
    return { ...o, phase: stageOf(first < 0 ? groups.length - 1 : first, o.phase) };
  });
  const stages = new Map<string, number[]>();
  for (const [param, at] of updatedIn) {
    const own = moved.filter((_, i) => outputs[i]!.value === `grad:${param}`);
    stages.set(param, at.map((phase) => own[outputs.filter((o) => o.value === `grad:${param}`).findIndex((o) => o.phase === phase)]?.phase ?? phase));
  }
  return { graph, phaseOf, outputs: moved, updatedIn: stages, early };
}

interface Group {
  /** All that must be made for it. */
  readonly closure: ReadonlySet<NodeId>;
  readonly bytes: number;
}

/** What hangs on the same updates hangs together; the part at the end of the longest way stands for all of them. */
function groupsOf(graph: Graph, parts: readonly NodeId[], behind: ReadonlyMap<NodeId, NodeId>): Group[] {
  const { keys, ways } = waysOf(graph);
  const sinks = new Map<string, NodeId>();
  for (const part of parts) {
    const sink = sinks.get(keys[part]!);
    if (keys[part] !== "" && (sink === undefined || ways[part]! > ways[sink]!)) sinks.set(keys[part]!, part);
  }
  return [...sinks.values()].map((sink) => {
    const closure = closureOf(graph, [sink], behind);
    return { closure, bytes: bytesOfAll(graph, closure) };
  }).sort((x, y) => x.bytes - y.bytes);
}

/** What hangs on no update, network by network, if no two have more than next to nothing in common. */
function byNet(graph: Graph, nets: ReadonlyMap<NodeId, string>, behind: ReadonlyMap<NodeId, NodeId>): Group[] {
  const groups = [...new Set(nets.values())].map((net): Group => {
    const closure = closureOf(graph, [...nets].flatMap(([part, of]) => (of === net ? [part] : [])), behind);
    return { closure, bytes: bytesOfAll(graph, closure) };
  });
  const common = (x: Group, y: Group): number => bytesOfAll(graph, [...x.closure].filter((id) => y.closure.has(id) && graph.nodes[id]!.op !== "input"));
  const mixed = groups.some((x, i) => groups.slice(0, i).some((y) => common(x, y) > NEAR * Math.min(x.bytes, y.bytes)));
  return mixed ? [] : groups;
}

/** Gradients that are sums, their terms by stages: so that one sum crosses from stage to stage, and not several terms of it. */
function addedInOrder(given: Graph, wanted: readonly SegmentOutput[], finals: readonly SegmentOutput[], readers: readonly (readonly NodeId[])[], stages: ReadonlyMap<NodeId, number>): { graph: Graph; outputs: SegmentOutput[] } {
  const nodes: GraphNode[] = [...given.nodes];
  const sums = new Map<NodeId, NodeId>();
  const termsOf = (id: NodeId): NodeId[] => {
    const n = given.nodes[id]!;
    const whole = n.op !== "add" || stages.has(id) || n.inputs.some((i) => axesOf(given.nodes[i]!.shape).join() !== axesOf(n.shape).join() || readers[i]!.length > 1);
    return whole ? [id] : n.inputs.flatMap(termsOf);
  };
  const stageOf = (id: NodeId): number => stages.get(id) ?? Math.max(0, ...given.nodes[id]!.inputs.map(stageOf));
  for (const { node } of finals) {
    if (readers[node]!.length > 0) continue;
    const terms = termsOf(node);
    const sorted = terms.map((id) => ({ id, stage: stageOf(id) })).sort((x, y) => x.stage - y.stage).map(({ id }) => id);
    if (terms.length < 3) continue;
    sums.set(node, sorted.reduce((sum, term) => nodes.push({ ...given.nodes[node]!, id: nodes.length, op: "add", inputs: [sum, term] } as GraphNode) - 1));
  }
  return { graph: { nodes }, outputs: wanted.map((o) => ({ ...o, node: sums.get(o.node) ?? o.node })) };
}

/** For each updated version of a parameter what its update reads. */
function dependencies(graph: Graph, gradients: readonly SegmentOutput[], updatedIn: Updates): ReadonlyMap<NodeId, NodeId> {
  const behind = new Map<NodeId, NodeId>();
  for (const n of graph.nodes) {
    if (n.op !== "input" || n.attrs.kind !== "param") continue;
    const { param, version } = leafName(n.attrs.name);
    const phase = version === 0 ? undefined : updatedIn.get(param)?.[version - 1];
    const gradient = gradients.find((g) => g.phase === phase && g.value === `grad:${param}`);
    if (phase !== undefined && gradient) behind.set(n.id, gradient.node);
  }
  return behind;
}

/** All that must be made before. */
function closureOf(graph: Graph, from: readonly NodeId[], behind: ReadonlyMap<NodeId, NodeId>): Set<NodeId> {
  const seen = new Set<NodeId>();
  const open = [...from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...graph.nodes[id]!.inputs);
    const gradient = behind.get(id);
    if (gradient !== undefined) open.push(gradient);
  }
  return seen;
}

/** The group that has most of what it is made of, if that is nearly all. */
function nearest(graph: Graph, groups: readonly Group[], from: NodeId): number {
  const missing = groups.map((g) => missingBytes(graph, from, g.closure, NEAR * g.bytes));
  const least = Math.min(...missing);
  return least === Infinity ? -1 : missing.indexOf(least);
}

/** Bytes that it takes beside what is there; Infinity, if they are more than `most`. */
function missingBytes(graph: Graph, from: NodeId, there: ReadonlySet<NodeId>, most: number): number {
  const seen = new Set<NodeId>();
  const open = [from];
  let bytes = 0;
  for (let id = open.pop(); id !== undefined && bytes <= most; id = open.pop()) {
    if (seen.has(id) || there.has(id)) continue;
    seen.add(id);
    bytes += bytesOf(graph.nodes[id]!);
    open.push(...graph.nodes[id]!.inputs);
  }
  return bytes <= most ? bytes : Infinity;
}

/** For each node the updates (by net and version) that it waits for, as a key, and the bytes along the longest way to it. */
function waysOf(graph: Graph): { keys: string[]; ways: number[] } {
  const names = new Map<string, Set<string>>([["", new Set()]]);
  const keys: string[] = [];
  const ways: number[] = [];
  for (const n of graph.nodes) {
    ways.push(n.inputs.reduce((most, i) => Math.max(most, ways[i]!), 0) + bytesOf(n));
    const different = new Set(n.inputs.map((i) => keys[i]!));
    const own = updateOf(n);
    if (own === "" && different.size <= 1) keys.push([...different][0] ?? "");
    else {
      const all = new Set([...[...different].flatMap((key) => [...names.get(key)!]), ...(own === "" ? [] : [own])]);
      const key = [...all].sort().join();
      names.set(key, all);
      keys.push(key);
    }
  }
  return { keys, ways };
}

/** `DB@1`, if it is a parameter of that net after its first update in this step. */
function updateOf(n: GraphNode): string {
  if (n.op !== "input" || n.attrs.kind !== "param") return "";
  const { param, version } = leafName(n.attrs.name);
  return version === 0 ? "" : `${netNameOf(param)}@${version}`;
}

/** `AB` of `AB.conv1.weight`. */
const netNameOf = (param: string): string => param.split(".")[0]!;
const bytesOfAll = (graph: Graph, ids: Iterable<NodeId>): number => [...ids].reduce((n, id) => n + bytesOf(graph.nodes[id]!), 0);
