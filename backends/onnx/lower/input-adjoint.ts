import { addDim, type Dim, scaleDim } from "../../../compiler/graph/dim";
import type { Graph, GraphNode, NodeId, NodeOf, Window2d } from "../../../compiler/graph/types";
import { CannotLower, type Emitter } from "../emitter";
import * as cost from "../forms/conv-costs";
import type { Candidate } from "../forms/choice";
import { type Fall, fallOf, type Site, siteOfFall } from "../forms/site";
import { Tiled } from "../forms/tiled";
import { type Extent, numberOf, product } from "../extent";
import { int, ints } from "../operator";
import { attributes, channelsOf, dense, kernelOf, margins, pointwise, type TiledForm, tiledForms, turned } from "./conv";
import { few, gatheredAdjoint } from "./gathered";
import { type Picture, picture, unpicture } from "./layout";
import type { Lowering } from "./lowering";
import { folded } from "./pad";

type Form = "transposed" | "turned" | "product" | "gathered" | TiledForm["form"];

/** What an adjoint in x and the adjoints of the padding and upsampling before it become together. */
export interface FusedFall {
  readonly fall: Fall;
  readonly site: Site;
  readonly form: TiledForm;
}

/** The form that an adjoint in x takes, with the fall that it begins. */
export function adjointForm(e: Emitter, fall: Fall, result: GraphNode): { site: Site; form: Form; tiled?: TiledForm } {
  const { inputs, attrs } = fall.adjoint;
  const site = siteOfFall(e, fall, channelsOf(e, inputs[1]!), result);
  const { window } = attrs;
  const numeric = [site.h, site.w, site.oh, site.ow].every((d) => typeof d === "number");
  const tiled = numeric ? tiledForms(site) : [];
  const candidates: Candidate<Form>[] = [
    { form: "transposed", ns: (t) => cost.transposedAdjoint(t, site) },
    ...(dense(window) && !pointwise(window) ? [{ form: "turned" as const, ns: (t: cost.Costs) => cost.turned(t, site) }] : []),
    ...(pointwise(window) ? [{ form: "product" as const, ns: (t: cost.Costs) => cost.productAdjoint(t, site) }] : []),
    ...(numeric && few(site) ? [{ form: "gathered" as const, ns: (t: cost.Costs) => cost.gatheredAdjoint(t, site) }] : []),
    ...tiled.map(({ form, tiling }) => ({ form, ns: (t: cost.Costs) => cost.tiledInputAdjoint(t, site, tiling) })),
  ];
  const form = e.forms.choose({ op: "input adjoint", site }, candidates);
  const found = tiled.find((f) => f.form === form);
  return { site, form, ...(found ? { tiled: found } : {}) };
}

/** Falls through an upsampling that are quicker as one, by the node they end in. */
export function fusedFalls(e: Emitter, graph: Graph, reached: readonly NodeId[]): Map<NodeId, FusedFall> {
  const found = new Map<NodeId, FusedFall>();
  for (const id of reached) {
    const node = graph.nodes[id]!;
    const fall = node.op === "upsample_adjoint" ? fallOf(e, node) : undefined;
    if (!fall) continue;
    const { site, tiled } = adjointForm(e, fall, node);
    if (tiled) found.set(id, { fall, site, form: tiled });
  }
  return found;
}

/** The nodes between a fall's end and its operands. */
export function within(e: Emitter, { fall }: FusedFall, end: NodeId): NodeId[] {
  const between: NodeId[] = [];
  for (let id = e.node(end).inputs[0]!; ; id = e.node(id).inputs[0]!) {
    between.push(id);
    if (id === fall.adjoint.id) return between;
  }
}

export function fusedFall(e: Emitter, { fall, site, form }: FusedFall, end: GraphNode): string {
  const [gradient, kernel] = fall.adjoint.inputs as [NodeId, NodeId];
  const g = picture(e, gradient);
  const padded = new Tiled(e, site, form.tiling).inputAdjoint(g.value, kernelOf(e, kernel));
  return unpicture(e, unpadded(e, padded, site), g, end.shape);
}

/** Folds back what `Tiled` leaves: a padding that is no zeros. */
function unpadded(e: Emitter, value: string, site: Site): string {
  if (site.mode === "zero") return value;
  const { top, bottom, left, right } = site.pad;
  const own = [
    { axis: "n", dim: 1 }, { axis: "c", dim: site.c }, { axis: "h", dim: addDim(site.h, top + bottom) }, { axis: "w", dim: addDim(site.w, left + right) },
  ];
  return folded(e, value, own, site.factor === 2 ? "edge" : site.mode, site.pad);
}

export const convInputAdjoint: Lowering<"conv_input_adjoint"> = (e, node) => {
  const [gradient, kernel] = node.inputs as [NodeId, NodeId];
  const { window, h, w } = node.attrs;
  const { site, form, tiled } = adjointForm(e, ownFall(node), node);
  const g = picture(e, gradient);
  const k = kernelOf(e, kernel);
  const value = tiled ? new Tiled(e, site, tiled.tiling).inputAdjoint(g.value, k) : plain(e, form, g, k, window, channelsOf(e, kernel), [h, w]);
  return unpicture(e, value, g, node.shape);
};
/** The adjoint alone, with its own zeros. */
export function ownFall(adjoint: NodeOf<"conv_input_adjoint">): Fall {
  const [h, w] = adjoint.attrs.window.pad;
  return { adjoint, factor: 1, mode: "zero", pad: { top: h, bottom: h, left: w, right: w } };
}

function plain(e: Emitter, form: Form, g: Picture, k: string, window: Window2d, channels: readonly [Dim, Dim], size: readonly [Dim, Dim]): string {
  switch (form) {
    case "turned":
      return e.op("Conv", [g.value, turned(e, k, window, channels)], attributes(window, margins(window)));
    case "product":
      return multiplied(e, g, k, channels);
    case "gathered":
      return gatheredAdjoint(e, g, k, channels, window, size as readonly [number, number]);
    default:
      return scattered(e, g, k, window, size);
  }
}

/**
 * A 1×1 kernel: its transposed matrix times the pixels. Of one picture by Gemm, which reads its first operand so; of several the kernel is turned before it
 * is a matrix. A Transpose right before a MatMul onnxruntime makes one operator of, a new one, and where that is the last of a graph all that leads to
 * it would be run before everything else (order.ts).
 */
function multiplied(e: Emitter, g: Picture, k: string, [out, into]: readonly [Dim, Dim]): string {
  const pixels = product([[g.h], [g.w]]);
  const dims = (c: Dim): readonly Extent[] => [g.n, [c], [g.h], [g.w]];
  if (numberOf(g.n) === 1) {
    const matrix = e.reshape(k, [[out], [into], [1], [1]], [[out], [into]]);
    return e.reshape(e.op("Gemm", [matrix, e.reshape(g.value, dims(g.c), [[g.c], pixels])], { transA: int(1) }), [[into], pixels], dims(into));
  }
  const matrix = e.reshape(e.transpose(k, [1, 0, 2, 3]), [[into], [out], [1], [1]], [[into], [out]]);
  return e.reshape(e.op("MatMul", [matrix, e.reshape(g.value, dims(g.c), [g.n, [g.c], pixels])]), [g.n, [into], pixels], dims(into));
}

/** Any stride: ConvTranspose, with as much behind as the forward windows did not reach. */
function scattered(e: Emitter, g: Picture, k: string, window: Window2d, size: readonly [Dim, Dim]): string {
  const { kernel, stride, pad } = window;
  const extra = ([0, 1] as const).map((i) => {
    const reach = addDim(scaleDim(i === 0 ? g.h : g.w, stride[i]), kernel[i] - stride[i] - 2 * pad[i]);
    const more = addDim(size[i], scaleDim(reach, -1));
    if (typeof more !== "number") throw new CannotLower("the size before a strided convolution does not follow from the one behind");
    return more;
  });
  return e.op("ConvTranspose", [g.value, k], { ...attributes(window), output_padding: ints(extra) });
}
