// Convolutions of several small pictures with one large kernel (a critic's last layers, of a true and a made picture) become one of a batch: a
// backend can read the kernel once, which is what takes the time there.
import { Builder } from "../graph/builder";
import { BATCH, dimOf, hasAxis, sameShape, type Shape } from "../graph/shape";
import type { Graph, GraphNode, NodeId } from "../graph/types";
import { mapped, NodeMap, reachable } from "../graph/walk";
import type { Pass } from "./pass";

/** Elements of a kernel that does not stay in a core's cache. */
const LARGE = 1_000_000;
/** Pixels of a result whose products take less time than reading such a kernel. */
const FEW = 64;

export const batched: Pass = {
  name: "batched",
  doc: "conv(x, k), conv(y, k) → parts of conv(x beside y, k), and for the adjoint in x, where k is large and the pictures are small",
  rewrite(graph, outputs) {
    const groups = groupsOf(graph, reachable(graph, outputs));
    if (groups.length === 0) return { graph, outputs: [...outputs], changed: false };
    const { b, map } = merged(graph, outputs, groups);
    return { graph: b, outputs: outputs.map((id) => map.get(id)!), changed: true };
  },
};

type Group = readonly NodeId[];

const elements = (shape: Shape): number => shape.reduce((n, a) => n * (typeof a.dim === "number" ? a.dim : NaN), 1);

/** What its kernel is worth sharing for; undefined for everything else. */
function keyOf(graph: Graph, node: GraphNode): string | undefined {
  if (node.op !== "conv" && node.op !== "conv_input_adjoint") return undefined;
  const [x, k] = node.inputs.map((i) => graph.nodes[i]!.shape) as [Shape, Shape];
  const result = node.op === "conv" ? node.shape : x;
  const pixels = elements(result.filter((a) => a.axis === "h" || a.axis === "w"));
  const simple = hasAxis(x, BATCH) && x[0]!.axis === BATCH && !Number.isNaN(elements(x)) && elements(k) >= LARGE && pixels <= FEW;
  return simple ? JSON.stringify([node.op, node.attrs, node.inputs[1], x]) : undefined;
}

function groupsOf(graph: Graph, needed: Uint8Array): Group[] {
  const byKey = new Map<string, NodeId[]>();
  for (const node of graph.nodes) {
    const key = needed[node.id] ? keyOf(graph, node) : undefined;
    if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), node.id]);
  }
  const groups: Group[] = [];
  for (const ids of byKey.values()) {
    // Of a chain of equal ones the first of each picture, then the second of each.
    for (let left: readonly NodeId[] = ids; left.length > 1;) {
      const group: NodeId[] = [];
      for (const id of left) if (independent(graph, groups, [...group, id])) group.push(id);
      if (group.length > 1) groups.push(group);
      left = left.slice(1).filter((id) => !group.includes(id));
    }
  }
  return groups;
}

/** Whether no member needs another, where a member of a group needs all that its group needs. */
function independent(graph: Graph, groups: readonly Group[], members: Group): boolean {
  const groupOf = new Map(groups.flatMap((g) => g.map((id) => [id, g] as const)));
  const goal = new Set(members);
  const seen = new Uint8Array(graph.nodes.length);
  const open = members.flatMap((id) => graph.nodes[id]!.inputs);
  /** What comes before all of them needs none. */
  const first = Math.min(...members, ...groupOf.keys());
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id < first || seen[id] === 1) continue;
    seen[id] = 1;
    if (goal.has(id)) return false;
    for (const one of groupOf.get(id) ?? [id]) open.push(...graph.nodes[one]!.inputs);
  }
  return true;
}

/** In the order of the graph, but for what a group needs, which comes before its first member. */
function merged(graph: Graph, outputs: readonly NodeId[], groups: readonly Group[]): { b: Builder; map: NodeMap } {
  const groupOf = new Map(groups.flatMap((g) => g.map((id) => [id, g] as const)));
  const needed = reachable(graph, outputs);
  const b = new Builder(undefined, graph.nodes.length);
  const map = new NodeMap(graph.nodes.length);
  const inputsOf = (id: NodeId): readonly NodeId[] => groupOf.get(id)?.flatMap((one) => graph.nodes[one]!.inputs) ?? graph.nodes[id]!.inputs;
  const make = (id: NodeId): void => {
    const node = graph.nodes[id]!;
    b.origin = node.origin;
    const group = groupOf.get(id);
    if (group) together(graph, b, map, group);
    else map.set(id, b.adopt(node, mapped(node.inputs, map)));
  };
  for (const { id: root } of graph.nodes) {
    if (needed[root] === 0) continue;
    const open = [root];
    for (let id = open.at(-1); id !== undefined; id = open.at(-1)) {
      const waiting = open.length;
      if (!map.has(id)) for (const i of inputsOf(id)) if (!map.has(i)) open.push(i);
      if (open.length > waiting) continue;
      open.pop();
      if (!map.has(id)) make(id);
    }
  }
  b.origin = undefined;
  return { b, map };
}

function together(graph: Graph, b: Builder, map: NodeMap, group: Group): void {
  const first = graph.nodes[group[0]!]!;
  const pictures = group.map((id) => map.get(graph.nodes[id]!.inputs[0]!)!);
  const all = b.add("concat", { along: BATCH }, pictures);
  const result = b.add(first.op as "conv", first.attrs as never, [all, map.get(first.inputs[1]!)!]);
  const size = dimOf(b.shape(pictures[0]!), BATCH) as number;
  group.forEach((id, i) => {
    const part = b.add("slice", { axis: BATCH, start: i * size, size }, [result]);
    if (!sameShape(b.shape(part), graph.nodes[id]!.shape)) throw new Error("defect: a part of a batch is laid out in another way than it was alone");
    map.set(id, part);
  });
}
