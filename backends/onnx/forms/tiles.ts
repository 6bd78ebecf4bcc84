import { FOUR, type Matrix, type ShortConvolution, shortConvolution, SIX, SIX_PAIRED } from "./toom";

/**
 * How one axis is cut into tiles: tile t reads `reach` elements of the padded base from t·step on and gives `results` elements
 * of the result. Along both axes: products = points².
 */
export interface Tiling {
  /** Distinguishes the constants of tilings. */
  readonly name: string;
  readonly points: number;
  readonly reach: number;
  readonly step: number;
  readonly results: number;
  readonly taps: number;
  /** points × reach */
  readonly input: Matrix;
  /** points × taps */
  readonly kernel: Matrix;
  /** results × points */
  readonly output: Matrix;
  /** Constants made of them, by name: dozens of graphs ask for the same. */
  readonly constants: Map<string, Float32Array>;
}

/**
 * Six points: along both axes a quarter of the products for three taps (or four), and behind nearest upsampling between a fifth and a
 * sixth; errors five to seven times those of direct sums.
 */
export const winograd = (taps: number, factor: 1 | 2): Tiling => once(`w${taps}.${factor}`, () => tiling("w", shortConvolution(factor === 1 ? SIX : SIX_PAIRED, taps), factor));

/**
 * The sub-pixel form of nearest upsampling and three taps: two results from three products of the small picture, with summed
 * taps; exact but for the order of sums.
 */
export const subpixel = (taps: number): Tiling => once(`s${taps}`, () => tiling("s", shortConvolution(FOUR, taps), 2));

/** Tilings do not depend on anything but their names, and every convolution asks for them. */
const made = new Map<string, Tiling>();
function once(name: string, make: () => Tiling): Tiling {
  const known = made.get(name) ?? make();
  made.set(name, known);
  return known;
}

function tiling(name: string, { a, g, b }: ShortConvolution, factor: 1 | 2): Tiling {
  const [points, taps, results] = [b.length, g[0]!.length, a.length];
  const plain = { name: `${name}${results}.${taps}`, points, reach: points, step: results, results, taps, input: b, kernel: g, output: a, constants: new Map<string, Float32Array>() };
  if (factor === 1) return plain;
  // Pixel p of a tile, which begins one pixel before an even one, is a copy of the small picture's pixel ⌈p / 2⌉.
  const reach = Math.ceil((points - 1) / 2) + 1;
  const doubled = b.map((row) => Array.from({ length: reach }, (_, q) => row.reduce((sum, x, p) => sum + (Math.ceil(p / 2) === q ? x : 0), 0)));
  // A row that vanishes multiplies nothing: the polynomial of doubled values has the root −1.
  const kept = doubled.flatMap((row, i) => (row.some((x) => x !== 0) ? [i] : []));
  return {
    name: `${plain.name}.up`, points: kept.length, reach, step: results / 2, results, taps,
    input: kept.map((i) => doubled[i]!), kernel: kept.map((i) => g[i]!), output: a.map((row) => kept.map((i) => row[i]!)), constants: new Map(),
  };
}
