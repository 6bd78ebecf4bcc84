// Operations on axes that do nothing, or undo each other.
import type { Builder } from "../graph/builder";
import { sameShape } from "../graph/shape";
import type { GraphNode, NodeId } from "../graph/types";
import { localPass } from "./pass";

export const shapes = localPass(
  "shapes",
  "what neither moves nor repeats anything goes: sums over nothing, renames to the same, a part of what was just put together",
  (b, node, inputs) => (idle(node, b, inputs) ? inputs[0] : undone(b, node, inputs)),
);

function idle(node: GraphNode, b: Builder, [x]: readonly NodeId[]): boolean {
  switch (node.op) {
    case "stop":
      return true;
    case "sum":
    case "mean":
    case "max":
      return node.attrs.over.length === 0;
    case "concat":
      return node.inputs.length === 1;
    case "pad":
    case "pad_adjoint":
      return Object.values(node.attrs.amounts).every((n) => n === 0);
    case "expand":
    case "rename":
    case "slice":
    case "embed":
    case "upsample":
    case "upsample_adjoint":
      // Each of them keeps values in place where it keeps the shape, but for names that change places.
      return sameShape(b.shape(x!), node.shape) && (node.op !== "rename" || Object.entries(node.attrs.names).every(([was, now]) => was === now));
    case "flatten":
      return node.attrs.axes.length === 1 && node.attrs.axes[0] === node.attrs.into;
    default:
      return false;
  }
}

/** The operand of the operand, where the two together do nothing. */
function undone(b: Builder, node: GraphNode, inputs: readonly NodeId[]): NodeId | undefined {
  if (inputs.length !== 1) return undefined;
  const inner = b.node(inputs[0]!);
  const from = inner.inputs[0];
  switch (node.op) {
    case "unflatten": {
      const into = node.attrs.into.map((a) => a.axis).join();
      return inner.op === "flatten" && inner.attrs.into === node.attrs.axis && inner.attrs.axes.join() === into ? from : undefined;
    }
    case "flatten": {
      if (inner.op !== "unflatten" || inner.attrs.axis !== node.attrs.into) return undefined;
      return inner.attrs.into.map((a) => a.axis).join() === node.attrs.axes.join() ? from : undefined;
    }
    case "squeeze":
      return inner.op === "unsqueeze" && inner.attrs.axis === node.attrs.axis ? from : undefined;
    case "unsqueeze":
      return inner.op === "squeeze" && inner.attrs.axis === node.attrs.axis ? from : undefined;
    case "slice": {
      const { axis, start, size } = node.attrs;
      if (inner.op === "slice" && inner.attrs.axis === axis) return b.add("slice", { axis, start: start + inner.attrs.start, size }, inner.inputs);
      if (inner.op === "embed" && inner.attrs.axis === axis && inner.attrs.start === start) return from;
      if (inner.op === "concat" && inner.attrs.along === axis) return partOf(b, inner.inputs, axis, start, size);
      return undefined;
    }
    case "rename": {
      if (inner.op !== "rename") return undefined;
      const names = Object.fromEntries(b.shape(from!).map((a, i) => [a.axis, node.shape[i]!.axis]));
      return b.add("rename", { names: Object.fromEntries(Object.entries(names).filter(([was, now]) => was !== now)) }, [from!]);
    }
    default:
      return undefined;
  }
}

function partOf(b: Builder, parts: readonly NodeId[], axis: string, start: number, size: number): NodeId | undefined {
  let at = 0;
  for (const part of parts) {
    const dim = b.shape(part).find((a) => a.axis === axis)?.dim;
    if (typeof dim !== "number") return undefined;
    if (at === start && dim === size) return part;
    at += dim;
  }
  return undefined;
}
