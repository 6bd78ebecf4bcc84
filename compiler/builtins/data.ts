// Preprocessing of pictures, in the order a `data` line writes it. Sizes in pixels.
import type { DataStepSpec, Filter } from "../program";
import { type Args, type Builtin, type BuiltinParameter } from "./signature";

const filter: BuiltinParameter = { name: "filter", kind: "word", default: "bilinear", words: ["bilinear", "bicubic", "bilinear_corner"] };
const size: BuiltinParameter = { name: "size", kind: "int" };
const width: BuiltinParameter = { name: "width", kind: "int", optional: true };

const step = (name: string, doc: string, parameters: readonly BuiltinParameter[], make: (a: Args) => DataStepSpec): Builtin => ({
  name, doc, parameters, stage: false, run: (_t, args) => ({ kind: "data-steps", steps: [make(args)] }),
});
const filterOf = (a: Args): Filter => {
  const word = a.word("filter");
  return word === "bicubic" || word === "bilinear_corner" ? word : "bilinear";
};
const box = (a: Args): { height: number; width: number } => ({ height: a.number("size"), width: a.has("width") ? a.number("width") : a.number("size") });

export const data: readonly Builtin[] = [
  step("random_flip", "random_flip: mirrors left and right, half the time", [{ name: "p", kind: "number", default: 0.5, least: 0, most: 1 }], (a) => ({ op: "random_flip", p: a.number("p") })),
  step("resize", "resize(size, bilinear): to a square, or resize(height, bilinear, width: w)", [size, filter, width], (a) => ({ op: "resize", ...box(a), filter: filterOf(a) })),
  step("resize_short", "resize_short(size): the shorter side to this, keeping the aspect", [size, filter], (a) => ({ op: "resize_short", size: a.number("size"), filter: filterOf(a) })),
  step("random_crop", "random_crop(size)", [size, width], (a) => ({ op: "random_crop", ...box(a) })),
  step("center_crop", "center_crop(size)", [size, width], (a) => ({ op: "center_crop", ...box(a) })),
];
