// Preprocessing of pictures, in the order a `data` line writes it. Sizes in pixels.
import type { DataStepSpec, Filter } from "../program";
import { isKind } from "../trace/values";
import { type Args, type Builtin, type BuiltinParameter } from "./signature";

const FILTERS: readonly Filter[] = ["bilinear", "bicubic", "bilinear_corner", "bilinear_cv2"];
const filter: BuiltinParameter = { name: "filter", kind: "word", default: "bilinear", words: FILTERS };
const size: BuiltinParameter = { name: "size", kind: "int" };
const width: BuiltinParameter = { name: "width", kind: "int", optional: true };

const step = (name: string, doc: string, parameters: readonly BuiltinParameter[], make: (a: Args) => DataStepSpec): Builtin => ({
  name, doc, parameters, stage: false, run: (_t, args) => ({ kind: "data-steps", steps: [make(args)] }),
});
const filterOf = (a: Args): Filter => FILTERS.find((f) => f === a.word("filter")) ?? "bilinear";
const box = (a: Args): { height: number; width: number } => ({ height: a.number("size"), width: a.has("width") ? a.number("width") : a.number("size") });

/** A domain's pictures, all of them or none. The runtime decides when a run begins, by its seed. */
const allOrNone: Builtin = {
  name: "all_or_none",
  doc: "all_or_none(steps, p: 0.5): these steps for every picture, or for none: decided once a domain and run",
  parameters: [{ name: "steps", kind: "steps" }, { name: "p", kind: "number", default: 0.5, least: 0, most: 1 }],
  stage: false,
  run(t, args, span) {
    const given = args.value("steps");
    const made = isKind(given, "data-steps") ? given : t.call(given, span);
    return isKind(made, "data-steps") ? { kind: "data-steps", steps: [{ op: "all_or_none", p: args.number("p"), steps: made.steps }] } : made;
  },
};

export const data: readonly Builtin[] = [
  step("random_flip", "random_flip: mirrors left and right, half the time", [{ name: "p", kind: "number", default: 0.5, least: 0, most: 1 }], (a) => ({ op: "random_flip", p: a.number("p") })),
  step("resize", "resize(size, bilinear): to a square, or resize(height, bilinear, width: w)", [size, filter, width], (a) => ({ op: "resize", ...box(a), filter: filterOf(a) })),
  step("resize_short", "resize_short(size): the shorter side to this, keeping the aspect", [size, filter], (a) => ({ op: "resize_short", size: a.number("size"), filter: filterOf(a) })),
  step("random_crop", "random_crop(size)", [size, width], (a) => ({ op: "random_crop", ...box(a) })),
  step("center_crop", "center_crop(size)", [size, width], (a) => ({ op: "center_crop", ...box(a) })),
  allOrNone,
];
