import { copy } from "../graph/walk";
import { sameShape } from "../graph/shape";
import type { Graph, GraphNode, NodeId } from "../graph/types";
import type { Pass } from "./pass";

/** The larger operand first, a constant last, else as they came. */
function inOrder(graph: Graph, [x, y]: readonly [NodeId, NodeId]): boolean {
  const [p, q] = [rankOf(graph.nodes[x]!), rankOf(graph.nodes[y]!)];
  return p < q || (p === q && x <= y);
}
const rankOf = ({ op, shape }: GraphNode): number => (op === "constant" ? 1 : 0) - shape.length;

const commutes = ({ op }: GraphNode): boolean => op === "add" || op === "mul";

/** Not a local rule: an exchange of operands is no reason for another round. */
export const share: Pass = {
  name: "share",
  doc: "a + b and b + a are one node",
  rewrite(graph, outputs) {
    if (graph.nodes.every((n) => !commutes(n) || inOrder(graph, n.inputs as [NodeId, NodeId]))) return { graph, outputs: [...outputs], changed: false };
    const { graph: shared, map } = copy(graph, outputs, (b, node, inputs) => {
      const pair = inputs as [NodeId, NodeId];
      if (!commutes(node) || inOrder(b, pair)) return undefined;
      const id = b.add(node.op as "add" | "mul", {}, [pair[1], pair[0]]);
      return sameShape(b.shape(id), node.shape) ? id : undefined;
    });
    return { graph: shared, outputs: outputs.map((id) => map.get(id)!), changed: false };
  },
};
