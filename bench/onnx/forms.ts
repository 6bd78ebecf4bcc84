import type { Emitter } from "../../backends/onnx/emitter";
import { float, int, ints, text } from "../../backends/onnx/operator";
import { compare, type Form } from "./measure";

// How long the forms take that the lowerings choose between; docs/onnx-lowering.md quotes the ratios. Run by hand:
//   npx esbuild bench/onnx/forms.ts --bundle --platform=node --format=esm --packages=external --outfile=node_modules/.cache/forms.mjs && node node_modules/.cache/forms.mjs

const only = process.argv[2];
const bench = async (title: string, forms: readonly Form[], rounds?: number): Promise<void> => {
  if (only === undefined || title.includes(only)) await compare(title, forms, rounds);
};
const form = (name: string, inputs: Form["inputs"], build: (e: Emitter) => string, rank = 4): Form & { rank: number } => ({ name, inputs, build, rank });
const slice = (e: Emitter, v: string, axes: number[], starts: number[], ends: number[], steps?: number[]): string =>
  e.op("Slice", [v, e.ints(starts), e.ints(ends), e.ints(axes), ...(steps ? [e.ints(steps)] : [])]);

for (const [c, s] of [[64, 128], [256, 64]] as const) {
  const x = { x: [1, c, s, s] };
  const xg = { x: [1, c, s, s], g: [1, c, s, s] };
  const label = `[1,${c},${s},${s}]`;
  await bench(`relu_adjoint ${label}`, [
    form("Where(Greater(y,0), g, 0)", xg, (e) => e.op("Where", [e.op("Greater", ["x", e.scalar(0)]), "g", e.scalar(0)])),
    form("g * max(sign y, 0)", xg, (e) => e.op("Mul", ["g", e.op("Max", [e.op("Sign", ["x"]), e.scalar(0)])])),
    form("g * sign y (y ≥ 0 only)", xg, (e) => e.op("Mul", ["g", e.op("Sign", [e.op("Relu", ["x"])])])),
    form("g * Cast(Greater)", xg, (e) => e.op("Mul", ["g", e.op("Cast", [e.op("Greater", ["x", e.scalar(0)])], { to: int(1) })])),
    form("g * ceil(clip(y·1e38, 0, 1))", xg, (e) => e.op("Mul", ["g", e.op("Clip", [e.op("Mul", ["x", e.scalar(1e38)]), e.scalar(0), e.scalar(1)])])),
    form("g * HardSigmoid(alpha 1e38, beta 0)", xg, (e) => e.op("Mul", ["g", e.op("HardSigmoid", ["x"], { alpha: float(1e38), beta: float(0) })])),
  ]);
  await bench(`leaky_adjoint ${label}`, [
    form("Where(Greater, g, 0.2 g)", xg, (e) => e.op("Where", [e.op("Greater", ["x", e.scalar(0)]), "g", e.op("Mul", ["g", e.scalar(0.2)])])),
    form("g * Where(Greater, 1, 0.2)", xg, (e) => e.op("Mul", ["g", e.op("Where", [e.op("Greater", ["x", e.scalar(0)]), e.scalar(1), e.scalar(0.2)])])),
    form("g * max(sign y, 0.2)", xg, (e) => e.op("Mul", ["g", e.op("Max", [e.op("Sign", ["x"]), e.scalar(0.2)])])),
    form("g * max(HardSigmoid, 0.2)", xg, (e) => e.op("Mul", ["g", e.op("Max", [e.op("HardSigmoid", ["x"], { alpha: float(1e38), beta: float(0) }), e.scalar(0.2)])])),
    form("g * Clip(y·1e38, .2, 1)", xg, (e) => e.op("Mul", ["g", e.op("Clip", [e.op("Mul", ["x", e.scalar(1e38)]), e.scalar(0.2), e.scalar(1)])])),
  ]);
  await bench(`pad reflect 1 ${label}`, [
    form("Pad reflect", x, (e) => e.op("Pad", ["x", e.ints([0, 0, 1, 1, 0, 0, 1, 1])], { mode: text("reflect") })),
    form("Pad zero (not the same)", x, (e) => e.op("Pad", ["x", e.ints([0, 0, 1, 1, 0, 0, 1, 1])], { mode: text("constant") })),
    form("Concat of slices", x, (e) => {
      const rows = e.op("Concat", [slice(e, "x", [2], [1], [2]), "x", slice(e, "x", [2], [s - 2], [s - 1])], { axis: int(2) });
      return e.op("Concat", [slice(e, rows, [3], [1], [2]), rows, slice(e, rows, [3], [s - 2], [s - 1])], { axis: int(3) });
    }),
    form("Gather rows, Gather columns", x, (e) => {
      const at = e.ints([1, ...Array.from({ length: s }, (_, i) => i), s - 2]);
      return e.op("Gather", [e.op("Gather", ["x", at], { axis: int(2) }), at], { axis: int(3) });
    }),
  ]);
  const p = s + 2;
  const gp = { x: [1, c, p, p] };
  const fold = (e: Emitter, v: string, axis: number): string => {
    const part = (a: number, b: number): string => slice(e, v, [axis], [a], [b]);
    const front = e.op("Add", [part(2, 3), part(0, 1)]);
    const back = e.op("Add", [part(s - 1, s), part(s + 1, s + 2)]);
    return e.op("Concat", [part(1, 2), front, part(3, s - 1), back, part(s, s + 1)], { axis: int(axis) });
  };
  await bench(`pad_adjoint reflect 1 ${label}`, [
    form("Concat of strips, w then h", gp, (e) => fold(e, fold(e, "x", 3), 2)),
    form("Concat of strips, h then w", gp, (e) => fold(e, fold(e, "x", 2), 3)),
    form("crop + Pad of strips", gp, (e) => {
      const axisFold = (v: string, axis: number): string => {
        const strip = (from: number, to: number): string => {
          const pads = [0, 0, 0, 0, 0, 0, 0, 0];
          pads[axis] = to;
          pads[axis + 4] = s - 1 - to;
          return e.op("Pad", [slice(e, v, [axis], [from], [from + 1]), e.ints(pads)], { mode: text("constant") });
        };
        return e.op("Add", [e.op("Add", [slice(e, v, [axis], [1], [s + 1]), strip(0, 1)]), strip(s + 1, s - 2)]);
      };
      return axisFold(axisFold("x", 3), 2);
    }),
    form("crop + ring by one Pad each", gp, (e) => {
      // Corrections of h: rows 1 and s-2 of a zero picture, built as Concat of small parts.
      const wide = slice(e, "x", [2, 3], [0, 1], [s + 2, s + 1]);
      const rows = fold(e, wide, 2);
      const column = (from: number, to: number): string => {
        const strip = fold(e, slice(e, "x", [3], [from], [from + 1]), 2);
        return e.op("Pad", [strip, e.ints([0, 0, 0, to, 0, 0, 0, s - 1 - to])], { mode: text("constant") });
      };
      return e.op("Add", [e.op("Add", [rows, column(0, 1)]), column(s + 1, s - 2)]);
    }),
    form("crop, ScatterElements add of columns", gp, (e) => {
      const rows = fold(e, "x", 2);
      return fold(e, rows, 3);
    }),
    form("MatMul with the fold matrix (w), strips (h)", gp, (e) => {
      const m = new Float32Array(p * s);
      for (let j = 0; j < s; j++) m[(j + 1) * s + j] = 1;
      m[1] = 1;
      m[(s + 1) * s + s - 2] = 1;
      return fold(e, e.op("MatMul", ["x", e.floats("fold", [p, s], m)]), 2);
    }),
    form("crop alone (not the same)", gp, (e) => slice(e, "x", [2, 3], [1, 1], [s + 1, s + 1])),
  ]);
  await bench(`upsample 2 ${label}`, [
    form("Resize nearest", x, (e) =>
      e.op("Resize", ["x", "", e.floats("s", [4], new Float32Array([1, 1, 2, 2]))], { mode: text("nearest"), coordinate_transformation_mode: text("asymmetric"), nearest_mode: text("floor") })),
    form("Expand", x, (e) => {
      const up = e.op("Expand", [e.op("Reshape", ["x", e.ints([c, s, 1, s, 1])]), e.ints([c, s, 2, s, 2])]);
      return e.op("Reshape", [up, e.ints([1, c, 2 * s, 2 * s])]);
    }),
    form("Concat columns, Concat rows", x, (e) => {
      const r = e.op("Reshape", ["x", e.ints([c, s, s, 1])]);
      const wide = e.op("Reshape", [e.op("Concat", [r, r], { axis: int(3) }), e.ints([c, s, 1, 2 * s])]);
      return e.op("Reshape", [e.op("Concat", [wide, wide], { axis: int(2) }), e.ints([1, c, 2 * s, 2 * s])]);
    }),
    form("Resize columns, Concat rows", x, (e) => {
      const r = e.op("Resize", ["x", "", e.floats("s", [4], new Float32Array([1, 1, 1, 2]))], { mode: text("nearest"), coordinate_transformation_mode: text("asymmetric"), nearest_mode: text("floor") });
      const wide = e.op("Reshape", [r, e.ints([c, s, 1, 2 * s])]);
      return e.op("Reshape", [e.op("Concat", [wide, wide], { axis: int(2) }), e.ints([1, c, 2 * s, 2 * s])]);
    }),
    form("Concat columns, Tile rows", x, (e) => {
      const r = e.op("Reshape", ["x", e.ints([c, s, s, 1])]);
      const wide = e.op("Reshape", [e.op("Concat", [r, r], { axis: int(3) }), e.ints([c, s, 1, 2 * s])]);
      return e.op("Reshape", [e.op("Tile", [wide, e.ints([1, 1, 2, 1])]), e.ints([1, c, 2 * s, 2 * s])]);
    }),
  ]);
  await bench(`upsample_adjoint 2 ${label}`, [
    form("ReduceSum of 2 axes", x, (e) => e.op("Reshape", [e.op("ReduceSum", [e.op("Reshape", ["x", e.ints([c, s / 2, 2, s / 2, 2])]), e.ints([2, 4])], { keepdims: int(0) }), e.ints([1, c, s / 2, s / 2])])),
    form("ReduceSum rows, then columns", x, (e) => {
      const rows = e.op("ReduceSum", [e.op("Reshape", ["x", e.ints([(c * s) / 2, 2, s])]), e.ints([1])], { keepdims: int(0) });
      return e.op("Reshape", [e.op("ReduceSum", [e.op("Reshape", [rows, e.ints([(c * s * s) / 4, 2])]), e.ints([1])], { keepdims: int(0) }), e.ints([1, c, s / 2, s / 2])]);
    }),
    form("AveragePool · 4", x, (e) => e.op("Mul", [e.op("AveragePool", ["x"], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }), e.scalar(4)])),
    form("4 slices added", x, (e) => {
      const [a, b, d, f] = [[0, 0], [0, 1], [1, 0], [1, 1]].map((o) => slice(e, "x", [2, 3], o, [s, s], [2, 2])) as [string, string, string, string];
      return e.op("Add", [e.op("Add", [a, b]), e.op("Add", [d, f])]);
    }),
    form("Conv 2×2 per channel", x, (e) => {
      const r = e.op("Reshape", ["x", e.ints([c, 1, s, s])]);
      const sums = e.op("Conv", [r, e.floats("ones", [1, 1, 2, 2], new Float32Array(4).fill(1))], { strides: ints([2, 2]), kernel_shape: ints([2, 2]) });
      return e.op("Reshape", [sums, e.ints([1, c, s / 2, s / 2])]);
    }),
    form("MatMul columns, Add rows", x, (e) => {
      const m = new Float32Array((s * s) / 2);
      for (let i = 0; i < s; i++) m[(i * s) / 2 + (i >> 1)] = 1;
      const rows = e.op("Reshape", ["x", e.ints([c, s / 2, 2, s])]);
      const sum = e.op("ReduceSum", [rows, e.ints([2])], { keepdims: int(0) });
      return e.op("MatMul", [e.op("Reshape", [sum, e.ints([1, c, s / 2, s])]), e.floats("m", [s, s / 2], m)]);
    }),
  ]);
}

for (const [co, ci, k] of [[256, 256, 3], [128, 64, 4], [512, 256, 4]] as const) {
  await bench(`turned kernel [${co},${ci},${k},${k}]`, [
    form("Transpose, Slice −1", { k: [co, ci, k, k] }, (e) => e.flip(e.transpose("k", [1, 0, 2, 3]), [2, 3])),
    form("Slice −1, Transpose", { k: [co, ci, k, k] }, (e) => e.transpose(e.flip("k", [2, 3]), [1, 0, 2, 3])),
    form("flat: Transpose, Slice −1", { k: [co, ci, k, k] }, (e) => {
      const t = e.transpose(e.op("Reshape", ["k", e.ints([co, ci, k * k])]), [1, 0, 2]);
      return e.op("Reshape", [e.flip(t, [2]), e.ints([ci, co, k, k])]);
    }),
    form("flat: Transpose, Gather", { k: [co, ci, k, k] }, (e) => {
      const t = e.transpose(e.op("Reshape", ["k", e.ints([co, ci, k * k])]), [1, 0, 2]);
      return e.op("Reshape", [e.op("Gather", [t, e.ints(Array.from({ length: k * k }, (_, i) => k * k - 1 - i))], { axis: int(2) }), e.ints([ci, co, k, k])]);
    }),
    form("MatMul with reversal, Transpose", { k: [co, ci, k, k] }, (e) => {
      const t = k * k;
      const m = new Float32Array(t * t);
      for (let i = 0; i < t; i++) m[i * t + t - 1 - i] = 1;
      const r = e.op("MatMul", [e.op("Reshape", ["k", e.ints([co * ci, t])]), e.floats("rev", [t, t], m)]);
      return e.transpose(e.op("Reshape", [r, e.ints([co, ci, k, k])]), [1, 0, 2, 3]);
    }),
    form("Transpose, MatMul with reversal", { k: [co, ci, k, k] }, (e) => {
      const t = k * k;
      const m = new Float32Array(t * t);
      for (let i = 0; i < t; i++) m[i * t + t - 1 - i] = 1;
      const tr = e.transpose("k", [1, 0, 2, 3]);
      const r = e.op("MatMul", [e.op("Reshape", [tr, e.ints([co * ci, t])]), e.floats("rev", [t, t], m)]);
      return e.op("Reshape", [r, e.ints([ci, co, k, k])]);
    }),
  ]);
}
