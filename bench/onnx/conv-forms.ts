import type { Emitter } from "../../backends/onnx/emitter";
import { int, ints, text } from "../../backends/onnx/operator";
import { compare, type Form } from "./measure";

// Gradients of convolutions and of reflect pads, in the forms that were tried; see forms.ts for how to run it.

const only = process.argv[2];
const bench = async (title: string, forms: readonly Form[], rounds?: number): Promise<void> => {
  if (only === undefined || title.includes(only)) await compare(title, forms, rounds);
};
const form = (name: string, inputs: Form["inputs"], build: (e: Emitter) => string, rank = 4): Form & { rank: number } => ({ name, inputs, build, rank });
const slice = (e: Emitter, v: string, axes: number[], starts: number[], ends: number[], steps?: number[]): string =>
  e.op("Slice", [v, e.ints(starts), e.ints(ends), e.ints(axes), ...(steps ? [e.ints(steps)] : [])]);
const reshape = (e: Emitter, v: string, ...to: number[]): string => e.op("Reshape", [v, e.ints(to)]);
const concat = (e: Emitter, v: string[], axis: number): string => e.op("Concat", v, { axis: int(axis) });

// Input and output channels, picture (already padded), kernel, stride: layers of U-GAT-IT at 128 px / ch 32 and 256 px / ch 64.
const LAYERS = [
  [128, 128, 34, 3, 1], [64, 32, 130, 3, 1], [32, 64, 66, 4, 2], [256, 512, 10, 4, 2], [512, 1024, 9, 4, 1], [256, 256, 66, 3, 1],
] as const;
for (const [ci, co, s, k, stride] of LAYERS) {
  const o = Math.floor((s - k) / stride) + 1;
  const t = k * k;
  const label = `${ci}→${co} at ${s}, ${k}×${k}/${stride}`;
  const xg = { x: [1, ci, s, s], g: [1, co, o, o] };
  const gemm = (e: Emitter, patches: string): string => reshape(e, e.op("Gemm", [reshape(e, "g", co, o * o), patches], { transB: int(1) }), co, ci, k, k);
  const end = (a: number): number => a + (o - 1) * stride + 1;
  await bench(`kernel_adjoint ${label}`, [
    form("k² slices, Concat, Gemm", xg, (e) => {
      const r = reshape(e, "x", ci, 1, s, s);
      const taps = Array.from({ length: t }, (_, i) => slice(e, r, [2, 3], [Math.floor(i / k), i % k], [end(Math.floor(i / k)), end(i % k)], [stride, stride]));
      return gemm(e, reshape(e, concat(e, taps, 1), ci * t, o * o));
    }),
    form("k columns, k rows, Gemm", xg, (e) => {
      const r = reshape(e, "x", ci, 1, s, s);
      const columns = concat(e, Array.from({ length: k }, (_, i) => slice(e, r, [3], [i], [end(i)], [stride])), 1);
      const taps = Array.from({ length: k }, (_, i) => slice(e, columns, [2], [i], [end(i)], [stride]));
      return e.op("Transpose", [reshape(e, gemmOf(e, concat(e, taps, 1)), co, ci, k, k)], { perm: ints([0, 1, 2, 3]) });
      function gemmOf(e2: Emitter, patches: string): string {
        return e2.op("Gemm", [reshape(e2, "g", co, o * o), reshape(e2, patches, ci * t, o * o)], { transB: int(1) });
      }
    }),
    ...[2, 4].map((bands) => form(`k² slices, Concat, Gemm, in ${bands} bands`, xg, (e) => {
      const r = reshape(e, "x", ci, 1, s, s);
      const rows = Math.ceil(o / bands);
      let sum = "";
      for (let from = 0; from < o; from += rows) {
        const n = Math.min(rows, o - from);
        const taps = Array.from({ length: t }, (_, i) => {
          const [y, x] = [from * stride + Math.floor(i / k), i % k];
          return slice(e, r, [2, 3], [y, x], [y + (n - 1) * stride + 1, end(x)], [stride, stride]);
        });
        const patches = reshape(e, concat(e, taps, 1), ci * t, n * o);
        const g = reshape(e, slice(e, "g", [2], [from], [from + n]), co, n * o);
        sum = e.op("Gemm", [g, patches, ...(sum ? [sum] : [])], { transB: int(1) });
      }
      return reshape(e, sum, co, ci, k, k);
    })),
    form("k² slices, one Gemm each", xg, (e) => {
      const g = reshape(e, "g", co, o * o);
      const taps = Array.from({ length: t }, (_, i) => slice(e, "x", [2, 3], [Math.floor(i / k), i % k], [end(Math.floor(i / k)), end(i % k)], [stride, stride]));
      const each = taps.map((v) => reshape(e, e.op("Gemm", [g, reshape(e, v, ci, o * o)], { transB: int(1) }), co, ci, 1));
      return reshape(e, concat(e, each, 2), co, ci, k, k);
    }),
    form("Conv of transposes", xg, (e) => {
      const x = e.transpose("x", [1, 0, 2, 3]);
      const g = e.transpose("g", [1, 0, 2, 3]);
      const y = e.op("Conv", [x, g], { kernel_shape: ints([o, o]), dilations: ints([stride, stride]) });
      return e.transpose(slice(e, y, [2, 3], [0, 0], [k, k]), [1, 0, 2, 3]);
    }),
    form("the Gemm alone", { p: [ci * t, o * o], g: [1, co, o, o] }, (e) => reshape(e, e.op("Gemm", [reshape(e, "g", co, o * o), "p"], { transB: int(1) }), co, ci, k, k)),
  ], 12);
  const gk = { g: [1, co, o, o], k: [co, ci, k, k] };
  const extra = s - ((o - 1) * stride + k);
  const turned = (e: Emitter, v: string, a: number, b: number, kk: number): string => {
    const swapped = e.transpose(reshape(e, v, a, b, kk * kk), [1, 0, 2]);
    return reshape(e, e.flip(swapped, [2]), b, a, kk, kk);
  };
  const forms = [
    form("ConvTranspose", gk, (e) => e.op("ConvTranspose", ["g", "k"], { strides: ints([stride, stride]), kernel_shape: ints([k, k]), output_padding: ints([extra, extra]) })),
  ];
  if (stride === 1) {
    forms.push(
      form("Conv, kernel turned (4-d)", gk, (e) => e.op("Conv", ["g", e.flip(e.transpose("k", [1, 0, 2, 3]), [2, 3])], { kernel_shape: ints([k, k]), pads: ints([k - 1, k - 1, k - 1, k - 1]) })),
      form("Conv, kernel turned (flat)", gk, (e) => e.op("Conv", ["g", turned(e, "k", co, ci, k)], { kernel_shape: ints([k, k]), pads: ints([k - 1, k - 1, k - 1, k - 1]) })),
      form("Conv, kernel given turned", { g: gk.g, k: [ci, co, k, k] }, (e) => e.op("Conv", ["g", "k"], { kernel_shape: ints([k, k]), pads: ints([k - 1, k - 1, k - 1, k - 1]) })),
    );
  }
  if (stride === 2 && k === 4) {
    // Every output pixel's phase (row and column parity) sees 2×2 of the 4×4 taps: one Conv makes all four phases as channels.
    forms.push(form("four phases, one Conv, DepthToSpace", gk, (e) => {
      const parts = reshape(e, "k", co, ci, 2, 2, 2, 2); // out, in, ky = 2·a + phase, kx
      const arranged = e.op("Transpose", [parts], { perm: ints([3, 5, 1, 0, 2, 4]) }); // phase y, phase x, in, out, a, b
      const kernel = e.flip(reshape(e, arranged, 4 * ci, co, 2, 2), [2, 3]);
      const phases = e.op("Conv", ["g", kernel], { kernel_shape: ints([2, 2]), pads: ints([1, 1, 1, 1]) });
      return e.op("DepthToSpace", [phases], { blocksize: int(2), mode: text("DCR") });
    }));
  }
  await bench(`input_adjoint ${label}`, forms, 12);
}

for (const [c, s] of [[128, 32], [64, 64], [32, 128], [64, 256]] as const) {
  const p = s + 2;
  const gp = { x: [1, c, p, p] };
  const slices = (e: Emitter, v: string, axis: number): string => {
    const part = (a: number, b: number): string => slice(e, v, [axis], [a], [b]);
    return concat(e, [part(1, 2), e.op("Add", [part(2, 3), part(0, 1)]), part(3, s - 1), e.op("Add", [part(s - 1, s), part(s + 1, s + 2)]), part(s, s + 1)], axis);
  };
  const splits = (e: Emitter, v: string, axis: number): string => {
    const [a, b, c2, mid, d, f, g] = e.split(v, axis, [1, 1, 1, s - 4, 1, 1, 1]) as [string, string, string, string, string, string, string];
    return concat(e, [b, e.op("Add", [a, c2]), mid, e.op("Add", [d, g]), f], axis);
  };
  await bench(`pad_adjoint 1 [1,${c},${s},${s}]`, [
    form("slices, w then h", gp, (e) => slices(e, slices(e, "x", 3), 2)),
    form("slices, h then w", gp, (e) => slices(e, slices(e, "x", 2), 3)),
    form("Split, w then h", gp, (e) => splits(e, splits(e, "x", 3), 2)),
    form("Split, h then w", gp, (e) => splits(e, splits(e, "x", 2), 3)),
    form("Split w, slices h", gp, (e) => slices(e, splits(e, "x", 3), 2)),
    form("crop, columns folded onto strips", gp, (e) => {
      const rows = slices(e, "x", 2);
      const left = e.op("Add", [slice(e, rows, [3], [2], [3]), slice(e, rows, [3], [0], [1])]);
      const right = e.op("Add", [slice(e, rows, [3], [s - 1], [s]), slice(e, rows, [3], [s + 1], [s + 2])]);
      return concat(e, [slice(e, rows, [3], [1], [2]), left, slice(e, rows, [3], [3], [s - 1]), right, slice(e, rows, [3], [s], [s + 1])], 3);
    }),
    form("only the crop (not the same)", gp, (e) => slice(e, "x", [2, 3], [1, 1], [s + 1, s + 1])),
  ], 30);
}
