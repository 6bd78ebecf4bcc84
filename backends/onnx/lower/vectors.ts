// Small vectors, such as spectral normalization's: a matrix by a vector, a product of two, a length. As matrices of one column they would be
// reshaped there and back, and a length would be three operators; a critic's step has some hundred of each.
import { type AxisDim, hasAxis, type Shape } from "../../../compiler/graph/shape";
import type { GraphNode, NodeId } from "../../../compiler/graph/types";
import type { Emitter } from "../emitter";
import { int } from "../operator";

/** Elements of a vector whose reduction by one thread takes less time than an operator more. */
const FEW = 65536;

/** [rows, summed]·[summed] or [summed]·[summed, rows]; undefined where an operand has other axes, or there is nothing to sum. */
export function byVector(e: Emitter, [a, b]: readonly [NodeId, NodeId], summed: Shape): string | undefined {
  const [only] = summed;
  if (summed.length !== 1 || only!.dim === 1) return undefined;
  const shapes = [e.shape(a), e.shape(b)] as const;
  if (shapes[0].length + shapes[1].length !== 3) return undefined;
  const [matrix, vector] = shapes[0].length === 2 ? [a, b] : [b, a];
  return e.op("MatMul", e.shape(matrix)[1]!.axis === only!.axis ? [e.value(matrix), e.value(vector)] : [e.value(vector), e.value(matrix)]);
}

/** Σ a·b of two vectors. */
export function dot(e: Emitter, [a, b]: readonly [NodeId, NodeId]): string | undefined {
  return isVector(e.shape(a)) && isVector(e.shape(b)) && hasAxis(e.shape(b), e.shape(a)[0]!.axis) ? e.op("MatMul", [e.value(a), e.value(b)]) : undefined;
}
const isVector = (shape: Shape): boolean => shape.length === 1 && elements(shape) <= FEW;

/** A sum over all of a product of two vectors that nobody else reads. */
export function dotOf(e: Emitter, node: GraphNode): string | undefined {
  const factors = squareOrProduct(e, node);
  return factors && dot(e, factors);
}

/** √Σ x² of a small tensor. */
export function lengthOf(e: Emitter, node: GraphNode): string | undefined {
  const sum = e.node(node.inputs[0]!);
  if (sum.op !== "sum" || e.readers(sum.id) > 1) return undefined;
  const [x, y] = squareOrProduct(e, sum) ?? [];
  if (x === undefined || x !== y || elements(e.shape(x)) > FEW) return undefined;
  return e.op("ReduceL2", [e.unshaped(e.value(x))?.value ?? e.value(x)], { keepdims: int(0) });
}

/** The factors of a product that a sum over all of it alone reads. */
function squareOrProduct(e: Emitter, sum: GraphNode): [NodeId, NodeId] | undefined {
  const product = e.node(sum.inputs[0]!);
  return sum.shape.length === 0 && product.op === "mul" && e.readers(product.id) === 1 ? [product.inputs[0]!, product.inputs[1]!] : undefined;
}

const elements = (shape: Shape): number => shape.reduce((n, { dim }: AxisDim) => n * (typeof dim === "number" ? dim : Infinity), 1);
