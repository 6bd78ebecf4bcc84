// The pool of earlier fakes that CycleGAN's critics see (Shrivastava et al. 2017; junyanz/pytorch-CycleGAN-and-pix2pix, util/image_pool.py), as
// state and draws of the graph: nothing of it is known to a runtime.
//   While a place is free, a value fills the first one and passes. Then, with probability 1/2, it takes the place of one drawn at random,
//   which passes instead; else it passes itself and is forgotten.
import type { Span } from "../../dsl/source";
import { rules } from "../diagnostics/table";
import { BATCH, dimOf, type Shape, showShape } from "../graph/shape";
import type { NodeId } from "../graph/types";
import type { Tracer } from "../trace/tracer";
import { isTensor, type Value } from "../trace/values";
import { type Builtin, x } from "./signature";

const PLACE = "place";

export const history: Builtin = {
  name: "history",
  doc: "history(x, 50): x, or half the time one of the 50 values kept from earlier steps, whose place x takes: what CycleGAN's critics see",
  parameters: [x, { name: "size", kind: "int" }],
  stage: true,
  run(t, args, span) {
    const id = args.tensor("x");
    if (t.mode !== "training") return { kind: "tensor", id };
    const [size, shape] = [args.number("size"), t.b.shape(id)];
    const rest = shape.filter((a) => a.axis !== BATCH);
    const open = rest.find((a) => typeof a.dim !== "number");
    if (open) return t.report(rules.dimNeedsNumber, { op: "history", axis: open.axis, shape: showShape(shape) }, span);
    return t.within(t.segment("history"), () => remember(t, id, rest, size, span));
  },
};

function remember(t: Tracer, id: NodeId, rest: Shape, size: number, span: Span): Value {
  const places: Shape = [{ axis: PLACE, dim: size }];
  const pool = t.state("pool", [...places, ...rest], { kind: "constant", value: 0 }, span);
  const used = t.state("used", places, { kind: "constant", value: 0 }, span);
  let [kept, taken] = [pool.id, used.id];
  const one = t.b.constant(1);
  const op2 = (op: "add" | "sub" | "mul" | "maximum" | "greater", a: NodeId, b: NodeId): NodeId => t.must(op, {}, [a, b]);
  const but = (share: NodeId, a: NodeId, b: NodeId): NodeId => op2("add", op2("mul", share, a), op2("mul", op2("sub", one, share), b));
  const batch = dimOf(t.b.shape(id), BATCH);
  const samples = typeof batch === "number" ? batch : 0;
  // One sample after the other, as the published loop has it: the second of a batch may find the first in the pool.
  const passed = Array.from({ length: Math.max(1, samples) }, (_, k) => {
    const own = samples === 0 ? id : t.must("squeeze", { axis: BATCH }, [t.must("slice", { axis: BATCH, start: k, size: 1 }, [id])]);
    const draw = (name: string, shape: Shape): NodeId => {
      const made = t.sample(`${name}${k + 1}`, shape, { kind: "uniform", low: 0, high: 1 });
      return isTensor(made) ? made.id : own;
    };
    const free = op2("sub", one, taken);
    const anyFree = t.must("max", { over: [PLACE] }, [free]);
    // The largest of equal draws is any of the places with the same chance.
    const first = op2("mul", anyFree, t.must("max_mask", { over: [PLACE] }, [free]));
    const any = t.must("max_mask", { over: [PLACE] }, [draw("place", places)]);
    const swaps = op2("mul", op2("sub", one, anyFree), op2("greater", draw("coin", []), t.b.constant(0.5)));
    const old = t.must("sum", { over: [PLACE] }, [op2("mul", any, kept)]);
    const result = but(swaps, old, own);
    const written = op2("add", first, op2("mul", swaps, any));
    kept = but(written, own, kept);
    taken = op2("maximum", taken, written);
    return result;
  });
  // In the order of the state's axes, as it is stored.
  t.states.set(pool.path, t.must("stop", {}, [t.must("expand", { shape: [...places, ...rest] }, [kept])]));
  t.states.set(used.path, t.must("stop", {}, [taken]));
  const whole = samples === 0 ? passed[0]! : t.must("concat", { along: BATCH }, passed.map((p) => t.must("unsqueeze", { axis: BATCH }, [p])));
  return { kind: "tensor", id: t.must("stop", {}, [whole]) };
}
