import type { NodeId, OpName } from "../../../compiler/graph/types";
import { hasAxis, type Shape } from "../../../compiler/graph/shape";
import type { Emitter } from "../emitter";
import { float, int } from "../operator";
import { aligned } from "./layout";
import type { Lowering } from "./lowering";

/** TensorProto.DataType.FLOAT, as Cast wants it. */
const FLOAT = int(1);

/** An operation that is an ONNX operator under another name. */
export const unary =
  <K extends OpName>(type: string): Lowering<K> =>
  (e, node) =>
    e.op(type, [e.value(node.inputs[0]!)]);

/**
 * Both operands, broadcast to the node's shape. Behind an `expand` its operand will do, as long as the other operand has the axes:
 * a repeated tensor is written out only where nothing else brings the size.
 */
function operands(e: Emitter, node: { readonly inputs: readonly NodeId[]; readonly shape: Shape }): string[] {
  const ids = [...node.inputs];
  ids.forEach((id, i) => {
    const own = e.node(id);
    if (own.op !== "expand") return;
    const bare = own.inputs[0]!;
    const covered = node.shape.every((a) => hasAxis(e.shape(bare), a.axis) || ids.some((o, j) => j !== i && hasAxis(e.shape(o), a.axis)));
    if (covered) ids[i] = bare;
  });
  return ids.map((id) => aligned(e, id, node.shape));
}

export const binary =
  <K extends OpName>(type: string): Lowering<K> =>
  (e, node) =>
    e.op(type, operands(e, node));

export const greater: Lowering<"greater"> = (e, node) => e.op("Cast", [e.op("Greater", operands(e, node))], { to: FLOAT });

export const relu: Lowering<"relu"> = (e, node) => {
  const x = e.value(node.inputs[0]!);
  return node.attrs.slope === 0 ? e.op("Relu", [x]) : e.op("LeakyRelu", [x], { alpha: float(node.attrs.slope) });
};

/**
 * g times a step of y. HardSigmoid, min(1, max(0, alpha·y)), is that step for every y down to the smallest float32, and the one
 * form that runs vectorized on all threads: Where makes hidden copies, Sign and Cast run on one thread.
 */
export const reluAdjoint: Lowering<"relu_adjoint"> = (e, node) => {
  const { slope } = node.attrs;
  const [g, y] = operands(e, node) as [string, string];
  if (slope > 1) return e.op("Where", [e.op("Greater", [y, e.scalar(0)]), g, e.op("Mul", [g, e.scalar(slope)])]);
  const step = e.op("HardSigmoid", [y], { alpha: float(3e38), beta: float(0) });
  return e.op("Mul", [g, slope === 0 ? step : e.op("Max", [step, e.scalar(slope)])]);
};

export const power: Lowering<"power"> = (e, node) => {
  const x = e.value(node.inputs[0]!);
  switch (node.attrs.exponent) {
    case 1:
      return x;
    case 2:
      return e.op("Mul", [x, x]);
    case 0.5:
      return e.op("Sqrt", [x]);
    case -0.5:
      return e.op("Reciprocal", [e.op("Sqrt", [x])]);
    case -1:
      return e.op("Reciprocal", [x]);
    default:
      return e.op("Pow", [x, e.scalar(node.attrs.exponent)]);
  }
};
