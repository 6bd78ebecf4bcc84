import { addDim, type Dim, dimValue, floorDivDim, scaleDim, showDim } from "../../../compiler/graph/dim";
import { dimOf, type Shape } from "../../../compiler/graph/shape";
import type { GraphNode, NodeId, NodeOf, PadAmounts, PadMode, Window2d } from "../../../compiler/graph/types";
import type { Emitter } from "../emitter";
import { type Extent, numberOf, product } from "../extent";

/**
 * A convolution with what stands before it: base [n, c, h, w] → nearest upsampling by `factor` → `pad` → windows → [n, k, oh, ow].
 * Its two adjoints are described by the same site.
 */
export interface Site {
  readonly n: Extent;
  readonly c: Dim;
  readonly k: Dim;
  /** Of the base. */
  readonly h: Dim;
  readonly w: Dim;
  readonly factor: number;
  readonly mode: PadMode;
  readonly pad: PadAmounts;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly oh: Dim;
  readonly ow: Dim;
}

/** A free dim counts as a usual size when costs are asked for. */
const USUAL = 256;
export const roughly = (d: Dim): number => (typeof d === "number" ? d : Math.round(dimValue(d, new Proxy({}, { get: (_, symbol) => (symbol === "N" ? 1 : USUAL) }))));
export const roughlyAll = (e: Extent): number => e.reduce<number>((n, d) => n * roughly(d), 1);

/** What a choice of form is remembered by. */
export function keyOf(op: string, s: Site): string {
  const { top, bottom, left, right } = s.pad;
  const sides = top === bottom && top === left && top === right ? String(top) : `${top},${bottom},${left},${right}`;
  const pad = sides === "0" ? "" : ` ${s.mode} ${sides}`;
  const n = numberOf(s.n);
  const lead = n === 1 ? "" : `${s.n.map(showDim).join("·")}×`;
  return `${op} ${showDim(s.c)}→${showDim(s.k)} ${s.kernel.join("×")}/${s.stride.join("×")} at ${lead}${showDim(s.h)}×${showDim(s.w)}${s.factor === 1 ? "" : ` up ${s.factor}`}${pad}`;
}

/** Where a picture operand comes from: the value behind padding and upsampling, which a form may fold into itself. */
export interface Chain {
  readonly base: NodeId;
  readonly factor: number;
  readonly mode: PadMode;
  readonly pad: PadAmounts;
}

const own = ({ pad: [h, w] }: Window2d): PadAmounts => ({ top: h, bottom: h, left: w, right: w });
const isNone = (p: PadAmounts): boolean => p.top + p.bottom + p.left + p.right === 0;

/** The chain that ends in a convolution's operand x. */
export function chainOf(e: Emitter, x: NodeId, window: Window2d): Chain {
  let [base, mode, pad]: [NodeId, PadMode, PadAmounts] = [x, "zero", own(window)];
  const first = e.node(base);
  if (isNone(pad) && first.op === "pad") [base, mode, pad] = [first.inputs[0]!, first.attrs.mode, first.attrs.amounts];
  const second = e.node(base);
  return second.op === "upsample" ? { base: second.inputs[0]!, factor: second.attrs.factor, mode, pad } : { base, factor: 1, mode, pad };
}

type Adjoint = NodeOf<"conv_input_adjoint">;

/** An adjoint in x with what follows it: its padding's and upsampling's adjoints, as far as nobody else reads what lies between. */
export interface Fall {
  readonly adjoint: Adjoint;
  readonly factor: number;
  readonly mode: PadMode;
  readonly pad: PadAmounts;
}

/** The fall that ends in this node, if one does. */
export function fallOf(e: Emitter, node: GraphNode): Fall | undefined {
  let at = node;
  let factor = 1;
  if (at.op === "upsample_adjoint") {
    factor = at.attrs.factor;
    const next = only(e, at);
    if (!next) return undefined;
    at = next;
  }
  if (at.op === "conv_input_adjoint") return { adjoint: at, factor, mode: "zero", pad: own(at.attrs.window) };
  if (at.op !== "pad_adjoint") return undefined;
  const { mode, amounts } = at.attrs;
  const next = only(e, at);
  return next?.op === "conv_input_adjoint" && isNone(own(next.attrs.window)) ? { adjoint: next, factor, mode, pad: amounts } : undefined;
}
/** The operand, where the node is its only reader. */
const only = (e: Emitter, node: GraphNode): GraphNode | undefined => (e.readers(node.inputs[0]!) === 1 ? e.node(node.inputs[0]!) : undefined);

/** The picture axes of a node's shape. */
const sizes = (shape: Shape): { readonly c: Dim; readonly h: Dim; readonly w: Dim } => ({ c: dimOf(shape, "c") ?? 1, h: dimOf(shape, "h") ?? 1, w: dimOf(shape, "w") ?? 1 });
const leadOf = (shape: Shape): Extent => product(shape.filter((a) => !["c", "h", "w"].includes(a.axis)).map((a) => [a.dim]));
const seen = (size: Dim, factor: number, before: number, after: number, kernel: number, stride: number): Dim =>
  addDim(floorDivDim(addDim(scaleDim(size, factor), before + after - kernel), stride), 1);

/** The site of a convolution, or of its adjoint in the kernel, whose operand is x; `k` its output channels. */
export function siteOfConv(e: Emitter, x: NodeId, window: Window2d, k: Dim): { site: Site; base: NodeId } {
  const { base, ...chain } = chainOf(e, x, window);
  const shape = e.shape(base);
  const { c, h, w } = sizes(shape);
  const { kernel, stride } = window;
  const { top, bottom, left, right } = chain.pad;
  const oh = seen(h, chain.factor, top, bottom, kernel[0], stride[0]);
  const ow = seen(w, chain.factor, left, right, kernel[1], stride[1]);
  return { base, site: { n: leadOf(shape), c, k, h, w, ...chain, kernel, stride, oh, ow } };
}

/** The site of a fall that ends in `result`. */
export function siteOfFall(e: Emitter, { adjoint, factor, mode, pad }: Fall, [k, c]: readonly [Dim, Dim], result: GraphNode): Site {
  const g = e.shape(adjoint.inputs[0]!);
  const { h: oh, w: ow } = sizes(g);
  const { h, w } = sizes(result.shape);
  const { kernel, stride } = adjoint.attrs.window;
  return { n: leadOf(g), c, k, h, w, factor, mode, pad, kernel, stride, oh, ow };
}
