// Pictures whose pixels are copied along h and w: pad, upsample, and their adjoints.
import { addDim, floorDivDim, scaleDim, type Dim } from "../graph/dim";
import type { Shape } from "../graph/shape";
import type { NodeOf, PadAmounts, PadMode } from "../graph/types";
import { hasAxis } from "../graph/shape";
import { fromPlanes, planes } from "./arrays";
import type { NdArray } from "../graph/ndarray";
import { picture } from "./derive";
import type { AxisNumber, OpCase, OpRecord } from "./record";
import { sh } from "./samples";
import { dimAt, fail, withDims } from "./shapes";

const sides = (p: PadAmounts) => ({ h: p.top + p.bottom, w: p.left + p.right });
const widest = (p: PadAmounts) => ({ h: Math.max(p.top, p.bottom), w: Math.max(p.left, p.right) });

/** Reflection reads one pixel further than the pad is wide; a free dim is checked when it is known. */
function checkPad(op: "pad" | "pad_adjoint", operands: readonly Shape[], n: Dim, axis: "h" | "w", mode: PadMode, p: PadAmounts): void {
  if (typeof n !== "number") return;
  const pad = widest(p)[axis];
  if (n < 1 || (mode === "reflect" && pad >= n)) fail(op, operands, { kind: "pad-too-wide", axis, pad, mode });
}

const padCases: OpCase<"pad">[] = (["reflect", "zero", "edge"] as const).flatMap((mode) => [
  { attrs: { mode, amounts: { top: 3, bottom: 3, left: 3, right: 3 } }, shapes: [sh("batch c h w", 1, 2, 5, 4)] },
  { attrs: { mode, amounts: { top: 1, bottom: 0, left: 0, right: 2 } }, shapes: [sh("c h w", 2, 2, 3)] },
  { attrs: { mode, amounts: { top: 1, bottom: 1, left: 1, right: 1 } }, shapes: [sh("batch c h w", 2, 1, 3, 2)] },
  { attrs: { mode, amounts: { top: 0, bottom: 1, left: 2, right: 0 } }, shapes: [sh("w h", 3, 4)] },
]);

// g → what was copied outwards adds back
export const pad: OpRecord<"pad"> = {
  op: "pad",
  formula: "y[i, j] = x at the pixel that (i − top, j − left) reflects to (zero: 0 outside; edge: the nearest)",
  dims({ mode, amounts }, operands) {
    const [h, w] = [dimAt("pad", operands, 0, "h"), dimAt("pad", operands, 0, "w")];
    checkPad("pad", operands, h, "h", mode, amounts);
    checkPad("pad", operands, w, "w", mode, amounts);
    return withDims(operands[0]!, { h: addDim(h, sides(amounts).h), w: addDim(w, sides(amounts).w) });
  },
  gradient: (b, node, g) => [() => b.add("pad_adjoint", node.attrs, [picture(b, g, node.shape)])],
  evaluate: ({ mode, amounts }, [x], shape) => gather(x!, shape, (n, m, axis) => padSource(mode, n, m, before(amounts, axis))),
  cases: padCases,
};

// g → g padded
export const pad_adjoint: OpRecord<"pad_adjoint"> = {
  op: "pad_adjoint",
  formula: "x̄[p] = Σ g over the pixels that pad copies p to",
  dims({ mode, amounts }, operands) {
    const h = addDim(dimAt("pad_adjoint", operands, 0, "h"), -sides(amounts).h);
    const w = addDim(dimAt("pad_adjoint", operands, 0, "w"), -sides(amounts).w);
    checkPad("pad_adjoint", operands, h, "h", mode, amounts);
    checkPad("pad_adjoint", operands, w, "w", mode, amounts);
    return withDims(operands[0]!, { h, w });
  },
  gradient: (b, node, g) => [() => b.add("pad", node.attrs, [picture(b, g, node.shape)])],
  evaluate: ({ mode, amounts }, [x], shape) => scatter(x!, shape, (n, m, axis) => padSource(mode, n, m, before(amounts, axis))),
  cases: padCases.map(({ attrs, shapes }) => {
    const more = sides(attrs.amounts);
    return { attrs, shapes: [shapes[0]!.map((a) => ({ axis: a.axis, dim: (a.dim as number) + (a.axis === "h" ? more.h : a.axis === "w" ? more.w : 0) }))] };
  }),
};

// g → Σ g over each block
export const upsample: OpRecord<"upsample"> = {
  op: "upsample",
  formula: "y[i, j] = x[⌊i / factor⌋, ⌊j / factor⌋]",
  dims({ factor }, operands) {
    const [h, w] = [dimAt("upsample", operands, 0, "h"), dimAt("upsample", operands, 0, "w")];
    return withDims(operands[0]!, { h: scaleDim(h, factor), w: scaleDim(w, factor) });
  },
  gradient: (b, node, g) => [() => b.add("upsample_adjoint", node.attrs, [picture(b, g, node.shape)])],
  evaluate: ({ factor }, [x], shape) => gather(x!, shape, (_, m) => Int32Array.from({ length: m }, (__, i) => Math.floor(i / factor))),
  cases: [
    { attrs: { factor: 2 }, shapes: [sh("batch c h w", 2, 3, 2, 3)] },
    { attrs: { factor: 3 }, shapes: [sh("c h w", 2, 1, 2)] },
    { attrs: { factor: 1 }, shapes: [sh("batch c h w", 1, 2, 2, 2)] },
    { attrs: { factor: 2 }, shapes: [sh("h w", 3, 2)] },
  ],
};

// g → g, each pixel repeated (a constant stays as it is)
export const upsample_adjoint: OpRecord<"upsample_adjoint"> = {
  op: "upsample_adjoint",
  formula: "x̄ = Σ g over blocks of factor × factor",
  dims({ factor }, operands) {
    const dims = { h: dimAt("upsample_adjoint", operands, 0, "h"), w: dimAt("upsample_adjoint", operands, 0, "w") };
    for (const axis of ["h", "w"] as const) {
      const dim = dims[axis];
      if (typeof dim === "number" && dim % factor !== 0) fail("upsample_adjoint", operands, { kind: "indivisible", axis, by: factor });
    }
    return withDims(operands[0]!, { h: floorDivDim(dims.h, factor), w: floorDivDim(dims.w, factor) });
  },
  gradient: (b, node: NodeOf<"upsample_adjoint">, g) => [
    () => {
      const constant = !hasAxis(b.shape(g), "h") && !hasAxis(b.shape(g), "w");
      return constant ? g : b.add("upsample", node.attrs, [picture(b, g, node.shape)]);
    },
  ],
  evaluate: ({ factor }, [x], shape) => scatter(x!, shape, (_, m) => Int32Array.from({ length: m }, (__, i) => Math.floor(i / factor))),
  cases: [
    { attrs: { factor: 2 }, shapes: [sh("batch c h w", 2, 3, 4, 6)] },
    { attrs: { factor: 3 }, shapes: [sh("c h w", 2, 3, 6)] },
    { attrs: { factor: 2 }, shapes: [sh("h w", 2, 2)] },
  ],
};

const before = (p: PadAmounts, axis: "h" | "w"): number => (axis === "h" ? p.top : p.left);

/** For each of m padded places, the place among n that it copies; −1 where it is 0. */
function padSource(mode: PadMode, n: number, m: number, start: number): Int32Array {
  return Int32Array.from({ length: m }, (_, i) => {
    const at = i - start;
    if (at >= 0 && at < n) return at;
    if (mode === "zero") return -1;
    if (mode === "edge") return at < 0 ? 0 : n - 1;
    return at < 0 ? -at : 2 * (n - 1) - at;
  });
}

/** Of n small and m large places along an axis: for each large one, its small one. */
type Sources = (n: number, m: number, axis: "h" | "w") => Int32Array;
const along = (shape: readonly AxisNumber[], axis: string): number => shape.find((a) => a.axis === axis)!.dim;

function gather(x: NdArray, shape: readonly AxisNumber[], sources: Sources): NdArray {
  const { data, lead, count, h, w } = planes(x);
  const [H, W] = [along(shape, "h"), along(shape, "w")];
  const [rows, columns] = [sources(h, H, "h"), sources(w, W, "w")];
  const out = new Float64Array(count * H * W);
  for (let p = 0, to = 0; p < count; p++) {
    for (let i = 0; i < H; i++) {
      const row = rows[i]!;
      for (let j = 0; j < W; j++, to++) {
        const column = columns[j]!;
        if (row >= 0 && column >= 0) out[to] = data[(p * h + row) * w + column]!;
      }
    }
  }
  return fromPlanes(out, lead, shape);
}

function scatter(g: NdArray, shape: readonly AxisNumber[], sources: Sources): NdArray {
  const { data, lead, count, h: H, w: W } = planes(g);
  const [h, w] = [along(shape, "h"), along(shape, "w")];
  const [rows, columns] = [sources(h, H, "h"), sources(w, W, "w")];
  const out = new Float64Array(count * h * w);
  for (let p = 0, from = 0; p < count; p++) {
    for (let i = 0; i < H; i++) {
      const row = rows[i]!;
      for (let j = 0; j < W; j++, from++) {
        const column = columns[j]!;
        if (row >= 0 && column >= 0) out[(p * h + row) * w + column]! += data[from]!;
      }
    }
  }
  return fromPlanes(out, lead, shape);
}
