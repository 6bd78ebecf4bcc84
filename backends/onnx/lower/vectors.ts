// Small vectors, such as spectral normalization's: a vector by a matrix, and a length. As a matrix of one column a vector would be reshaped there
// and back, and a length would be three operators; a critic's step has some hundred of each.
import { elementsOf, type Shape } from "../../../compiler/graph/shape";
import type { GraphNode, NodeId } from "../../../compiler/graph/types";
import type { Emitter } from "../emitter";
import { int } from "../operator";

/** Elements of a vector whose reduction by one thread takes less time than an operator more. */
const FEW = 65536;

/**
 * [summed]·[summed, rows]; undefined where an operand has other axes, or there is nothing to sum. Not [rows, summed]·[summed]: the runtime's
 * product takes fifteen times as long as a Gemm with one column.
 */
export function byVector(e: Emitter, [a, b]: readonly [NodeId, NodeId], summed: Shape): string | undefined {
  const [only] = summed;
  if (summed.length !== 1 || only!.dim === 1) return undefined;
  const [vector, matrix] = e.shape(a).length === 1 ? [a, b] : [b, a];
  return e.shape(vector).length === 1 && e.shape(matrix).length === 2 && e.shape(matrix)[0]!.axis === only!.axis ? e.op("MatMul", [e.value(vector), e.value(matrix)]) : undefined;
}

/** √Σ x² of a small tensor, where nobody else reads what it is made of. */
export function lengthOf(e: Emitter, node: GraphNode): string | undefined {
  const sum = e.node(node.inputs[0]!);
  if (sum.op !== "sum" || sum.shape.length > 0 || e.readers(sum.id) > 1) return undefined;
  const square = e.node(sum.inputs[0]!);
  const [x, y] = square.inputs;
  if (square.op !== "mul" || x !== y || e.readers(square.id) > 1 || elementsOf(e.shape(x!)) > FEW) return undefined;
  const value = e.value(x!);
  return e.op("ReduceL2", [e.unshaped(value)?.value ?? value], { keepdims: int(0) });
}
