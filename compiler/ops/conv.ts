// Convolution and its two adjoints: ⟨conv(x, k), g⟩ = ⟨x, input_adjoint(g, k)⟩ = ⟨k, kernel_adjoint(x, g)⟩,
// so each one's gradients are the other two.
import type { Dim } from "../graph/dim";
import { countAxes, type NdArray } from "../graph/ndarray";
import { BATCH, hasAxis, type Shape } from "../graph/shape";
import type { OpName, Window2d } from "../graph/types";
import { ordered, zeros } from "./arrays";
import { addColumns, columnsOf, type Geometry } from "./columns";
import { channels, full } from "./derive";
import { addProduct, transposed } from "./matmul";
import type { AxisNumber, OpRecord } from "./record";
import { convCases, inputAdjointCases, kernelAdjointCases } from "./conv-cases";
import { batchOf, dimAt, exactAxes, fail, wantSame, windowsAlong } from "./shapes";
import { sameDim, showDim } from "../graph/dim";

const PICTURE = ["c", "h", "w"];
const KERNEL = ["out", "in", "kh", "kw"];

const fit = (op: OpName, operands: readonly Shape[], window: Window2d, axis: "h" | "w", n: Dim): Dim => {
  const i = axis === "h" ? 0 : 1;
  return windowsAlong(op, operands, axis, n, { kernel: window.kernel[i], stride: window.stride[i], pad: window.pad[i] });
};

function checkKernel(op: OpName, operands: readonly Shape[], window: Window2d): void {
  exactAxes(op, operands, 1, KERNEL);
  if (hasAxis(operands[1]!, BATCH)) fail(op, operands, { kind: "extra-axis", axis: BATCH, operand: 1 });
  wantSame(op, operands, "kh", window.kernel[0], dimAt(op, operands, 1, "kh"));
  wantSame(op, operands, "kw", window.kernel[1], dimAt(op, operands, 1, "kw"));
}

/** The channels of the picture must be those the kernel works on. */
function checkChannels(op: OpName, operands: readonly Shape[], axis: "in" | "out"): void {
  const [expected, got] = [dimAt(op, operands, 1, axis), dimAt(op, operands, 0, "c")];
  if (sameDim(expected, got)) return;
  if (typeof expected !== "number") fail(op, operands, { kind: "needs-number", axis });
  fail(op, operands, { kind: "channels", expected, got: showDim(got) });
}

// g → conv_input_adjoint(g, k), conv_kernel_adjoint(x, g)
export const conv: OpRecord<"conv"> = {
  op: "conv",
  formula: "y[o, i, j] = Σ x[c, i·stride + u − pad, j·stride + v − pad] · k[o, c, u, v]",
  dims({ window }, operands) {
    exactAxes("conv", operands, 0, PICTURE);
    checkKernel("conv", operands, window);
    checkChannels("conv", operands, "in");
    const h = fit("conv", operands, window, "h", dimAt("conv", operands, 0, "h"));
    const w = fit("conv", operands, window, "w", dimAt("conv", operands, 0, "w"));
    return [...batchOf(operands[0]!), { axis: "c", dim: dimAt("conv", operands, 1, "out") }, { axis: "h", dim: h }, { axis: "w", dim: w }];
  },
  gradient(b, node, g) {
    const [x, k] = node.inputs as [number, number];
    const { window } = node.attrs;
    const [h, w] = [dimAt("conv", [b.shape(x)], 0, "h"), dimAt("conv", [b.shape(x)], 0, "w")];
    return [
      () => b.add("conv_input_adjoint", { window, h, w }, [channels(b, g, node.shape), k]),
      () => b.add("conv_kernel_adjoint", { window }, [x, full(b, g, node.shape)]),
    ];
  },
  evaluate({ window }, operands, shape) {
    const [x, k] = [ordered(operands[0]!, layout(operands[0]!)), ordered(operands[1]!, KERNEL).data];
    const out = zeros(shape);
    const { geometry, count } = measure(window, x.shape, shape);
    const rows = dim(shape, "c");
    const depth = geometry.c * window.kernel[0] * window.kernel[1];
    const cells = geometry.H * geometry.W;
    for (let n = 0; n < count; n++) {
      const columns = columnsOf(part(x.data, n, count), geometry);
      addProduct(part(out.data, n, count), k, columns, rows, depth, cells);
    }
    return out;
  },
  flops: (_, [, k], shape) => (2 * countAxes(shape) * countAxes(k!)) / dim(k!, "out"),
  cases: convCases,
};

// h → conv(h, k), conv_kernel_adjoint(h, g)
export const conv_input_adjoint: OpRecord<"conv_input_adjoint"> = {
  op: "conv_input_adjoint",
  formula: "x̄[c, i·stride + u − pad, j·stride + v − pad] += g[o, i, j] · k[o, c, u, v]",
  dims({ window, h, w }, operands) {
    const op = "conv_input_adjoint";
    exactAxes(op, operands, 0, PICTURE);
    checkKernel(op, operands, window);
    checkChannels(op, operands, "out");
    wantSame(op, operands, "h", fit(op, operands, window, "h", h), dimAt(op, operands, 0, "h"));
    wantSame(op, operands, "w", fit(op, operands, window, "w", w), dimAt(op, operands, 0, "w"));
    return [...batchOf(operands[0]!), { axis: "c", dim: dimAt(op, operands, 1, "in") }, { axis: "h", dim: h }, { axis: "w", dim: w }];
  },
  gradient(b, node, h) {
    const [g, k] = node.inputs as [number, number];
    const { window } = node.attrs;
    return [
      () => b.add("conv", { window }, [channels(b, h, node.shape), k]),
      () => b.add("conv_kernel_adjoint", { window }, [full(b, h, node.shape), g]),
    ];
  },
  evaluate({ window }, operands, shape) {
    const [g, k] = [ordered(operands[0]!, layout(operands[0]!)), ordered(operands[1]!, KERNEL).data];
    const x = zeros(shape);
    const { geometry, count } = measure(window, shape, g.shape);
    const rows = dim(g.shape, "c");
    const depth = geometry.c * window.kernel[0] * window.kernel[1];
    const cells = geometry.H * geometry.W;
    const turned = transposed(k, rows, depth);
    for (let n = 0; n < count; n++) {
      const columns = new Float64Array(depth * cells);
      addProduct(columns, turned, part(g.data, n, count), depth, rows, cells);
      addColumns(part(x.data, n, count), columns, geometry);
    }
    return x;
  },
  flops: (_, [g, k]) => (2 * countAxes(g!) * countAxes(k!)) / dim(k!, "out"),
  cases: inputAdjointCases,
};

// h → conv_input_adjoint(g, h), conv(x, h)
export const conv_kernel_adjoint: OpRecord<"conv_kernel_adjoint"> = {
  op: "conv_kernel_adjoint",
  formula: "k̄[o, c, u, v] = Σ x[c, i·stride + u − pad, j·stride + v − pad] · g[o, i, j] over i, j and the batch",
  dims({ window }, operands) {
    const op = "conv_kernel_adjoint";
    for (const operand of [0, 1]) exactAxes(op, operands, operand, PICTURE);
    for (const operand of [0, 1]) {
      if (hasAxis(operands[1 - operand]!, BATCH)) {
        const [n, m] = [dimAt(op, operands, operand, BATCH), dimAt(op, operands, 1 - operand, BATCH)];
        if (!sameDim(n, m)) fail(op, operands, { kind: "clash", axis: BATCH });
      }
    }
    wantSame(op, operands, "h", fit(op, operands, window, "h", dimAt(op, operands, 0, "h")), dimAt(op, operands, 1, "h"));
    wantSame(op, operands, "w", fit(op, operands, window, "w", dimAt(op, operands, 0, "w")), dimAt(op, operands, 1, "w"));
    return [
      { axis: "out", dim: dimAt(op, operands, 1, "c") },
      { axis: "in", dim: dimAt(op, operands, 0, "c") },
      { axis: "kh", dim: window.kernel[0] },
      { axis: "kw", dim: window.kernel[1] },
    ];
  },
  gradient(b, node, h) {
    const [x, g] = node.inputs as [number, number];
    const { window } = node.attrs;
    const [height, width] = [dimAt("conv", [b.shape(x)], 0, "h"), dimAt("conv", [b.shape(x)], 0, "w")];
    const kernel = (): number => full(b, h, node.shape);
    return [
      () => b.add("conv_input_adjoint", { window, h: height, w: width }, [g, kernel()]),
      () => b.add("conv", { window }, [x, kernel()]),
    ];
  },
  evaluate({ window }, operands, shape) {
    const [x, g] = [ordered(operands[0]!, layout(operands[0]!)), ordered(operands[1]!, layout(operands[1]!))];
    const k = zeros(shape);
    const { geometry, count } = measure(window, x.shape, g.shape);
    const rows = dim(shape, "out");
    const depth = geometry.c * window.kernel[0] * window.kernel[1];
    const cells = geometry.H * geometry.W;
    for (let n = 0; n < count; n++) {
      const columns = transposed(columnsOf(part(x.data, n, count), geometry), depth, cells);
      addProduct(k.data, part(g.data, n, count), columns, rows, cells, depth);
    }
    return k;
  },
  flops: ({ window }, [x, g]) => 2 * countAxes(g!) * dim(x!, "c") * window.kernel[0] * window.kernel[1],
  cases: kernelAdjointCases,
};

const dim = (shape: readonly AxisNumber[], axis: string): number => shape.find((a) => a.axis === axis)!.dim;
const layout = (x: NdArray): string[] => (x.shape.some((a) => a.axis === BATCH) ? [BATCH, ...PICTURE] : PICTURE);
const part = (data: Float64Array, n: number, count: number): Float64Array =>
  data.subarray((n * data.length) / count, ((n + 1) * data.length) / count);

/** From the picture that is convolved and the one that results. */
function measure(window: Window2d, x: readonly AxisNumber[], y: readonly AxisNumber[]): { geometry: Geometry; count: number } {
  const geometry = { window, c: dim(x, "c"), h: dim(x, "h"), w: dim(x, "w"), H: dim(y, "h"), W: dim(y, "w") };
  return { geometry, count: x.find((a) => a.axis === BATCH)?.dim ?? 1 };
}
