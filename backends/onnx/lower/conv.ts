import { type Dim } from "../../../compiler/graph/dim";
import { dimOf } from "../../../compiler/graph/shape";
import type { NodeId, NodeOf, Window2d } from "../../../compiler/graph/types";
import type { Emitter } from "../emitter";
import * as cost from "../forms/conv-costs";
import type { Candidate } from "../forms/choice";
import { type Site, siteOfConv } from "../forms/site";
import { Tiled } from "../forms/tiled";
import { subpixel, type Tiling, winograd } from "../forms/tiles";
import { ints } from "../operator";
import { few, gathered } from "./gathered";
import { inOrder, picture, unpicture } from "./layout";
import type { Lowering } from "./lowering";

export const KERNEL_AXES = ["out", "in", "kh", "kw"];
export const kernelOf = (e: Emitter, id: NodeId): string => inOrder(e, id, KERNEL_AXES);
export const channelsOf = (e: Emitter, kernel: NodeId): [Dim, Dim] =>
  ["out", "in"].map((axis) => dimOf(e.shape(kernel), axis)!) as [Dim, Dim];

export const attributes = (window: Window2d, pad: readonly [number, number] = window.pad): Record<string, ReturnType<typeof ints>> => ({
  kernel_shape: ints(window.kernel),
  strides: ints(window.stride),
  pads: ints([...pad, ...pad]),
});

/** Every pixel of the picture is seen by every tap, or by zeros around it. */
export const dense = ({ stride, pad, kernel }: Window2d): boolean => stride[0] === 1 && stride[1] === 1 && pad[0] < kernel[0] && pad[1] < kernel[1];
export const pointwise = ({ kernel, stride, pad }: Window2d): boolean => [...kernel, ...stride].every((k) => k === 1) && pad[0] + pad[1] === 0;
/** What is left of a margin when correlation becomes convolution. */
export const margins = ({ kernel, pad }: Window2d): [number, number] => [kernel[0] - 1 - pad[0], kernel[1] - 1 - pad[1]];

export interface TiledForm {
  readonly form: "winograd" | "subpixel";
  readonly tiling: Tiling;
}

/** The tilings that suit a site. */
export function tiledForms(site: Site): readonly TiledForm[] {
  const [taps] = site.kernel;
  if (taps < 3 || taps > 4 || !Tiled.fits(site, taps)) return [];
  return site.factor === 2
    ? [{ form: "winograd", tiling: winograd(taps, 2) }, { form: "subpixel", tiling: subpixel(taps) }]
    : [{ form: "winograd", tiling: winograd(taps, 1) }];
}

type Form = "direct" | "scattered" | "gathered" | TiledForm["form"];

/** The form that a convolution takes, and what it is over. */
export function convForm(e: Emitter, node: NodeOf<"conv">): { readonly form: Form; readonly site: Site; readonly base: NodeId; readonly tiling?: Tiling } {
  const [id, kernelId] = node.inputs as [NodeId, NodeId];
  const { window } = node.attrs;
  const { base, site } = siteOfConv(e, id, window, channelsOf(e, kernelId)[0]);
  const tiled = tiledForms(site);
  const candidates: Candidate<Form>[] = [
    { form: "direct", ns: (t) => cost.direct(t, site) },
    ...(dense(window) && !pointwise(window) ? [{ form: "scattered" as const, ns: (t: cost.Costs) => cost.scattered(t, site) }] : []),
    ...(few(site) ? [{ form: "gathered" as const, ns: (t: cost.Costs) => cost.gathered(t, site) }] : []),
    ...tiled.map(({ form, tiling }) => ({ form, ns: (t: cost.Costs) => cost.tiledForward(t, site, tiling) })),
  ];
  const form = e.forms.choose({ op: "conv", site }, candidates);
  const tiling = tiled.find((f) => f.form === form)?.tiling;
  return { form, site, base, ...(tiling ? { tiling } : {}) };
}

export const conv: Lowering<"conv"> = (e, node) => {
  const [id, kernelId] = node.inputs as [NodeId, NodeId];
  const { window } = node.attrs;
  const { form, site, base, tiling } = convForm(e, node);
  const k = kernelOf(e, kernelId);
  if (tiling) {
    const from = picture(e, base);
    return unpicture(e, new Tiled(e, site, tiling).forward(from.value, k), from, node.shape);
  }
  const x = picture(e, id);
  if (form === "gathered") return unpicture(e, gathered(e, x, k, channelsOf(e, kernelId), window, [site.oh, site.ow]), x, node.shape);
  const value = form === "scattered"
    // A correlation is the transposed convolution with the kernel turned around, less its margins.
    ? e.op("ConvTranspose", [x.value, turned(e, k, window, channelsOf(e, kernelId))], attributes(window, margins(window)))
    : e.op("Conv", [x.value, k], attributes(window));
  return unpicture(e, value, x, node.shape);
};

/** The kernel [out, in, kh, kw] turned around, with its channels swapped. */
export function turned(e: Emitter, k: string, { kernel: [kh, kw] }: Window2d, [out, into]: readonly [Dim, Dim]): string {
  // As one axis of taps, turning both axes around is one reversal.
  const taps = e.reshape(k, [[out], [into], [kh], [kw]], [[out], [into], [kh * kw]]);
  const swapped = e.transpose(taps, [1, 0, 2]);
  const around = kh * kw === 1 ? swapped : e.flip(swapped, [2]);
  return e.reshape(around, [[into], [out], [kh * kw]], [[into], [out], [kh], [kw]]);
}
