// An export on the nodes that an optimization left.
import { Builder } from "./graph/builder";
import type { Graph, NodeId } from "./graph/types";
import type { ExportModel } from "./train/exports";

export function prune(e: ExportModel, slim: { readonly graph: Graph; readonly outputs: readonly NodeId[] }): ExportModel {
  const b = new Builder(slim.graph);
  const find = (name: string): NodeId => {
    const known = b.nodes.find((n) => n.op === "input" && n.attrs.kind === "data" && n.attrs.name === name);
    if (known) return known.id;
    const old = e.graph.node(e.inputs.find((i) => i.name === name)!.node);
    return old.op === "input" ? b.add("input", old.attrs, []) : old.id;
  };
  const inputs = e.inputs.map((i) => ({ name: i.name, node: find(i.name) }));
  return { ...e, graph: b, inputs, outputs: e.outputs.map((o, i) => ({ name: o.name, node: slim.outputs[i]! })) };
}
