import type { Operator } from "./operator";

/** Transposes that a product would take in, of which a graph can do as many by itself: one costs as much as a picture's copy. */
const FEW = 2;

/** Whether onnxruntime's optimizers, each of which walks over all operators, are known to find next to nothing here (docs/onnx-lowering.md). */
export function isPlain(operators: readonly Operator[]): boolean {
  const transposed = new Set(operators.flatMap((o) => (o.type === "Transpose" ? o.outputs : [])));
  const taken = operators.filter((o) => o.type === "MatMul" && o.inputs.some((i) => transposed.has(i))).length;
  return taken <= FEW && !operators.some((o) => POOLING.has(o.type));
}

/** Done in blocks of channels, if the optimizer may rewrite them. */
const POOLING: ReadonlySet<string> = new Set(["AveragePool", "MaxPool"]);
