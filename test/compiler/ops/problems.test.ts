import { describe, expect, it } from "vitest";
import { addDim, floorDivDim, showDim, symbol } from "../../../compiler/graph/dim";
import { Builder, DimsError } from "../../../compiler/graph/builder";
import { showShape, type Shape } from "../../../compiler/graph/shape";
import type { OpAttrs, OpName, Window2d } from "../../../compiler/graph/types";
import type { DimsProblem } from "../../../compiler/ops/record";
import { sh } from "../../../compiler/ops/samples";
import { inputs } from "../kit";

function problem<K extends OpName>(op: K, attrs: OpAttrs[K], shapes: readonly Shape[]): DimsProblem {
  const b = new Builder();
  try {
    b.add(op, attrs, inputs(b, shapes));
  } catch (error) {
    if (error instanceof DimsError) return error.problem;
    throw error;
  }
  throw new Error("nothing was wrong");
}

function shape<K extends OpName>(op: K, attrs: OpAttrs[K], shapes: readonly Shape[]): string {
  const b = new Builder();
  return showShape(b.shape(b.add(op, attrs, inputs(b, shapes))), true);
}

const square = (kernel: number, stride: number, pad: number): Window2d => ({ kernel: [kernel, kernel], stride: [stride, stride], pad: [pad, pad] });
const all = (n: number) => ({ top: n, bottom: n, left: n, right: n });
const free: Shape = [...sh("batch c", 1, 3), { axis: "h", dim: symbol("H") }, { axis: "w", dim: symbol("W") }];

describe("what does not fit says why", () => {
  it.each<[string, DimsProblem, () => DimsProblem]>([
    ["the same axis with other dims", { kind: "clash", axis: "c" }, () => problem("add", {}, [sh("c h", 2, 3), sh("c", 3)])],
    ["a sum over an axis that is not there", { kind: "missing-axis", axis: "h", operand: 0 }, () => problem("sum", { over: ["h"] }, [sh("c", 3)])],
    ["a contraction over an axis of one operand", { kind: "missing-axis", axis: "c", operand: 1 }, () => problem("contract", { over: ["c"] }, [sh("c", 3), sh("h", 3)])],
    ["a name that is taken", { kind: "taken-axis", axis: "h" }, () => problem("rename", { names: { c: "h" } }, [sh("c h", 2, 3)])],
    ["one more axis of the same name", { kind: "taken-axis", axis: "c" }, () => problem("unsqueeze", { axis: "c" }, [sh("c", 3)])],
    ["a reflection as wide as its input", { kind: "pad-too-wide", axis: "h", pad: 3, mode: "reflect" }, () => problem("pad", { mode: "reflect", amounts: all(3) }, [sh("c h w", 1, 3, 4)])],
    ["a kernel larger than its input", { kind: "window-too-large", axis: "w", kernel: 4 }, () => problem("conv", { window: square(4, 1, 0) }, [sh("c h w", 2, 5, 3), sh("out in kh kw", 1, 2, 4, 4)])],
    ["a kernel for other channels", { kind: "channels", expected: 4, got: "3" }, () => problem("conv", { window: square(3, 1, 1) }, [sh("c h w", 3, 5, 5), sh("out in kh kw", 1, 4, 3, 3)])],
    ["a kernel of another size", { kind: "wrong-size", axis: "kh", expected: "3", got: "4" }, () => problem("conv", { window: square(3, 1, 1) }, [sh("c h w", 3, 5, 5), sh("out in kh kw", 1, 3, 4, 3)])],
    ["an axis conv has no place for", { kind: "extra-axis", axis: "scale", operand: 0 }, () => problem("conv", { window: square(3, 1, 1) }, [sh("scale c h w", 2, 3, 5, 5), sh("out in kh kw", 1, 3, 3, 3)])],
    ["blocks that do not come out even", { kind: "indivisible", axis: "w", by: 2 }, () => problem("upsample_adjoint", { factor: 2 }, [sh("h w", 4, 5)])],
    ["a flattened free dim", { kind: "needs-number", axis: "h" }, () => problem("flatten", { axes: ["c", "h", "w"], into: "c" }, [free])],
    ["a part beyond the end", { kind: "out-of-range", axis: "c", start: 2, size: 3 }, () => problem("slice", { axis: "c", start: 2, size: 3 }, [sh("c", 4)])],
    ["a split of another size", { kind: "wrong-size", axis: "c", expected: "6", got: "8" }, () => problem("unflatten", { axis: "c", into: sh("a b", 2, 3) }, [sh("c", 8)])],
    ["a squeezed axis that is longer", { kind: "wrong-size", axis: "c", expected: "1", got: "2" }, () => problem("squeeze", { axis: "c" }, [sh("c", 2)])],
    ["an adjoint whose picture would not give it", { kind: "wrong-size", axis: "h", expected: "4", got: "3" }, () => problem("conv_input_adjoint", { window: square(3, 2, 1), h: 8, w: 6 }, [sh("c h w", 2, 3, 3), sh("out in kh kw", 2, 1, 3, 3)])],
    ["a repeat that drops an axis", { kind: "extra-axis", axis: "h", operand: 0 }, () => problem("expand", { shape: sh("c", 2) }, [sh("h", 2)])],
    ["a concat of other heights", { kind: "clash", axis: "h" }, () => problem("concat", { along: "c" }, [sh("c h", 2, 3), sh("c h", 2, 4)])],
    ["a concat of a value that lacks an axis", { kind: "missing-axis", axis: "h", operand: 1 }, () => problem("concat", { along: "c" }, [sh("c h", 2, 3), sh("c", 2)])],
  ])("%s", (_, wanted, got) => expect(got()).toEqual(wanted));
});

describe("free dims stay linear forms", () => {
  const kernel = sh("out in kh kw", 8, 3, 4, 4);
  it.each<[string, string, () => string]>([
    ["reflect pad", "[batch: 1, c: 3, h: H + 6, w: W + 6]", () => shape("pad", { mode: "reflect", amounts: all(3) }, [free])],
    ["kernel 4, stride 2, pad 1", "[batch: 1, c: 8, h: H/2, w: W/2]", () => shape("conv", { window: square(4, 2, 1) }, [free, kernel])],
    ["kernel 3, stride 2, pad 1", "[batch: 1, c: 8, h: H/2, w: W/2]", () => shape("conv", { window: square(3, 2, 1) }, [free, sh("out in kh kw", 8, 3, 3, 3)])],
    ["up and down again", "[batch: 1, c: 3, h: 2*H, w: 2*W]", () => shape("upsample", { factor: 2 }, [free])],
    ["a mean over them", "[batch: 1, c: 3]", () => shape("mean", { over: ["h", "w"] }, [free])],
  ])("%s", (_, wanted, got) => expect(got()).toBe(wanted));

  it("stride 2 and up again gives the dim back", () => {
    const half = addDim(floorDivDim(addDim(symbol("H"), -1), 2), 1);
    expect(showDim(half)).toBe("H/2");
    expect(showDim(floorDivDim(addDim(half, half), 1))).toBe("H");
  });
});
