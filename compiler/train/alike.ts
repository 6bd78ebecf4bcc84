// Graphs that compute the same of other values: what a step does in one direction it does in the other, too, and with an identity loss each
// generator runs three times. Such graphs are one file, which is written once, opened once, and run with the ports of each.
import type { Graph, GraphNode, NodeId } from "../graph/types";
import { sameShape } from "../graph/shape";
import { hashOf, hashOfAttrs, sameAttrs } from "../graph/known";
import type { GraphFile, NamedPort } from "./graph-file";

/** An earlier graph in place of another one. */
export interface Like {
  readonly file: string;
  /** Its port for each of the other's. */
  readonly ports: ReadonlyMap<string, string>;
}

interface Seen {
  readonly graph: GraphFile;
  readonly hashes: Int32Array;
  /** The outputs in an order that does not depend on the graph's. */
  readonly outputs: readonly NamedPort[];
}

export class Alike {
  readonly #seen = new Map<string, Seen[]>();

  /** An earlier graph that does the same, if there is one; else this one is remembered. */
  find(graph: GraphFile): Like | undefined {
    const hashes = hashesOf(graph.graph, graph.outputs);
    const outputs = [...graph.outputs].sort((x, y) => hashes[x.node]! - hashes[y.node]!);
    const key = [graph.inputs.length, ...outputs.map(({ node }) => hashes[node]!)].join();
    const now = { graph, hashes, outputs };
    const before = this.#seen.get(key) ?? [];
    for (const one of before) {
      const ports = portsOf(one, now);
      if (ports) return { file: one.graph.file, ports };
    }
    this.#seen.set(key, [...before, now]);
    return undefined;
  }
}

/** Of what a node computes and of who reads it, whatever it is computed of: leaves differ in their shapes only. */
function hashesOf({ nodes }: Graph, outputs: readonly NamedPort[]): Int32Array {
  const hashes = new Int32Array(nodes.length);
  for (const n of nodes) {
    let hash = n.op === "input" ? 1 : hashOf(n.op, n.attrs, operandsOf(n, hashes).map((i) => hashes[i]!)) ^ hashOfAttrs(n.attrs);
    for (const { dim } of n.shape) if (typeof dim === "number") hash = mixed(hash, dim);
    hashes[n.id] = hash;
  }
  // Two that are computed alike may be read by different ones. Sums, as readers have no order.
  const read = new Int32Array(nodes.length);
  for (const { node } of outputs) read[node]! += 1;
  for (let id = nodes.length - 1; id >= 0; id--) {
    const by = mixed(hashes[id]!, read[id]!);
    operandsOf(nodes[id]!, hashes).forEach((i, k) => (read[i]! += mixed(by, k)));
  }
  return hashes.map((hash, id) => mixed(hash, read[id]!));
}
const mixed = (hash: number, more: number): number => Math.imul(hash ^ more ^ (hash >>> 15), 0x9e3779b1);

/** A sum's and a product's operands have no order. */
function operandsOf({ op, inputs }: GraphNode, hashes: Int32Array): readonly NodeId[] {
  const [x, y] = inputs;
  return (op === "add" || op === "mul") && hashes[x!]! > hashes[y!]! ? [y!, x!] : inputs;
}

/** Node by node, from the outputs on; undefined where two differ, or a value of one would be two of the other. */
function portsOf(a: Seen, b: Seen): Map<string, string> | undefined {
  const of = new Map<NodeId, NodeId>();
  const back = new Map<NodeId, NodeId>();
  const open: [NodeId, NodeId][] = a.outputs.map(({ node }, i) => [node, b.outputs[i]!.node]);
  for (let pair = open.pop(); pair; pair = open.pop()) {
    const [x, y] = pair;
    const known = of.get(y);
    if (known === x) continue;
    const [p, q] = [a.graph.graph.nodes[x]!, b.graph.graph.nodes[y]!];
    if (known !== undefined || back.has(x) || p.op !== q.op || p.inputs.length !== q.inputs.length || !sameShape(p.shape, q.shape) || (p.op !== "input" && !sameAttrs(p.attrs, q.attrs))) return undefined;
    of.set(y, x);
    back.set(x, y);
    const [mine, theirs] = [operandsOf(p, a.hashes), operandsOf(q, b.hashes)];
    mine.forEach((i, k) => open.push([i, theirs[k]!]));
  }
  const names = new Map(a.graph.inputs.map(({ node, name }) => [node, name]));
  const ports = new Map<string, string>();
  for (const { node, name } of b.graph.inputs) {
    const port = names.get(of.get(node)!);
    if (port === undefined) return undefined;
    ports.set(name, port);
  }
  b.outputs.forEach(({ name }, i) => ports.set(name, a.outputs[i]!.name));
  return ports;
}
