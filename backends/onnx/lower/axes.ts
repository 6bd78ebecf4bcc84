import { axesOf, type Shape } from "../../../compiler/graph/shape";
import { CannotLower, type Emitter, extentsOf, positions } from "../emitter";
import { text } from "../operator";
import { aligned, inOrder, reordered } from "./layout";
import type { Lowering } from "./lowering";

export const same = (e: Emitter, node: { readonly inputs: readonly number[] }): string => e.value(node.inputs[0]!);

export const rename: Lowering<"rename"> = (e, node) => {
  const [id] = node.inputs as [number];
  const { names } = node.attrs;
  const renamed = e.shape(id).map((a) => ({ axis: names[a.axis] ?? a.axis, dim: a.dim }));
  return reordered(e, e.value(id), renamed, node.shape);
};

export const expand: Lowering<"expand"> = (e, node) => {
  const [id] = node.inputs as [number];
  const value = aligned(e, id, node.shape);
  const own = e.shape(id);
  return own.length === node.shape.length ? value : e.op("Expand", [value, e.dims(extentsOf(node.shape))]);
};

export const flatten: Lowering<"flatten"> = (e, node) => {
  const [id] = node.inputs as [number];
  const { axes, into } = node.attrs;
  const own = e.shape(id);
  const parts = axes.map((axis) => own[positions(own, [axis])[0]!]!);
  const order = node.shape.flatMap((a): Shape => (a.axis === into ? parts : own.filter((o) => o.axis === a.axis)));
  const target = node.shape.map((a) => (a.axis === into ? parts.map((p) => p.dim) : [a.dim]));
  return e.reshape(inOrder(e, id, axesOf(order)), extentsOf(order), target);
};

export const unflatten: Lowering<"unflatten"> = (e, node) => {
  const [id] = node.inputs as [number];
  const { axis, into } = node.attrs;
  const own = e.shape(id);
  const split = own.flatMap((a): Shape => (a.axis === axis ? into : [a]));
  return reordered(e, e.reshape(e.value(id), extentsOf(own), extentsOf(split)), split, node.shape);
};

export const concat: Lowering<"concat"> = (e, node) => {
  const axes = axesOf(node.shape);
  return e.concat(node.inputs.map((id) => inOrder(e, id, axes)), positions(node.shape, [node.attrs.along])[0]!);
};

export const slice: Lowering<"slice"> = (e, node) => {
  const [id] = node.inputs as [number];
  const { axis, start, size } = node.attrs;
  const own = e.shape(id);
  const [at] = positions(own, [axis]) as [number];
  const value = e.cut(e.value(id), [{ axis: at, start, size, total: own[at]!.dim }]);
  return reordered(e, value, own, node.shape);
};

export const embed: Lowering<"embed"> = (e, node) => {
  const [id] = node.inputs as [number];
  const { axis, start, total } = node.attrs;
  const own = e.shape(id);
  const [at] = positions(own, [axis]) as [number];
  const { dim } = own[at]!;
  if (typeof dim !== "number") throw new CannotLower(`the dim of ${axis} is free`);
  const before = own.map((_, i) => (i === at ? start : 0));
  const behind = own.map((_, i) => (i === at ? total - start - dim : 0));
  const value = e.op("Pad", [e.value(id), e.ints([...before, ...behind])], { mode: text("constant") });
  return reordered(e, value, own, node.shape);
};

/** squeeze and unsqueeze: an axis of length one goes or comes; the others keep their order. */
export const squeeze: Lowering<"squeeze"> = (e, node) => {
  const [id] = node.inputs as [number];
  const left = e.shape(id).filter((a) => a.axis !== node.attrs.axis);
  return reordered(e, e.reshape(e.value(id), extentsOf(e.shape(id)), extentsOf(left)), left, node.shape);
};
export const unsqueeze: Lowering<"unsqueeze"> = (e, node) => {
  const [id] = node.inputs as [number];
  const kept = node.shape.filter((a) => a.axis !== node.attrs.axis);
  return e.reshape(inOrder(e, id, axesOf(kept)), extentsOf(kept), extentsOf(node.shape));
};
