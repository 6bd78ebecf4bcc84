import type { Emitter } from "../../backends/onnx/emitter";
import { float, int } from "../../backends/onnx/operator";
import { compare, type Form } from "./measure";

// Sums of products and rank-one updates; see forms.ts for how to run it.

const form = (name: string, inputs: Form["inputs"], rank: number, build: (e: Emitter) => string): Form & { rank: number } => ({ name, inputs, build, rank });
const reshape = (e: Emitter, v: string, ...to: number[]): string => e.op("Reshape", [v, e.ints(to)]);

for (const [c, s] of [[128, 32], [64, 64], [32, 128], [64, 256], [256, 64]] as const) {
  const xy = { x: [1, c, s, s], y: [1, c, s, s] };
  await compare(`Σ over h, w of x·y, [1,${c},${s},${s}]`, [
    form("Mul, ReduceSum", xy, 2, (e) => e.op("ReduceSum", [e.op("Mul", ["x", "y"]), e.ints([2, 3])], { keepdims: int(0) })),
    form("MatMul of rows by columns", xy, 2, (e) => reshape(e, e.op("MatMul", [reshape(e, "x", c, 1, s * s), reshape(e, "y", c, s * s, 1)]), 1, c)),
    form("Mul, MatMul with ones", xy, 2, (e) => reshape(e, e.op("MatMul", [reshape(e, e.op("Mul", ["x", "y"]), c, s * s), e.floats("ones", [s * s, 1], new Float32Array(s * s).fill(1))]), 1, c)),
  ], 30);
  await compare(`Σ over h, w of x², [1,${c},${s},${s}]`, [
    form("Mul, ReduceSum", { x: xy.x }, 2, (e) => e.op("ReduceSum", [e.op("Mul", ["x", "x"]), e.ints([2, 3])], { keepdims: int(0) })),
    form("MatMul", { x: xy.x }, 2, (e) => reshape(e, e.op("MatMul", [reshape(e, "x", c, 1, s * s), reshape(e, "x", c, s * s, 1)]), 1, c)),
    form("ReduceSumSquare", { x: xy.x }, 2, (e) => e.op("ReduceSumSquare", ["x", e.ints([2, 3])], { keepdims: int(0) })),
  ], 30);
}
for (const [a, b] of [[128, 1152], [1024, 8192]] as const) {
  const xy = { x: [a, b], y: [a, b] };
  await compare(`Σ of x·y, [${a},${b}]`, [
    form("Mul, ReduceSum", xy, 2, (e) => reshape(e, e.op("ReduceSum", [e.op("Mul", ["x", "y"]), e.ints([0, 1])], { keepdims: int(0) }), 1, 1)),
    form("MatMul 1×n by n×1", xy, 2, (e) => reshape(e, e.op("MatMul", [reshape(e, "x", 1, a * b), reshape(e, "y", a * b, 1)]), 1, 1)),
    form("MatMul by rows, ReduceSum", xy, 2, (e) => reshape(e, e.op("ReduceSum", [e.op("MatMul", [reshape(e, "x", a, 1, b), reshape(e, "y", a, b, 1)]), e.ints([0, 1, 2])], { keepdims: int(0) }), 1, 1)),
  ], 20);
  const xuv = { x: [a, b], u: [a], v: [b] };
  await compare(`x − u·vᵀ, [${a},${b}]`, [
    form("Mul, Sub", xuv, 2, (e) => e.op("Sub", ["x", e.op("Mul", [reshape(e, "u", a, 1), "v"])])),
    form("Gemm of one column and one row", xuv, 2, (e) => e.op("Gemm", [reshape(e, "u", a, 1), reshape(e, "v", 1, b), "x"], { alpha: float(-1) })),
  ], 20);
}
{
  const x = { x: [1024, 2048, 1, 1] };
  await compare("x · number, [1024,2048,1,1]", [
    form("Mul", x, 4, (e) => e.op("Mul", ["x", e.scalar(0.5)])),
    form("Mul without the last axes", x, 4, (e) => reshape(e, e.op("Mul", [reshape(e, "x", 1024, 2048), e.scalar(0.5)]), 1024, 2048, 1, 1)),
  ], 20);
}
