import { type Dim } from "../../../compiler/graph/dim";
import { dimOf, type Shape } from "../../../compiler/graph/shape";
import type { NodeId, NodeOf, Window2d } from "../../../compiler/graph/types";
import { AT_ONCE } from "../../../compiler/lowering";
import type { Emitter } from "../emitter";
import { type Extent, numberOf, product } from "../extent";
import { int } from "../operator";
import type { Candidate } from "../forms/choice";
import * as cost from "../forms/conv-costs";
import { type Site, siteOfConv } from "../forms/site";
import { Tiled } from "../forms/tiled";
import type { Tiling } from "../forms/tiles";
import { dense, KERNEL_AXES, margins, pointwise, type TiledForm, tiledForms } from "./conv";
import { type Picture, picture, reordered } from "./layout";
import type { Lowering } from "./lowering";
import { type Correlation, shifted, tapsOf, zeroPadded } from "./patches";

/**
 * dk[o, i, y, x] = Σ over batch and pixels p of g[o, p] · x[i, stride·p + (y, x) − pad]: a matrix product of one operand with
 * shifted copies of the other. Copying x serves every window; at stride 1 the copies may be g's, for a generator's last
 * layer a twentieth of the bytes.
 */
export const convKernelAdjoint: Lowering<"conv_kernel_adjoint"> = (e, node) => kernelAdjoint(e, node);

/** The same, added to `sum`, which is laid out as the node. */
export function kernelAdjoint(e: Emitter, node: NodeOf<"conv_kernel_adjoint">, sum?: string): string {
  const [id, gradient] = node.inputs as [NodeId, NodeId];
  const { window } = node.attrs;
  const { kernel } = window;
  const { form, site, base, tiling } = kernelForm(e, node);
  const g = picture(e, gradient);
  const shape: Shape = KERNEL_AXES.map((axis, i) => ({ axis, dim: [g.c, site.c, kernel[0], kernel[1]][i]! }));
  const start = sum === undefined ? undefined : reordered(e, sum, node.shape, shape);
  if (tiling) return reordered(e, new Tiled(e, site, tiling).kernelAdjoint(picture(e, base).value, g.value, start), shape, node.shape);
  const x = picture(e, id);
  return reordered(e, form === "swapped" ? ofGradient(e, x, g, window, start) : ofPicture(e, x, g, window, start), shape, node.shape);
}

/** The form that an adjoint in the kernel takes, and what it is over. */
export function kernelForm(e: Emitter, node: NodeOf<"conv_kernel_adjoint">): { readonly form: Form; readonly site: Site; readonly base: NodeId; readonly tiling?: Tiling } {
  const [id, gradient] = node.inputs as [NodeId, NodeId];
  const { window } = node.attrs;
  const { base, site } = siteOfConv(e, id, window, dimOf(e.shape(gradient), "c") ?? 1);
  const tiled = [site.h, site.w].every((d) => typeof d === "number") ? tiledForms(site) : [];
  const candidates: Candidate<Form>[] = [
    { form: "patches", ns: (t) => cost.patches(t, site) },
    ...(dense(window) && !pointwise(window) ? [{ form: "swapped" as const, ns: (t: cost.Costs) => cost.swappedPatches(t, site) }] : []),
    ...tiled.map(({ form, tiling }) => ({ form, ns: (t: cost.Costs) => cost.tiledKernelAdjoint(t, site, tiling) })),
  ];
  const form = e.forms.choose({ op: "kernel adjoint", site }, candidates);
  const tiling = tiled.find((f) => f.form === form)?.tiling;
  return { form, site, base, ...(tiling ? { tiling } : {}) };
}
type Form = "patches" | "swapped" | TiledForm["form"];

function ofPicture(e: Emitter, x: Picture, g: Picture, window: Window2d, start?: string): string {
  const taps = tapsOf(window);
  const [kh, kw] = window.kernel;
  const dims: Extent[] = [[g.c], [x.c], [kh], [kw]];
  const flat: Extent[] = [[g.c], product([[x.c], [taps.length]])];
  const sum = start === undefined ? undefined : e.reshape(start, dims, flat);
  const total = summed(e, { moved: zeroPadded(e, x, window.pad), still: g, taps, stride: window.stride, movedFirst: false }, sum);
  return e.reshape(total, flat, dims);
}

function ofGradient(e: Emitter, x: Picture, g: Picture, window: Window2d, start?: string): string {
  const taps = tapsOf(window);
  const [kh, kw] = window.kernel;
  const total = summed(e, { moved: zeroPadded(e, g, margins(window)), still: x, taps: taps.reverse(), stride: window.stride, movedFirst: true });
  const apart = e.reshape(total, [product([[g.c], [taps.length]]), [x.c]], [[g.c], [kh], [kw], [x.c]]);
  const result = e.transpose(apart, [0, 3, 1, 2]);
  return start === undefined ? result : e.op("Add", [start, result]);
}

/** Bytes of a tensor; a free dim counts as a usual size. */
const bytes = (n: Extent, ...dims: readonly Dim[]): number =>
  dims.reduce<number>((b, d) => b * (typeof d === "number" ? d : 256), 4 * (numberOf(n) ?? 1));

/** Σ over batch and pixels, band by band of the picture's rows. */
function summed(e: Emitter, c: Correlation, start?: string): string {
  const { still } = c;
  const whole = bytes(still.n, c.moved.c, still.h, still.w) * c.taps.length;
  const height = still.h;
  if (typeof height !== "number") return banded(e, c, 0, height, start);
  const rows = Math.ceil(height / Math.ceil(whole / AT_ONCE.windows));
  let sum = start;
  for (let from = 0; from < height; from += rows) sum = banded(e, c, from, Math.min(rows, height - from), sum);
  return sum!;
}

function banded(e: Emitter, c: Correlation, from: number, rows: Dim, sum?: string): string {
  const { moved, still, taps, movedFirst } = c;
  const pixels = product([[rows], [still.w]]);
  const band = e.cut(still.value, [{ axis: 2, start: from, size: rows, total: still.h }]);
  const flat = e.reshape(band, [still.n, [still.c], [rows], [still.w]], [still.n, [still.c], pixels]);
  const columns = product([[moved.c], [taps.length]]);
  const patches = shifted(e, c, from, rows);
  return movedFirst ? outer(e, [patches, columns], [flat, [still.c]], still.n, pixels, sum) : outer(e, [flat, [still.c]], [patches, columns], still.n, pixels, sum);
}

/** sum + Σ over n and pixels of a[n, rows, pixels] · b[n, columns, pixels]: [rows, columns]. */
function outer(e: Emitter, [a, rows]: [string, Extent], [b, columns]: [string, Extent], n: Extent, pixels: Extent, sum?: string): string {
  if (numberOf(n) === 1) {
    const flatA = e.reshape(a, [n, rows, pixels], [rows, pixels]);
    const flatB = e.reshape(b, [n, columns, pixels], [columns, pixels]);
    // A Gemm's third operand adds the sum so far at no cost.
    return e.op("Gemm", sum === undefined ? [flatA, flatB] : [flatA, flatB, sum], { transB: int(1) });
  }
  // onnxruntime's optimizers take the Transpose into the product: such a graph is none of the plain ones (plain.ts).
  const products = e.op("MatMul", [a, e.transpose(b, [0, 2, 1])]);
  const total = e.op("ReduceSum", [products, e.ints([0])], { keepdims: int(0) });
  return sum === undefined ? total : e.op("Add", [sum, total]);
}
