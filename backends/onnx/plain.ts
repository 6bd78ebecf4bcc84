import type { Operator } from "./operator";

/** Kernels of one tap that are turned for a product, of which a graph may do as many by itself. */
const FEW = 2;

/** Whether onnxruntime's optimizers, each of which walks over all operators, are known to find next to nothing here (docs/onnx-lowering.md). */
export function isPlain(operators: readonly Operator[]): boolean {
  const turned = new Map(operators.flatMap((o) => (o.type === "Transpose" ? [[o.outputs[0]!, rankOf(o)] as const] : [])));
  const taken = operators.flatMap((o) => (o.type === "MatMul" ? o.inputs.flatMap((i) => turned.get(i) ?? []) : []));
  // Of three axes and more they are pictures, several times as large.
  return taken.length <= FEW && taken.every((rank) => rank === 2) && !operators.some((o) => POOLING.has(o.type));
}

function rankOf({ attributes: { perm } }: Operator): number {
  return perm && "ints" in perm ? perm.ints.length : Infinity;
}

/** Done in blocks of channels, if the optimizer may rewrite them. */
const POOLING: ReadonlySet<string> = new Set(["AveragePool", "MaxPool"]);
