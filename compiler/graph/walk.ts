import { Builder } from "./builder";
import { sameShape } from "./shape";
import type { Graph, GraphNode, NodeId } from "./types";

/** For each node, the nodes that take it, one entry a use. */
export function users(graph: Graph): NodeId[][] {
  const result: NodeId[][] = graph.nodes.map(() => []);
  for (const node of graph.nodes) for (const input of node.inputs) result[input]!.push(node.id);
  return result;
}

/** For each node 1 if one of the outputs needs it, else 0. */
export function reachable(graph: Graph, outputs: Iterable<NodeId>): Uint8Array {
  const needed = new Uint8Array(graph.nodes.length);
  for (const output of outputs) needed[output] = 1;
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    if (needed[id] === 0) continue;
    const { inputs } = graph.nodes[id]!;
    for (let i = 0; i < inputs.length; i++) needed[inputs[i]!] = 1;
  }
  return needed;
}

/** For each node how many take its value, one a use, among what the outputs need; an output is a use, too. Who is not needed has none. */
export function readerCounts(graph: Graph, outputs: readonly NodeId[]): Uint32Array {
  const needed = reachable(graph, outputs);
  const readers = new Uint32Array(graph.nodes.length);
  for (const n of graph.nodes) if (needed[n.id] === 1) for (const i of n.inputs) readers[i]!++;
  for (const id of outputs) readers[id]!++;
  return readers;
}

/** Gives the node that takes a node's place in the new graph, where its operands are `inputs`; undefined: a copy does. */
export type Rewrite = (to: Builder, node: GraphNode, inputs: readonly NodeId[]) => NodeId | undefined;

/** Nodes of another graph by nodes of this one. */
export class NodeMap {
  readonly #ids: Int32Array;

  /** @param size nodes of the graph whose nodes are mapped */
  constructor(size: number) {
    this.#ids = new Int32Array(size).fill(-1);
  }
  get(id: NodeId): NodeId | undefined {
    const found = this.#ids[id];
    return found === undefined || found < 0 ? undefined : found;
  }
  has(id: NodeId): boolean {
    return this.get(id) !== undefined;
  }
  set(id: NodeId, to: NodeId): void {
    this.#ids[id] = to;
  }
}

export interface Copied {
  readonly graph: Builder;
  /** Where each needed node of the old graph went. */
  readonly map: NodeMap;
}

/** What the outputs need, in a new graph; each node through `rewrite`, if given. */
export function copy(graph: Graph, outputs: Iterable<NodeId>, rewrite?: Rewrite): Copied {
  const needed = reachable(graph, outputs);
  const to = new Builder(undefined, graph.nodes.length);
  const map = new NodeMap(graph.nodes.length);
  for (const node of graph.nodes) {
    if (needed[node.id] === 0) continue;
    const inputs = mapped(node.inputs, map);
    to.origin = node.origin;
    map.set(node.id, rewrite?.(to, node, inputs) ?? to.adopt(node, inputs));
  }
  to.origin = undefined;
  return { graph: to, map };
}

/** The same list where all of them kept their places: most passes move few nodes. */
export function mapped(ids: readonly NodeId[], map: NodeMap): readonly NodeId[] {
  for (let i = 0; i < ids.length; i++) if (map.get(ids[i]!) !== ids[i]) return ids.map((id) => map.get(id)!);
  return ids;
}

/** A copy in which some nodes stand for others: `by` maps an old node to the old node that takes its place. */
export function replace(graph: Graph, outputs: readonly NodeId[], by: ReadonlyMap<NodeId, NodeId>): Copied {
  const stands = (id: NodeId): NodeId => by.get(id) ?? id;
  for (const [old, now] of by) {
    if (now > old) throw new Error(`defect: ${old} cannot be replaced by the later node ${now}`);
    if (!sameShape(graph.nodes[old]!.shape, graph.nodes[now]!.shape)) throw new Error(`defect: ${now} has not the shape of ${old}`);
  }
  const swapped: Graph = { nodes: graph.nodes.map((n) => ({ ...n, inputs: n.inputs.map(stands) })) };
  const copied = copy(swapped, outputs.map(stands));
  for (const [old, now] of by) if (copied.map.has(now)) copied.map.set(old, copied.map.get(now)!);
  return copied;
}
