import type { GraphNode, OpName } from "../../../compiler/graph/types";
import type { Emitter } from "../emitter";
import * as axes from "./axes";
import { contract } from "./contract";
import { conv } from "./conv";
import { convInputAdjoint } from "./input-adjoint";
import { convKernelAdjoint } from "./kernel-adjoint";
import type { Lowering } from "./lowering";
import { pad, padAdjoint } from "./pad";
import { binary, greater, power, relu, reluAdjoint, sqrt, unary } from "./pointwise";
import { maxMask, reduce, size } from "./reduce";
import { avgPool, avgPoolAdjoint, upsample, upsampleAdjoint } from "./resample";

/** One lowering an operation; a new operation is a type error here until it has one. */
const LOWERINGS: { readonly [K in OpName]: Lowering<K> } = {
  input: (e, node) => e.value(node.id),
  constant: (e, node) => e.scalar(node.attrs.value),
  size,
  neg: unary("Neg"),
  exp: unary("Exp"),
  log: unary("Log"),
  sqrt,
  tanh: unary("Tanh"),
  sigmoid: unary("Sigmoid"),
  softplus: unary("Softplus"),
  abs: unary("Abs"),
  sign: unary("Sign"),
  reciprocal: unary("Reciprocal"),
  relu,
  relu_adjoint: reluAdjoint,
  power,
  add: binary("Add"),
  sub: binary("Sub"),
  mul: binary("Mul"),
  div: binary("Div"),
  maximum: binary("Max"),
  minimum: binary("Min"),
  greater,
  sum: reduce("ReduceSum"),
  mean: reduce("ReduceMean"),
  max: reduce("ReduceMax"),
  max_mask: maxMask,
  expand: axes.expand,
  rename: axes.rename,
  flatten: axes.flatten,
  unflatten: axes.unflatten,
  concat: axes.concat,
  slice: axes.slice,
  embed: axes.embed,
  squeeze: axes.squeeze,
  unsqueeze: axes.unsqueeze,
  pad,
  pad_adjoint: padAdjoint,
  upsample,
  upsample_adjoint: upsampleAdjoint,
  avg_pool: avgPool,
  avg_pool_adjoint: avgPoolAdjoint,
  conv,
  conv_input_adjoint: convInputAdjoint,
  conv_kernel_adjoint: convKernelAdjoint,
  contract,
  stop: axes.same,
};

export function lowerNode(e: Emitter, node: GraphNode): string {
  const lowering = LOWERINGS[node.op] as Lowering<typeof node.op>;
  return (lowering as (e: Emitter, node: GraphNode) => string)(e, node);
}
