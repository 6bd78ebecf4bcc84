import type { NodeId, OpName } from "../../../compiler/graph/types";
import { hasAxis, type Shape } from "../../../compiler/graph/shape";
import { type Emitter, extentsOf } from "../emitter";
import { float, int } from "../operator";
import { aligned } from "./layout";
import type { Lowering } from "./lowering";
import { lengthOf } from "./vectors";

/** TensorProto.DataType.FLOAT, as Cast wants it. */
const FLOAT = int(1);

/** An operation that is an ONNX operator under another name. */
export const unary =
  <K extends OpName>(type: string): Lowering<K> =>
  (e, node) =>
    e.op(type, [e.value(node.inputs[0]!)]);

export const sqrt: Lowering<"sqrt"> = (e, node) => lengthOf(e, node) ?? unary<"sqrt">("Sqrt")(e, node);

/**
 * The nodes whose values are combined. Behind an `expand` its operand will do, as long as the others have the axes: a
 * repeated tensor is written out only where nothing else brings the size.
 */
function sources(e: Emitter, { inputs, shape }: Combination): NodeId[] {
  const ids = [...inputs];
  ids.forEach((id, i) => {
    const own = e.node(id);
    if (own.op !== "expand") return;
    const bare = own.inputs[0]!;
    const covered = shape.every((a) => hasAxis(e.shape(bare), a.axis) || ids.some((o, j) => j !== i && hasAxis(e.shape(o), a.axis)));
    if (covered) ids[i] = bare;
  });
  return ids;
}
interface Combination {
  readonly inputs: readonly NodeId[];
  readonly shape: Shape;
}

/**
 * An operator on operands broadcast to the node's shape. Where one is repeated and the last axes are of length one (a 1×1
 * kernel times a number), those axes go first: onnxruntime would step through them element by element, ten times slower.
 */
function broadcast(e: Emitter, type: string, node: Combination): string {
  const ids = sources(e, node);
  const repeated = ids.some((id) => node.shape.some((a) => a.dim !== 1 && !hasAxis(e.shape(id), a.axis)));
  if (!repeated || node.shape.at(-1)?.dim !== 1) return e.op(type, ids.map((id) => aligned(e, id, node.shape)));
  const slim = node.shape.filter((a) => a.dim !== 1);
  return e.reshape(e.op(type, ids.map((id) => aligned(e, id, slim))), extentsOf(slim), extentsOf(node.shape));
}

export const binary =
  <K extends OpName>(type: string): Lowering<K> =>
  (e, node) =>
    broadcast(e, type, node);

export const greater: Lowering<"greater"> = (e, node) => e.op("Cast", [broadcast(e, "Greater", node)], { to: FLOAT });

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
  const [g, y] = sources(e, node).map((id) => aligned(e, id, node.shape)) as [string, string];
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
