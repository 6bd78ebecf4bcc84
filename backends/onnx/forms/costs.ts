import type { CostTable } from "../../../compiler/lowering";

/**
 * What elementary work takes, in nanoseconds on two threads. Fitted to bench/onnx/lowerings.ts (two cores of an AMD EPYC, AVX2,
 * onnxruntime 1.30); `ganc tune` measures another table, and names that a table leaves out keep these values.
 */
export const COSTS = {
  /** One multiply-add of a large matrix product. */
  mac: 0.0135,
  /** An element that a Conv gathers from its picture into patches. */
  gather: 0.35,
  /** An element that a ConvTranspose adds back into its picture. */
  scatter: 0.7,
  /** An element copied by Pad, Slice, Concat or Transpose in runs of a row. */
  copy: 0.45,
  /** An element of a kernel that is transposed and turned around. */
  turn: 5,
  /** An element of a tile transform of a picture. */
  tile: 1.1,
  /** An element of a kernel's transform. */
  tileKernel: 0.6,
  /** An element of a transformed gradient that is added back into its picture. */
  untile: 2,
  /** An element of a result whose tiles are put beside each other. */
  untangle: 1.2,
  /** An element of a kernel that a convolution of few pixels reads; one that an adjoint in x reads by columns. */
  kernel: 0.5,
  kernelTurned: 1.5,
  /** One operator. */
  operator: 8000,
} satisfies CostTable;

export type Costs = { readonly [K in keyof typeof COSTS]: number };

/** The committed table with what a measured one says instead; unknown names are left alone. */
export function costsOf(table: CostTable = {}): Costs {
  return Object.fromEntries(Object.entries(COSTS).map(([name, ns]) => [name, table[name] ?? ns])) as Costs;
}
