// Random small graphs: a list of choices, each adding a node to what is there.
import fc from "fast-check";
import { differentiate } from "../../../compiler/differentiate";
import { Builder, DimsError } from "../../../compiler/graph/builder";
import { axesOf, type Shape } from "../../../compiler/graph/shape";
import type { NodeId, OpAttrs, OpName } from "../../../compiler/graph/types";
import { sh } from "../../../compiler/ops/samples";
import { inputs } from "../kit";

type Step = (b: Builder, pick: () => NodeId) => NodeId;

const full: Shape = sh("batch c h w", 2, 2, 4, 3);
export const leaves: readonly Shape[] = [full, sh("c", 2), [], sh("batch c", 2, 2), sh("c h w", 2, 4, 3), sh("out in kh kw", 2, 2, 3, 3)];

const one = <K extends OpName>(op: K, attrs: OpAttrs[K]): Step => (b, pick) => b.add(op, attrs, [pick()]);
const two = <K extends OpName>(op: K, attrs: OpAttrs[K]): Step => (b, pick) => b.add(op, attrs, [pick(), pick()]);
const window = { kernel: [3, 3], stride: [1, 1], pad: [1, 1] } as const;
/** The kernel among the leaves. */
const KERNEL = 5;
/** Of few pixels, by a kernel that is normalized by one number, as spectral normalization does. */
const normalizedConv: Step = (b, pick) => {
  const size = b.add("sum", { over: ["out", "in", "kh", "kw"] }, [b.add("abs", {}, [KERNEL])]);
  const scale = b.add("reciprocal", {}, [b.add("add", {}, [size, b.constant(1)])]);
  return b.add("conv", { window: { ...window, pad: [0, 0] } }, [pick(), b.add("mul", {}, [KERNEL, scale])]);
};

/** Bounded operations: no graph of a few of them leaves what double precision can tell apart. */
const steps: readonly Step[] = [
  ...[0, 1, -1, 2, 0.5].map((value): Step => (b) => b.constant(value)),
  one("neg", {}), one("tanh", {}), one("sigmoid", {}), one("abs", {}), one("softplus", {}), one("stop", {}),
  one("relu", { slope: 0.2 }), one("relu", { slope: 1 }), one("power", { exponent: 2 }), one("power", { exponent: 1 }), one("power", { exponent: 0 }),
  two("add", {}), two("sub", {}), two("mul", {}), two("add", {}), two("mul", {}), two("maximum", {}), two("minimum", {}), two("relu_adjoint", { slope: 0 }),
  (b, pick) => b.add("div", {}, [pick(), b.add("add", {}, [b.add("sigmoid", {}, [pick()]), b.constant(0.5)])]),
  (b, pick) => b.add("reciprocal", {}, [b.add("add", {}, [b.add("sigmoid", {}, [pick()]), b.constant(0.5)])]),
  ...[["h", "w"], ["c"], ["batch"], ["c", "h"], []].flatMap((over) => [one("sum", { over }), one("mean", { over }), one("size", { over })]),
  one("max", { over: ["h", "w"] }), one("max_mask", { over: ["c"] }),
  one("expand", { shape: full }), one("expand", { shape: sh("batch c", 2, 2) }), one("expand", { shape: sh("w h c batch", 3, 4, 2, 2) }),
  two("contract", { over: ["c"] }), two("contract", { over: ["h", "w"] }), two("contract", { over: ["batch", "c"] }), two("contract", { over: [] }),
  one("flatten", { axes: ["c", "h", "w"], into: "x" }), one("unflatten", { axis: "x", into: sh("c h w", 2, 4, 3) }),
  one("rename", { names: { c: "out" } }), one("rename", { names: { out: "c" } }),
  two("concat", { along: "c" }), one("slice", { axis: "c", start: 0, size: 2 }), one("slice", { axis: "c", start: 2, size: 2 }), one("embed", { axis: "c", start: 0, total: 2 }), one("embed", { axis: "c", start: 1, total: 4 }),
  one("unsqueeze", { axis: "x" }), one("squeeze", { axis: "x" }),
  one("pad", { mode: "reflect", amounts: { top: 1, bottom: 1, left: 1, right: 1 } }), one("pad", { mode: "zero", amounts: { top: 0, bottom: 0, left: 0, right: 0 } }),
  one("upsample", { factor: 2 }), one("upsample_adjoint", { factor: 2 }), one("upsample", { factor: 1 }),
  one("avg_pool", { window, countPad: true }), two("conv", { window }),
  normalizedConv, normalizedConv,
];

export interface RandomGraph {
  readonly b: Builder;
  readonly xs: readonly NodeId[];
  readonly outputs: readonly NodeId[];
}

/** Steps that do not fit what they picked are left out. The outputs are the last nodes and their gradients, and some of all. */
export const randomGraph: fc.Arbitrary<RandomGraph> = fc
  .array(fc.tuple(fc.nat(steps.length - 1), fc.nat(1000), fc.nat(1000)), { minLength: 3, maxLength: 25 })
  .map((choices) => {
    const b = new Builder();
    const xs = inputs(b, leaves);
    for (const [which, ...picks] of choices) {
      let at = 0;
      // Late nodes are picked more often: chains are what rewrites see.
      const pick = (): NodeId => {
        const n = b.nodes.length;
        const choice = picks[at++ % 2]! % (2 * n);
        return choice < n ? choice : Math.max(0, n - 1 - (choice % 4));
      };
      try {
        steps[which]!(b, pick);
      } catch (error) {
        if (!(error instanceof DimsError)) throw error;
      }
    }
    const ends = [b.nodes.length - 1, b.nodes.length - 2, Math.floor(b.nodes.length / 2)];
    const last = ends[0]!;
    const gradients = differentiate(b, b.add("sum", { over: axesOf(b.shape(last)) }, [last]), xs);
    return { b, xs, outputs: [...ends, ...gradients.filter((g) => g !== undefined)] };
  });
