import type { Builder } from "./graph/builder";
import { axesOf, hasAxis, sameShape } from "./graph/shape";
import type { NodeId, NodeOf, OpName } from "./graph/types";
import { recordOf } from "./ops/table";
import type { Gradient } from "./ops/record";

/**
 * Reverse mode, graph to graph: the gradient of the sum of `loss` with respect to each node of `wrt`, as new nodes of the
 * same builder, each with exactly the shape of its node; undefined where the loss does not depend on it. Only what lies
 * between `wrt` and `loss` is visited. `seed` is the gradient of the loss itself, 1 unless given. What comes out are
 * ordinary nodes: to differentiate them again, call this again.
 */
export function differentiate(b: Builder, loss: NodeId, wrt: readonly NodeId[], seed?: NodeId): (NodeId | undefined)[] {
  const between = dependents(b, loss, wrt);
  const gradients = new Map<NodeId, NodeId>();
  const origin = b.origin;
  if (between[loss]) gradients.set(loss, seed ?? b.constant(1));

  for (let id = loss; id >= 0; id--) {
    const g = gradients.get(id);
    if (g === undefined) continue;
    const node = b.node(id);
    b.origin = node.origin ?? origin;
    const rules = gradientRules(b, node, g);
    node.inputs.forEach((input, i) => {
      const rule = rules[i];
      if (!rule || !between[input]) return;
      const part = rule();
      const sum = gradients.get(input);
      gradients.set(input, sum === undefined ? part : b.add("add", {}, [sum, part]));
    });
  }

  const result = wrt.map((id) => {
    const g = gradients.get(id);
    if (g === undefined) return undefined;
    const shape = b.shape(id);
    const foreign = axesOf(b.shape(g)).find((axis) => !hasAxis(shape, axis));
    if (foreign !== undefined) throw new Error(`defect: the gradient of node ${id} has the axis ${foreign}, the node has not`);
    return sameShape(b.shape(g), shape) ? g : b.add("expand", { shape }, [g]);
  });
  b.origin = origin;
  return result;
}

/** Marks what the loss is computed from and what depends on `wrt`: only there gradients are needed. */
function dependents(b: Builder, loss: NodeId, wrt: readonly NodeId[]): boolean[] {
  const depends: boolean[] = [];
  const wanted = new Set(wrt);
  for (let id = 0; id <= loss; id++) {
    const node = b.node(id);
    depends.push(wanted.has(id) || (node.op !== "stop" && node.inputs.some((i) => depends[i])));
  }
  return depends;
}

function gradientRules<K extends OpName>(b: Builder, node: NodeOf<K>, g: NodeId): readonly Gradient[] {
  return recordOf(node.op).gradient(b, node, g);
}
