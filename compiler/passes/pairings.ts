// A kernel's product with its own gradient, which normalizing a kernel by one number asks for (spectral normalization: ⟨W, ∂W⟩), is known from
// the convolution's result: both are Σ over output, input and tap of g·k·x. Where the kernel is the larger, its passes over memory go.
import type { Builder } from "../graph/builder";
import { sameShape, type Shape } from "../graph/shape";
import type { Graph, GraphNode, NodeId, NodeOf } from "../graph/types";
import { copy, reachable } from "../graph/walk";
import type { Pass } from "./pass";

export const pairings: Pass = {
  name: "pairings",
  doc: "Σ k·kernel_adjoint(x, g) → Σ g·conv(x, k), and s·kernel_adjoint(x, g) → kernel_adjoint(x, s·g), where k is larger than the result",
  rewrite(graph, outputs) {
    const readers = readersOf(graph, outputs);
    const alone = new Set<NodeId>();
    const convolved = new Set<string>();
    let changed = false;
    const copied = copy(graph, outputs, (b, node, inputs) => {
      if (node.op === "conv") convolved.add(keyOf(inputs, node.attrs.window));
      // What may be scaled has no reader but the scale, in this graph and so in the new one.
      if (node.op === "conv_kernel_adjoint" || (MOVES.has(node.op) && node.inputs.every((i) => alone.has(i)))) if (readers.get(node.id) === 1) alone.add(node.id);
      const better = node.op === "sum" ? paired(b, node, inputs[0]!, convolved) : node.op === "mul" && node.inputs.some((i) => alone.has(i)) ? scaled(b, inputs) : undefined;
      if (better === undefined || !sameShape(b.shape(better), node.shape)) return undefined;
      changed = true;
      return better;
    });
    // What was only tried must not stay behind.
    return changed ? { graph: copied.graph, outputs: outputs.map((id) => copied.map.get(id)!), changed } : { graph, outputs: [...outputs], changed };
  },
};

const MOVES: ReadonlySet<string> = new Set(["flatten", "unflatten", "rename"]);
const keyOf = (inputs: readonly NodeId[], window: unknown): string => `${inputs.join()} ${JSON.stringify(window)}`;
const elements = (shape: Shape): number => shape.reduce((n, a) => n * (typeof a.dim === "number" ? a.dim : Infinity), 1);

function readersOf(graph: Graph, outputs: readonly NodeId[]): Map<NodeId, number> {
  const needed = reachable(graph, outputs);
  const readers = new Map<NodeId, number>();
  for (const id of [...graph.nodes.flatMap((n) => (needed[n.id] ? n.inputs : [])), ...outputs]) readers.set(id, (readers.get(id) ?? 0) + 1);
  return readers;
}

/** A value behind changes of shape, and these changes. */
function behind(b: Builder, id: NodeId): { node: GraphNode; moves: string } {
  let node = b.node(id);
  const moves: string[] = [];
  while (MOVES.has(node.op)) {
    moves.push(`${node.op} ${JSON.stringify(node.attrs)}`);
    node = b.node(node.inputs[0]!);
  }
  return { node, moves: moves.join(" of ") };
}

/** The factors of a product of products. */
const factors = (b: Builder, id: NodeId): NodeId[] => {
  const node = b.node(id);
  return node.op === "mul" ? node.inputs.flatMap((i) => factors(b, i)) : [id];
};

function paired(b: Builder, node: NodeOf<"sum">, x: NodeId, convolved: ReadonlySet<string>): NodeId | undefined {
  if (node.shape.length > 0) return undefined;
  const all = factors(b, x);
  const [scalars, large] = [all.filter((i) => b.shape(i).length === 0), all.filter((i) => b.shape(i).length > 0)];
  if (large.length !== 2) return undefined;
  for (const [one, other] of [large, [...large].reverse()] as [NodeId, NodeId][]) {
    const [gradient, kernel] = [behind(b, one), behind(b, other)];
    if (gradient.node.op !== "conv_kernel_adjoint" || gradient.moves !== kernel.moves || !sameShape(gradient.node.shape, kernel.node.shape)) continue;
    const [picture, g] = gradient.node.inputs as [NodeId, NodeId];
    const { window } = gradient.node.attrs;
    if (!convolved.has(keyOf([picture, kernel.node.id], window)) || !(elements(kernel.node.shape) > elements(b.shape(g)))) continue;
    const result = b.add("conv", { window }, [picture, kernel.node.id]);
    const product = b.add("mul", {}, [g, result]);
    const sum = b.add("sum", { over: b.shape(product).map((a) => a.axis) }, [product]);
    return scalars.reduce((y, s) => b.add("mul", {}, [y, s]), sum);
  }
  return undefined;
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
      return elements(node.shape) > elements(b.shape(g)) ? b.add("conv_kernel_adjoint", node.attrs, [x, b.add("mul", {}, [g, scale])]) : undefined;
    }
    if (!MOVES.has(node.op)) return undefined;
    const inner = within(node.inputs[0]!);
    return inner === undefined ? undefined : b.add(node.op, node.attrs as never, [inner]);
  };
  return within(inputs[1 - at]!);
}
