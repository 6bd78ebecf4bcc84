import { describe, expect, it } from "vitest";
import { recordOf } from "../../../compiler/ops/table";
import { sh } from "../../../compiler/ops/samples";
import type { AxisNumber } from "../../../compiler/ops/record";
import type { OpAttrs, OpName } from "../../../compiler/graph/types";

function flops<K extends OpName>(op: K, attrs: OpAttrs[K], ...operands: ReturnType<typeof sh>[]): number {
  const record = recordOf(op);
  return record.flops?.(attrs, operands as (readonly AxisNumber[])[], record.dims(attrs, operands) as readonly AxisNumber[]) ?? 0;
}

const window = { kernel: [3, 3], stride: [2, 2], pad: [1, 1] } as const;

describe("flops are 2 × multiply-adds of convolutions and linear maps", () => {
  it("conv and its adjoints count the same", () => {
    const [x, k, y] = [sh("batch c h w", 2, 4, 8, 6), sh("out in kh kw", 5, 4, 3, 3), sh("batch c h w", 2, 5, 4, 3)];
    const wanted = 2 * 2 * 5 * 4 * 3 * 4 * 9;
    expect(flops("conv", { window }, x, k)).toBe(wanted);
    expect(flops("conv_input_adjoint", { window, h: 8, w: 6 }, y, k)).toBe(wanted);
    expect(flops("conv_kernel_adjoint", { window }, x, y)).toBe(wanted);
  });

  it("a linear map counts, and both its gradients; a sum of products does not", () => {
    const [x, w, y] = [sh("batch c", 2, 4), sh("out c", 5, 4), sh("batch out", 2, 5)];
    expect(flops("contract", { over: ["c"] }, x, w)).toBe(80);
    expect(flops("contract", { over: ["batch"] }, y, x)).toBe(80);
    expect(flops("contract", { over: ["out"] }, y, w)).toBe(80);
    expect(flops("contract", { over: ["c"] }, x, x)).toBe(0);
    expect(flops("add", {}, x, x)).toBe(0);
  });
});
