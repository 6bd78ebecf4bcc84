import { describe, expect, it } from "vitest";
import { subpixel, type Tiling, winograd } from "../../../backends/onnx/forms/tiles";
import { FOUR, type Matrix, shortConvolution, SIX, SIX_PAIRED } from "../../../backends/onnx/forms/toom";
import { draws } from "./kit";

const times = (m: Matrix, v: ArrayLike<number>): number[] => m.map((row) => row.reduce((s, x, i) => s + x * v[i]!, 0));
const correlation = (x: readonly number[], k: readonly number[], n: number): number[] => Array.from({ length: n }, (_, o) => k.reduce((s, y, i) => s + y * x[o + i]!, 0));
const off = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
const random = draws(5);

describe("short convolutions", () => {
  it.each([[SIX, 3], [SIX, 4], [SIX, 2], [SIX_PAIRED, 3], [FOUR, 3], [FOUR, 2]])("points %j, %i taps", (points, r) => {
    const { a, g, b } = shortConvolution(points, r);
    const [x, k] = [[...random(b.length)], [...random(r)]];
    const products = times(b, x).map((v, i) => v * times(g, k)[i]!);
    expect(off(times(a, products), correlation(x, k, a.length))).toBeLessThan(1e-12);
  });

  it.each<[string, Tiling, number]>([["winograd", winograd(3, 2), 5], ["sub-pixel", subpixel(3), 3]])("%s behind nearest upsampling: a product less", (_, tiling, points) => {
    expect(tiling.points).toBe(points);
    const [x, k] = [[...random(tiling.reach)], [...random(tiling.taps)]];
    const doubled = Array.from({ length: tiling.results + 2 }, (_unused, p) => x[Math.ceil(p / 2)]!);
    const products = times(tiling.input, x).map((v, i) => v * times(tiling.kernel, k)[i]!);
    expect(off(times(tiling.output, products), correlation(doubled, k, tiling.results))).toBeLessThan(1e-12);
  });
});
