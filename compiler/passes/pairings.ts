// A kernel's product with its own gradient, which normalizing a kernel by one number asks for (spectral normalization: ⟨W, ∂W⟩), is known from
// the convolution's result: both are Σ over output, input and tap of g·k·x. Where the kernel is the larger, its passes over memory go.
import type { Builder } from "../graph/builder";
import { elementsOf, sameShape, type Shape } from "../graph/shape";
import type { Graph, GraphNode, NodeId, NodeOf } from "../graph/types";
import { copy, readerCounts } from "../graph/walk";
import type { Pass } from "./pass";

export const pairings: Pass = {
  name: "pairings",
  doc: "Σ k·kernel_adjoint(x, g) → Σ g·conv(x, k), and s·kernel_adjoint(x, g) → kernel_adjoint(x, s·g), where k is larger than the result",
  rewrite(graph, outputs) {
    const readers = readerCounts(graph, outputs);
    const alone = scalable(graph, readers);
    // Most rounds find nothing: whether there is anything is seen without a copy.
    if (!anything(graph, readers, alone)) return { graph, outputs: [...outputs], changed: false };
    const convolved = new Set<string>();
    let changed = false;
    const copied = copy(graph, outputs, (b, node, inputs) => {
      if (node.op === "conv") convolved.add(keyOf(inputs, node.attrs.window));
      let better: NodeId | undefined;
      if (node.op === "sum") {
        const found = pairOf(b, node, inputs[0]!, convolved);
        better = found && paired(b, found);
      } else if (node.op === "mul" && node.inputs.some((i) => alone.has(i))) better = scaled(b, inputs);
      if (better === undefined || !sameShape(b.shape(better), node.shape)) return undefined;
      changed = true;
      return better;
    });
    return { graph: copied.graph, outputs: outputs.map((id) => copied.map.get(id)!), changed };
  },
};

/** What may be scaled: it has no reader but the scale, in this graph and so in a new one. */
function scalable(graph: Graph, readers: Uint32Array): Set<NodeId> {
  const alone = new Set<NodeId>();
  for (const { id, op, inputs } of graph.nodes) if (readers[id] === 1 && (op === "conv_kernel_adjoint" || (MOVES.has(op) && inputs.every((i) => alone.has(i))))) alone.add(id);
  return alone;
}

function anything(graph: Graph, readers: Uint32Array, alone: ReadonlySet<NodeId>): boolean {
  const convolved = new Set<string>();
  for (const node of graph.nodes) {
    if (readers[node.id] === 0) continue;
    if (node.op === "conv") convolved.add(keyOf(node.inputs, node.attrs.window));
    if (node.op === "sum" && pairOf(graph, node, node.inputs[0]!, convolved)) return true;
    if (node.op === "mul" && node.inputs.some((i) => alone.has(i)) && node.inputs.some((i) => graph.nodes[i]!.shape.length === 0)) return true;
  }
  return false;
}

const MOVES: ReadonlySet<string> = new Set(["flatten", "unflatten", "rename"]);
const keyOf = (inputs: readonly NodeId[], window: unknown): string => `${inputs.join()} ${JSON.stringify(window)}`;

/** A value behind changes of shape, and these changes. */
function behind(graph: Graph, id: NodeId): { node: GraphNode; moves: string } {
  let node = graph.nodes[id]!;
  const moves: string[] = [];
  while (MOVES.has(node.op)) {
    moves.push(`${node.op} ${JSON.stringify(node.attrs)}`);
    node = graph.nodes[node.inputs[0]!]!;
  }
  return { node, moves: moves.join(" of ") };
}

/** The factors of a product of products. */
const factors = (graph: Graph, id: NodeId): NodeId[] => {
  const node = graph.nodes[id]!;
  return node.op === "mul" ? node.inputs.flatMap((i) => factors(graph, i)) : [id];
};

interface Pair {
  readonly gradient: NodeOf<"conv_kernel_adjoint">;
  readonly kernel: NodeId;
  readonly scalars: readonly NodeId[];
}

/** What a sum over all of a product is, if it is a kernel times its own gradient. */
function pairOf(graph: Graph, node: NodeOf<"sum">, x: NodeId, convolved: ReadonlySet<string>): Pair | undefined {
  if (node.shape.length > 0) return undefined;
  const shapeOf = (id: NodeId): Shape => graph.nodes[id]!.shape;
  const all = factors(graph, x);
  const [scalars, large] = [all.filter((i) => shapeOf(i).length === 0), all.filter((i) => shapeOf(i).length > 0)];
  if (large.length !== 2) return undefined;
  for (const [one, other] of [large, [...large].reverse()] as [NodeId, NodeId][]) {
    const [gradient, kernel] = [behind(graph, one), behind(graph, other)];
    if (gradient.node.op !== "conv_kernel_adjoint" || gradient.moves !== kernel.moves || !sameShape(gradient.node.shape, kernel.node.shape)) continue;
    const [picture, g] = gradient.node.inputs as [NodeId, NodeId];
    if (!convolved.has(keyOf([picture, kernel.node.id], gradient.node.attrs.window)) || !(elementsOf(kernel.node.shape) > elementsOf(shapeOf(g)))) continue;
    return { gradient: gradient.node, kernel: kernel.node.id, scalars };
  }
  return undefined;
}

function paired(b: Builder, { gradient, kernel, scalars }: Pair): NodeId {
  const [picture, g] = gradient.inputs as [NodeId, NodeId];
  const result = b.add("conv", { window: gradient.attrs.window }, [picture, kernel]);
  const product = b.add("mul", {}, [g, result]);
  const sum = b.add("sum", { over: b.shape(product).map((a) => a.axis) }, [product]);
  return scalars.reduce((y, s) => b.add("mul", {}, [y, s]), sum);
}

/** s·M(kernel_adjoint(x, g)) → M(kernel_adjoint(x, s·g)) for one number s and a smaller g. */
function scaled(b: Builder, inputs: readonly NodeId[]): NodeId | undefined {
  const at = inputs.findIndex((i) => b.shape(i).length === 0);
  if (at < 0) return undefined;
  const scale = inputs[at]!;
  const within = (id: NodeId): NodeId | undefined => {
    const node = b.node(id);
    if (node.op === "conv_kernel_adjoint") {
      const [x, g] = node.inputs as [NodeId, NodeId];
      return elementsOf(node.shape) > elementsOf(b.shape(g)) ? b.add("conv_kernel_adjoint", node.attrs, [x, b.add("mul", {}, [g, scale])]) : undefined;
    }
    if (!MOVES.has(node.op)) return undefined;
    const inner = within(node.inputs[0]!);
    return inner === undefined ? undefined : b.add(node.op, node.attrs as never, [inner]);
  };
  return within(inputs[1 - at]!);
}
