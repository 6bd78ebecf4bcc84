import type { Emitter } from "../../backends/onnx/emitter";
import { int, ints } from "../../backends/onnx/operator";
import { compare, type Form } from "./measure";

// Products of a large kernel with few pixels, batches of products, kernels' transforms; see forms.ts for how to run it.

const only = process.argv[2];
const rounds = Number(process.env["ROUNDS"] ?? 60);
const bench = async (title: string, forms: readonly Form[]): Promise<void> => {
  if (only === undefined || title.includes(only)) await compare(title, forms, rounds);
};
const form = (name: string, inputs: Form["inputs"], rank: number, build: (e: Emitter) => string): Form & { rank: number } => ({ name, inputs, build, rank });
const reshape = (e: Emitter, v: string, ...to: number[]): string => e.op("Reshape", [v, e.ints(to)]);

/** [pixels · taps, size²]: 1 where a pixel's tap belongs. */
function places(out: number, taps: number, stride: number): Float32Array {
  const size = (out - 1) * stride + taps;
  const m = new Float32Array(out * out * taps * taps * size * size);
  for (let p = 0; p < out * out; p++) for (let t = 0; t < taps * taps; t++) {
    const y = Math.floor(p / out) * stride + Math.floor(t / taps);
    const x = (p % out) * stride + (t % taps);
    m[(p * taps * taps + t) * size * size + y * size + x] = 1;
  }
  return m;
}

// Input adjoints of the critics' deep layers.
for (const [k, c, out, taps, stride] of [[1024, 512, 3, 4, 1], [1024, 2048, 3, 1, 1], [512, 256, 4, 4, 2], [256, 128, 8, 4, 2], [512, 256, 7, 4, 1], [512, 1024, 7, 1, 1], [256, 512, 7, 1, 1], [1, 1024, 2, 4, 1]] as const) {
  const [n, t] = [out * out, taps * taps];
  const size = (out - 1) * stride + taps;
  const gk = { g: [1, k, out, out], k: [k, c, taps, taps] };
  await bench(`input adjoint ${c}→${k} at ${size}, ${taps}/${stride}`, [
    form("ConvTranspose", gk, 4, (e) => e.op("ConvTranspose", ["g", "k"], { strides: ints([stride, stride]), kernel_shape: ints([taps, taps]) })),
    form("Gemm pixels first, places", gk, 4, (e) => {
      const y = e.op("Gemm", [reshape(e, "g", k, n), reshape(e, "k", k, c * t)], { transA: int(1) });
      if (t === 1) return reshape(e, e.transpose(reshape(e, y, n, c), [1, 0]), 1, c, out, out);
      const rows = reshape(e, e.transpose(reshape(e, y, n, c, t), [1, 0, 2]), c, n * t);
      return reshape(e, e.op("MatMul", [rows, e.floats("places", [n * t, size * size], places(out, taps, stride))]), 1, c, size, size);
    }),
    form("Gemm pixels first, ConvTranspose", gk, 4, (e) => {
      const y = e.op("Gemm", [reshape(e, "g", k, n), reshape(e, "k", k, c * t)], { transA: int(1) });
      if (t === 1) return reshape(e, e.transpose(y, [1, 0]), 1, c, out, out);
      const rows = reshape(e, e.transpose(reshape(e, y, n, c * t), [1, 0]), c, t, out, out);
      const eye = e.floats("eye", [t, 1, taps, taps], Float32Array.from({ length: t * t }, (_, i) => (i % (t + 1) === 0 ? 1 : 0)));
      return reshape(e, e.op("ConvTranspose", [rows, eye], { strides: ints([stride, stride]), kernel_shape: ints([taps, taps]) }), 1, c, size, size);
    }),
    form("MatMul of the transposed kernel only", gk, 4, (e) => reshape(e, e.op("Gemm", [reshape(e, "k", k, c * t), reshape(e, "g", k, n)], { transA: int(1) }), 1, c * t, out, out)),
  ]);
  const xk = { x: [1, c, size, size], k: [k, c, taps, taps] };
  await bench(`forward ${c}→${k} at ${size}, ${taps}/${stride}`, [
    form("Conv", xk, 4, (e) => e.op("Conv", ["x", "k"], { kernel_shape: ints([taps, taps]), strides: ints([stride, stride]) })),
    form("two of them", xk, 4, (e) => {
      const one = e.op("Conv", ["x", "k"], { kernel_shape: ints([taps, taps]), strides: ints([stride, stride]) });
      return e.op("Add", [one, e.op("Conv", [e.op("Neg", ["x"]), "k"], { kernel_shape: ints([taps, taps]), strides: ints([stride, stride]) })]);
    }),
    form("batch of two", { x: [2, c, size, size], k: xk.k }, 4, (e) => e.op("Conv", ["x", "k"], { kernel_shape: ints([taps, taps]), strides: ints([stride, stride]) })),
    form("patches, Gemm", xk, 4, (e) => {
      const ones = e.floats("ones", [t, 1, 1, taps, taps], Float32Array.from({ length: t * t }, (_, i) => (i % (t + 1) === 0 ? 1 : 0)));
      const p = t === 1 ? reshape(e, "x", c, n) : reshape(e, e.op("Conv", [reshape(e, "x", c, 1, 1, size, size), ones], { kernel_shape: ints([1, taps, taps]), strides: ints([1, stride, stride]) }), c * t, n);
      return reshape(e, e.op("Gemm", [reshape(e, "k", k, c * t), p]), 1, k, out, out);
    }),
    form("patches, Gemm pixels first", xk, 4, (e) => {
      const ones = e.floats("ones", [t, 1, 1, taps, taps], Float32Array.from({ length: t * t }, (_, i) => (i % (t + 1) === 0 ? 1 : 0)));
      const p = t === 1 ? reshape(e, "x", c, n) : reshape(e, e.op("Conv", [reshape(e, "x", c, 1, 1, size, size), ones], { kernel_shape: ints([1, taps, taps]), strides: ints([1, stride, stride]) }), c * t, n);
      return reshape(e, e.transpose(e.op("Gemm", [p, reshape(e, "k", k, c * t)], { transA: int(1), transB: int(1) }), [1, 0]), 1, k, out, out);
    }),
  ]);
}

// Winograd's products and transforms.
for (const [c, tiles, points] of [[128, 64, 36], [256, 256, 36]] as const) {
  const ug = { u: [points, c, c], g: [1, points, c, tiles], k: [c, c, 3, 3] };
  await bench(`products ${points} × ${c}×${c}×${tiles}`, [
    form("MatMul, kernel first", ug, 4, (e) => e.op("MatMul", ["u", "g"])),
    form("MatMul, kernel transposed", ug, 4, (e) => e.op("MatMul", [e.transpose("u", [0, 2, 1]), "g"])),
    form("kernel transform, MatMul transposed", ug, 4, (e) => e.op("MatMul", [e.transpose(reshape(e, e.op("Gemm", [e.floats("k", [points, 9], new Float32Array(points * 9).map((_, i) => Math.sin(i)))!, reshape(e, "k", c * c, 9)], { transB: int(1) }), points, c, c), [0, 2, 1]), "g"])),
    form("kernel turned, transform, MatMul", ug, 4, (e) => e.op("MatMul", [reshape(e, e.op("Gemm", [e.floats("k", [points, 9], new Float32Array(points * 9).map((_, i) => Math.sin(i)))!, reshape(e, e.transpose(reshape(e, "k", c, c, 9), [1, 0, 2]), c * c, 9)], { transB: int(1) }), points, c, c), "g"])),
  ]);
  const gv = { g: [1, points, c, tiles], v: [1, points, c, tiles] };
  await bench(`outer products ${points} × ${c}×${c}×${tiles}`, [
    form("MatMul, second transposed", gv, 4, (e) => e.op("MatMul", ["g", e.transpose("v", [0, 1, 3, 2])])),
  ]);
  const d = { d: [points, c * c] };
  const m = (e: Emitter): string => e.floats("k", [points, 9], new Float32Array(points * 9).map((_, i) => Math.sin(i)));
  const mt = (e: Emitter): string => e.floats("kt", [9, points], Float32Array.from({ length: points * 9 }, (_, i) => Math.sin((i % points) * 9 + Math.floor(i / points))));
  await bench(`kernel transform back ${points} × ${c * c}`, [
    form("Gemm, points' transposed first", d, 4, (e) => reshape(e, e.op("Gemm", ["d", m(e)], { transA: int(1) }), c, c, 3, 3)),
    form("Gemm of taps first, Transpose", d, 4, (e) => reshape(e, e.transpose(e.op("Gemm", [m(e), "d"], { transA: int(1) }), [1, 0]), c, c, 3, 3)),
    form("MatMul of taps first, Transpose", d, 4, (e) => reshape(e, e.transpose(e.op("MatMul", [mt(e), "d"]), [1, 0]), c, c, 3, 3)),
    form("taps first, not transposed", d, 4, (e) => reshape(e, e.op("Gemm", [m(e), "d"], { transA: int(1) }), 3, 3, c, c)),
  ]);
}
