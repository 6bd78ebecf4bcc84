import { axesOf, BATCH, dimOf, hasAxis, type Shape } from "../../../compiler/graph/shape";
import type { Graph, GraphNode, NodeId, NodeOf } from "../../../compiler/graph/types";
import { type Emitter, extentsOf } from "../emitter";
import { numberOf, product } from "../extent";
import { int } from "../operator";
import { patchesOf } from "./patches";
import { picture } from "./layout";
import { factors, isOneBehindOther, isOuter } from "./accumulate";

/**
 * A sum of matrix products of few terms each into one large matrix: kernel gradients over few pixels, a linear layer's gradients over few pictures
 * (U-GAT-IT's full model: 1.07 GB each), and columns times rows (spectral normalization's gradient). With their columns side by side they are one product, which writes the large matrix once.
 */
export interface Joined {
  readonly products: readonly { readonly id: NodeId; readonly negative: boolean }[];
  /** What nobody asks for any more: sums, products, and changes of shape on the way. */
  readonly within: readonly NodeId[];
}

/** More terms than this, and the product is worth its pass over the matrix. */
const FEW = 64;
/** Elements of a matrix whose passes count. */
const LARGE = 250_000;

export function joinedSums(graph: Graph, reached: readonly NodeId[], readers: (id: NodeId) => number): Map<NodeId, Joined> {
  const found = new Map<NodeId, Joined>();
  const taken = new Set<NodeId>();
  for (const id of [...reached].reverse()) {
    const node = graph.nodes[id]!;
    if (taken.has(id) || (node.op !== "add" && node.op !== "sub") || (numberOf(product(extentsOf(node.shape))) ?? 0) < LARGE) continue;
    const within: NodeId[] = [];
    const products = terms(graph, readers, id, false, within);
    if (!products || products.length < 2) continue;
    within.forEach((i) => taken.add(i));
    found.set(id, { products, within });
  }
  return found;
}

function terms(graph: Graph, readers: (id: NodeId) => number, id: NodeId, negative: boolean, within: NodeId[]): { id: NodeId; negative: boolean }[] | undefined {
  const node = graph.nodes[id]!;
  if (node.op === "add" || node.op === "sub") {
    const parts = node.inputs.map((i, at) => {
      if (readers(i) !== 1 || axesOf(graph.nodes[i]!.shape).join() !== axesOf(node.shape).join()) return undefined;
      within.push(i);
      return terms(graph, readers, i, negative !== (node.op === "sub" && at === 1), within);
    });
    return parts.every((p) => p !== undefined) ? parts.flat() : undefined;
  }
  if ((isOuter(graph, node) || isLinear(graph, node)) && isOneRowAxis(graph, node)) return [{ id, negative }];
  const kernel = node.op === "flatten" ? graph.nodes[node.inputs[0]!]! : node;
  if (kernel.op !== "conv_kernel_adjoint" || !fewTerms(graph, kernel) || axesOf(kernel.shape).join() !== "out,in,kh,kw") return undefined;
  if (kernel !== node) {
    const matrix = node.op === "flatten" && node.attrs.axes.join() === "in,kh,kw" && readers(kernel.id) === 1;
    if (!matrix) return undefined;
    within.push(kernel.id);
  }
  return [{ id: kernel.id, negative }];
}

/** Whether the rows are the first axis alone, as of all that is joined: the next axis is the other operand's. */
const isOneRowAxis = (graph: Graph, { inputs, shape }: GraphNode): boolean => inputs.every((i) => !shape.slice(0, 2).every(({ axis }) => hasAxis(graph.nodes[i]!.shape, axis)));

/** A linear layer's weight gradient: [batch, rows] and [batch, columns], of few pictures. */
function isLinear(graph: Graph, { op, inputs, attrs, shape }: GraphNode): boolean {
  if (op !== "contract" || attrs.over.join() !== BATCH) return false;
  const [a, b] = inputs.map((i) => graph.nodes[i]!.shape) as [Shape, Shape];
  const pictures = numberOf([dimOf(a, BATCH)!]);
  return pictures !== undefined && pictures <= FEW && a[0]!.axis === BATCH && b[0]!.axis === BATCH && isOneBehindOther(a.slice(1), b.slice(1), shape);
}

/** One picture of few pixels. */
function fewTerms(graph: Graph, node: NodeOf<"conv_kernel_adjoint">): boolean {
  const g: Shape = graph.nodes[node.inputs[1]!]!.shape;
  const one = g.every((a) => ["c", "h", "w"].includes(a.axis) || a.dim === 1) && (!hasAxis(g, BATCH) || dimOf(g, BATCH) === 1);
  const pixels = numberOf(product([[dimOf(g, "h") ?? 1], [dimOf(g, "w") ?? 1]]));
  return one && pixels !== undefined && pixels <= FEW;
}

export function joined(e: Emitter, { products }: Joined, end: GraphNode): string {
  const parts = products.map(({ id, negative }) => {
    const node = e.node(id);
    const { rows, columns } = node.op === "conv_kernel_adjoint" ? kernelFactors(e, node) : factors(e, node);
    return { rows: negative ? e.op("Neg", [rows]) : rows, columns };
  });
  const [a, b] = [e.concat(parts.map((p) => p.rows), 1), e.concat(parts.map((p) => p.columns), 1)];
  const [first, ...rest] = end.shape;
  const flat = [[first!.dim], product(extentsOf(rest))];
  return e.reshape(e.op("Gemm", [a, b], { transB: int(1) }), flat, extentsOf(end.shape));
}

/** [out, pixels] and [in·taps, pixels]. */
function kernelFactors(e: Emitter, node: NodeOf<"conv_kernel_adjoint">): { rows: string; columns: string } {
  const [x, g] = node.inputs.map((id) => picture(e, id)) as [ReturnType<typeof picture>, ReturnType<typeof picture>];
  const pixels = product([[g.h], [g.w]]);
  const taps = node.attrs.window.kernel[0] * node.attrs.window.kernel[1];
  const columns = product([[x.c], [taps]]);
  return {
    rows: e.reshape(g.value, [g.n, [g.c], [g.h], [g.w]], [[g.c], pixels]),
    columns: e.reshape(patchesOf(e, x, g, node.attrs.window), [x.n, columns, pixels], [columns, pixels]),
  };
}
