import { copy } from "../graph/walk";
import type { Builder } from "../graph/builder";
import { sameShape } from "../graph/shape";
import type { NodeId } from "../graph/types";
import type { Pass } from "./pass";

/** The larger operand first, a constant last, else as they came. */
function inOrder(b: Builder, [x, y]: readonly [NodeId, NodeId]): readonly [NodeId, NodeId] {
  const rank = (id: NodeId): number => -b.shape(id).length + (b.node(id).op === "constant" ? 1 : 0);
  const [p, q] = [rank(x), rank(y)];
  return p < q || (p === q && x <= y) ? [x, y] : [y, x];
}

/** Not a local rule: an exchange of operands is no reason for another round. */
export const share: Pass = {
  name: "share",
  doc: "a + b and b + a are one node",
  rewrite(graph, outputs) {
    const { graph: shared, map } = copy(graph, outputs, (b, node, inputs) => {
      if (node.op !== "add" && node.op !== "mul") return undefined;
      const id = b.add(node.op, {}, inOrder(b, inputs as [NodeId, NodeId]));
      return sameShape(b.shape(id), node.shape) ? id : undefined;
    });
    return { graph: shared, outputs: outputs.map((id) => map.get(id)!), changed: false };
  },
};
