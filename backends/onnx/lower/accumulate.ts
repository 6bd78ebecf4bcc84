import { axesOf, hasAxis, sameShape, type Shape } from "../../../compiler/graph/shape";
import type { Graph, GraphNode, NodeId } from "../../../compiler/graph/types";
import { type Emitter, extentsOf } from "../emitter";
import { type Extent, numberOf, product } from "../extent";
import { float } from "../operator";
import { kernelAdjoint } from "./kernel-adjoint";
import { inOrder } from "./layout";

/** addend + scale · product, where the product is a matrix product that nobody else reads: one Gemm does both. */
export interface Accumulation {
  readonly addend: NodeId;
  readonly product: NodeId;
  readonly scale: 1 | -1;
  /** The kernel's gradient as a matrix, where that is what is added; nobody else reads it either. */
  readonly behind?: NodeId;
}

/** By the add or sub that disappears. A parameter used several times sums its gradients this way, in one buffer's passes. */
export function accumulations(graph: Graph, reached: readonly NodeId[], outputs: readonly NodeId[]): Map<NodeId, Accumulation> {
  const uses = new Map<NodeId, number>();
  const count = (id: NodeId): unknown => uses.set(id, (uses.get(id) ?? 0) + 1);
  for (const id of reached) graph.nodes[id]!.inputs.forEach(count);
  outputs.forEach(count);
  const found = new Map<NodeId, Accumulation>();
  const absorbed = new Set<NodeId>();
  for (const id of reached) {
    const node = graph.nodes[id]!;
    if (node.op !== "add" && node.op !== "sub") continue;
    const [a, b] = node.inputs as [NodeId, NodeId];
    // Of two candidates the later one, whose operands are there last.
    const choices = node.op === "sub" ? [[a, b]] : a < b ? [[a, b], [b, a]] : [[b, a], [a, b]];
    for (const [addend, candidate] of choices as [NodeId, NodeId][]) {
      const of = graph.nodes[candidate]!;
      const fits = uses.get(candidate) === 1 && addend !== candidate && sameShape(of.shape, node.shape) && of.shape.every((x) => hasAxis(graph.nodes[addend]!.shape, x.axis));
      if (!fits || absorbed.has(addend)) continue;
      const kernel = node.op === "add" ? kernelGradient(graph, of, uses) : undefined;
      if (kernel === undefined && !isOuter(graph, of)) continue;
      found.set(id, { addend, product: kernel ?? candidate, scale: node.op === "sub" ? -1 : 1, ...(kernel === undefined || kernel === candidate ? {} : { behind: candidate }) });
      absorbed.add(candidate);
      break;
    }
  }
  return found;
}

/** A kernel's gradient, or one behind a flatten of all but its first axis. */
function kernelGradient(graph: Graph, node: GraphNode, uses: ReadonlyMap<NodeId, number>): NodeId | undefined {
  if (node.op === "conv_kernel_adjoint") return node.id;
  if (node.op !== "flatten") return undefined;
  const of = graph.nodes[node.inputs[0]!]!;
  const matrix = of.op === "conv_kernel_adjoint" && axesOf(of.shape).slice(1).join() === node.attrs.axes.join() && node.shape.length === 2;
  return matrix && uses.get(of.id) === 1 ? of.id : undefined;
}

export function accumulate(e: Emitter, { addend, product: id, scale, behind }: Accumulation): string {
  const node = e.node(id);
  if (behind !== undefined && node.op === "conv_kernel_adjoint") {
    const matrix = e.shape(behind);
    const sum = e.reshape(inOrder(e, addend, axesOf(matrix)), extentsOf(matrix), extentsOf(node.shape));
    return e.reshape(kernelAdjoint(e, node, sum), extentsOf(node.shape), extentsOf(matrix));
  }
  const sum = inOrder(e, addend, axesOf(node.shape));
  return node.op === "conv_kernel_adjoint" ? kernelAdjoint(e, node, sum) : addedOuter(e, node, sum, scale);
}

/** Every element of a times every element of b, a's axes in front. */
export function isOuter(graph: Graph, { op, inputs, shape }: GraphNode): boolean {
  if (op !== "mul") return false;
  const [a, b] = inputs.map((i) => graph.nodes[i]!.shape) as [Shape, Shape];
  const wide = [a, b].every((s) => (numberOf(product(extentsOf(s))) ?? 0) > 1);
  return wide && isOneBehindOther(a, b, shape);
}

/** Whether a shape is the axes of one and, behind them, those of the other; neither has none, and none is in both. */
export function isOneBehindOther(a: Shape, b: Shape, shape: Shape): boolean {
  const order = axesOf(shape).join();
  const apart = a.length > 0 && b.length > 0 && !a.some((x) => hasAxis(b, x.axis));
  return apart && [[...a, ...b], [...b, ...a]].some((s) => axesOf(s).join() === order);
}

function addedOuter(e: Emitter, node: GraphNode, sum: string, scale: number): string {
  const { shape } = node;
  const [m, n] = sides(e, node).map((id) => product(extentsOf(e.shape(id)))) as [ReturnType<typeof product>, ReturnType<typeof product>];
  const [rows, columns] = sides(e, node);
  const column = e.reshape(e.value(rows), extentsOf(e.shape(rows)), [m, [1]]);
  const row = e.reshape(e.value(columns), extentsOf(e.shape(columns)), [[1], n]);
  const matrix = e.reshape(sum, extentsOf(shape), [m, n]);
  const result = e.op("Gemm", [column, row, matrix], scale === 1 ? {} : { alpha: float(scale) });
  return e.reshape(result, [m, n], extentsOf(shape));
}
/** The operand of the rows, and that of the columns. */
const sides = (e: Emitter, { inputs, shape }: GraphNode): [NodeId, NodeId] => [...inputs].sort((x, y) => at(e, x, shape) - at(e, y, shape)) as [NodeId, NodeId];

/** [rows, terms] and [columns, terms]: a term for each element of what is summed, one where nothing is. */
export function factors(e: Emitter, node: GraphNode): { rows: string; columns: string } {
  const [rows, columns] = sides(e, node).map((id) => {
    const shape = e.shape(id);
    const own = shape.filter((x) => hasAxis(node.shape, x.axis));
    const [length, terms] = [own, shape.filter((x) => !own.includes(x))].map((part) => product(extentsOf(part))) as [Extent, Extent];
    if (numberOf(terms) === 1) return e.reshape(e.value(id), extentsOf(shape), [length, terms]);
    // What is summed stands in front.
    return e.transpose(e.reshape(e.value(id), extentsOf(shape), [terms, length]), [1, 0]);
  });
  return { rows: rows!, columns: columns! };
}
/** Where the first axis of its own comes in the result. */
const at = (e: Emitter, id: NodeId, shape: Shape): number => shape.findIndex((x) => hasAxis(e.shape(id), x.axis));
