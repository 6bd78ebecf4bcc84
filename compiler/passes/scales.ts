// A kernel times one number (spectral normalization's 1/σ) scales the smaller result instead of the larger kernel.
import type { Builder } from "../graph/builder";
import { elementsOf } from "../graph/shape";
import type { NodeId } from "../graph/types";
import { localPass } from "./pass";

export const scales = localPass(
  "scales",
  "conv(x, s·k) → s·conv(x, k), and for the adjoint in x, where s is one number and k larger than the result",
  (b, node, inputs) => {
    if (node.op !== "conv" && node.op !== "conv_input_adjoint") return undefined;
    const [x, k] = inputs as [NodeId, NodeId];
    // Kernels have no free dims.
    if (!(elementsOf(b.shape(k)) > elementsOf(node.shape))) return undefined;
    const found = unscaled(b, k);
    return found && b.add("mul", {}, [b.add(node.op, node.attrs as never, [x, found.kernel]), found.scale]);
  },
);

/** The kernel without its factor, looked for behind changes of shape. */
function unscaled(b: Builder, id: NodeId): { kernel: NodeId; scale: NodeId } | undefined {
  const node = b.node(id);
  if (node.op === "mul") {
    const at = node.inputs.findIndex((i) => b.shape(i).length === 0);
    return at < 0 ? undefined : { scale: node.inputs[at]!, kernel: node.inputs[1 - at]! };
  }
  if (node.op !== "unflatten" && node.op !== "flatten" && node.op !== "rename") return undefined;
  const inner = unscaled(b, node.inputs[0]!);
  return inner && { scale: inner.scale, kernel: b.add(node.op, node.attrs as never, [inner.kernel]) };
}
