// The reference: slow, in double precision, and what every backend must agree with.
import { spread } from "../ops/arrays";
import type { AxisNumber } from "../ops/record";
import { recordOf } from "../ops/table";
import { dimValue } from "./dim";
import type { NdArray } from "./ndarray";
import type { Shape } from "./shape";
import type { Graph, GraphNode, NodeId, NodeOf, OpName } from "./types";
import { reachable } from "./walk";

export type Symbols = Readonly<Record<string, number>>;

export const atSymbols = (shape: Shape, symbols: Symbols): AxisNumber[] =>
  shape.map((a) => ({ axis: a.axis, dim: dimValue(a.dim, symbols) }));

/**
 * The values of the wanted nodes. `feeds` gives the graph's inputs (and may give any other node, which is then not
 * computed), with their axes in any order. Symbols that stand alone as a dim of a fed input are known from it.
 */
export function evaluate(
  graph: Graph,
  wanted: readonly NodeId[],
  feeds: ReadonlyMap<NodeId, NdArray>,
  symbols: Symbols = {},
): Map<NodeId, NdArray> {
  const cut = graph.nodes.map((n) => (feeds.has(n.id) ? { ...n, inputs: [] } : n));
  const needed = reachable({ nodes: cut }, wanted);
  const known = { ...symbolsOf(graph, feeds), ...symbols };

  const uses = new Map<NodeId, number>();
  const count = (id: NodeId): unknown => uses.set(id, (uses.get(id) ?? 0) + 1);
  for (const node of cut) if (needed[node.id]) node.inputs.forEach(count);
  wanted.forEach(count);

  const values = new Map<NodeId, NdArray>();
  for (const node of cut) {
    if (!needed[node.id]) continue;
    const shape = atSymbols(node.shape, known);
    const fed = feeds.get(node.id);
    values.set(node.id, fed ? fitted(node, fed, shape) : compute(node, node.inputs.map((i) => values.get(i)!), shape));
    for (const input of node.inputs) {
      const left = uses.get(input)! - 1;
      uses.set(input, left);
      if (left === 0) values.delete(input);
    }
  }
  return new Map(wanted.map((id) => [id, values.get(id)!]));
}

function compute<K extends OpName>(node: NodeOf<K>, operands: readonly NdArray[], shape: readonly AxisNumber[]): NdArray {
  return recordOf(node.op).evaluate(node.attrs, operands, shape);
}

/** The fed value in the node's own order of axes. */
function fitted(node: GraphNode, fed: NdArray, shape: readonly AxisNumber[]): NdArray {
  const name = node.op === "input" ? node.attrs.name : `node ${node.id}`;
  const fits = fed.shape.length === shape.length && shape.every((a) => fed.shape.some((f) => f.axis === a.axis && f.dim === a.dim));
  const show = (s: readonly AxisNumber[]): string => `[${s.map((a) => `${a.axis}: ${a.dim}`).join(", ")}]`;
  if (!fits) throw new Error(`defect: ${name} is ${show(shape)}, but was fed ${show(fed.shape)}`);
  return spread(fed, shape);
}

function symbolsOf(graph: Graph, feeds: ReadonlyMap<NodeId, NdArray>): Record<string, number> {
  const known: Record<string, number> = {};
  for (const [id, fed] of feeds) {
    for (const { axis, dim } of graph.nodes[id]!.shape) {
      if (typeof dim === "number" || dim.constant !== 0 || dim.terms.length !== 1) continue;
      const term = dim.terms[0]!;
      const value = fed.shape.find((a) => a.axis === axis)?.dim;
      if (value !== undefined && term.num === 1 && term.den === 1) known[term.symbol] = value;
    }
  }
  return known;
}
