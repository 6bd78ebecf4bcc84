import { showShape, type Shape } from "./shape";
import type { Graph, GraphNode, NodeId, PadAmounts, Window2d } from "./types";

/** One line a node: `%7 = conv(%3, %5) 3x3 /1 +1 : [batch: 1, c: 64, h: 8, w: 8]  # AB.content.conv1`. */
export function printGraph(graph: Graph, outputs: readonly (NodeId | readonly [string, NodeId])[] = []): string {
  const lines = graph.nodes.map(printNode);
  for (const output of outputs) {
    lines.push(typeof output === "number" ? `output %${output}` : `output ${output[0]} = %${output[1]}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

export function printNode(node: GraphNode): string {
  const call = node.inputs.length > 0 ? `${node.op}(${node.inputs.map((i) => `%${i}`).join(", ")})` : node.op;
  const attrs = printAttrs(node);
  const origin = node.origin ? `  # ${node.origin.path || node.origin.label}` : "";
  return `%${node.id} = ${call}${attrs ? ` ${attrs}` : ""} : ${showShape(node.shape, true)}${origin}`;
}

function printAttrs(node: GraphNode): string {
  switch (node.op) {
    case "input":
      return `${node.attrs.kind} ${node.attrs.name}`;
    case "constant":
      return String(node.attrs.value);
    case "relu":
    case "relu_adjoint":
      return `slope ${node.attrs.slope}`;
    case "power":
      return `^${node.attrs.exponent}`;
    case "size":
    case "sum":
    case "mean":
    case "max":
    case "max_mask":
    case "contract":
      return `over ${node.attrs.over.join(", ") || "nothing"}`;
    case "expand":
      return "";
    case "rename":
      return Object.entries(node.attrs.names).map(([was, now]) => `${was} → ${now}`).join(", ");
    case "flatten":
      return `${node.attrs.axes.join(", ")} → ${node.attrs.into}`;
    case "unflatten":
      return `${node.attrs.axis} → ${(node.attrs.into as Shape).map((a) => a.axis).join(", ")}`;
    case "concat":
      return `along ${node.attrs.along}`;
    case "slice":
      return `${node.attrs.axis} ${node.attrs.start}..${node.attrs.start + node.attrs.size}`;
    case "embed":
      return `${node.attrs.axis} at ${node.attrs.start} of ${node.attrs.total}`;
    case "squeeze":
    case "unsqueeze":
      return node.attrs.axis;
    case "pad":
    case "pad_adjoint":
      return `${node.attrs.mode} ${printAmounts(node.attrs.amounts)}`;
    case "upsample":
    case "upsample_adjoint":
      return `×${node.attrs.factor}`;
    case "avg_pool":
    case "avg_pool_adjoint":
      return `${printWindow(node.attrs.window)}${node.attrs.countPad ? "" : " without padding"}`;
    case "conv":
    case "conv_input_adjoint":
    case "conv_kernel_adjoint":
      return printWindow(node.attrs.window);
    default:
      return "";
  }
}

const pair = ([a, b]: readonly [number, number], between: string): string => (a === b ? String(a) : `${a}${between}${b}`);

/** Kernel, stride, padding: `4x4 /2 +1`. */
const printWindow = ({ kernel, stride, pad }: Window2d): string =>
  `${kernel[0]}x${kernel[1]} /${pair(stride, "x")} +${pair(pad, "x")}`;

const printAmounts = ({ top, bottom, left, right }: PadAmounts): string =>
  top === bottom && left === right && top === left ? String(top) : `${top} ${bottom} ${left} ${right}`;
