import { recordOf } from "../ops/table";
import type { NdArray } from "../graph/ndarray";
import type { NodeOf, OpName } from "../graph/types";
import { sizeOver } from "../ops/derive";
import { constantOf, localPass } from "./pass";

export const fold = localPass("fold", "a scalar of constants becomes a constant; sizes become numbers where dims are", (b, node, inputs) => {
  if (node.op === "size") {
    const size = sizeOver(b, inputs[0]!, node.attrs.over);
    return constantOf(b, size) === undefined ? undefined : size;
  }
  if (node.shape.length > 0 || inputs.length === 0) return undefined;
  const values = inputs.map((i) => constantOf(b, i));
  if (values.some((v) => v === undefined)) return undefined;
  return b.constant(compute(node, values.map((v) => ({ shape: [], data: Float64Array.of(v!) }))));
});

const compute = <K extends OpName>(node: NodeOf<K>, operands: readonly NdArray[]): number =>
  recordOf(node.op).evaluate(node.attrs, operands, []).data[0]!;
