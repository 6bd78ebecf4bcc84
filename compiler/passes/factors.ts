// Factors that lack axes of what they scale are brought together, and out of sums: the large tensor is touched once.
import type { Builder } from "../graph/builder";
import { axesOf, hasAxis } from "../graph/shape";
import type { NodeId, NodeOf } from "../graph/types";
import { filled, localPass, negated } from "./pass";

export const factors = localPass(
  "factors",
  "Σ s·x → s·Σ x where s lacks the axes, Σ (x − mean x) → 0, (x·s)·t → x·(s·t) and x / s → x·(1/s) where s and t are smaller than x",
  (b, node, inputs) => {
    switch (node.op) {
      case "sum":
      case "mean":
        return outOfSum(b, node, inputs[0]!);
      case "mul":
        return together(b, inputs[0]!, inputs[1]!) ?? together(b, inputs[1]!, inputs[0]!);
      case "div": {
        const [x, s] = inputs as [NodeId, NodeId];
        return isSmaller(b, s, x) ? b.add("mul", {}, [x, b.add("reciprocal", {}, [s])]) : undefined;
      }
      default:
        return undefined;
    }
  },
);

/** s lacks an axis of x, and has none of its own. */
const isSmaller = (b: Builder, s: NodeId, x: NodeId): boolean =>
  b.shape(s).length < b.shape(x).length && axesOf(b.shape(s)).every((axis) => hasAxis(b.shape(x), axis));

function outOfSum(b: Builder, node: NodeOf<"sum"> | NodeOf<"mean">, x: NodeId): NodeId | undefined {
  const { over } = node.attrs;
  if (over.length === 0) return undefined;
  const inner = b.node(x);
  if (inner.op === "neg") return negated(b, b.add(node.op, { over }, inner.inputs));
  if (inner.op === "sub" && isOwnMean(b, inner.inputs, over)) return filled(b, node.shape, 0);
  if (inner.op !== "mul") return undefined;
  for (const i of [0, 1]) {
    const [s, rest] = [inner.inputs[i]!, inner.inputs[1 - i]!];
    const lacks = over.filter((axis) => !hasAxis(b.shape(s), axis));
    if (lacks.length === 0) continue;
    const scaled = b.add("mul", {}, [b.add(node.op, { over: lacks }, [rest]), s]);
    const left = over.filter((axis) => !lacks.includes(axis));
    return left.length > 0 ? b.add(node.op, { over: left }, [scaled]) : scaled;
  }
  return undefined;
}

/** Of x and y: y is the mean of x, over no other axes than these. */
function isOwnMean(b: Builder, [x, y]: readonly NodeId[], over: readonly string[]): boolean {
  const mean = b.node(y!);
  return mean.op === "mean" && mean.inputs[0] === x && mean.attrs.over.every((axis) => over.includes(axis));
}

/** (x·s)·t → x·(s·t) */
function together(b: Builder, product: NodeId, t: NodeId): NodeId | undefined {
  const inner = b.node(product);
  if (inner.op !== "mul" || !isSmaller(b, t, product)) return undefined;
  for (const i of [0, 1]) {
    const [s, x] = [inner.inputs[i]!, inner.inputs[1 - i]!];
    if (!isSmaller(b, s, x) || !isSmaller(b, t, x)) continue;
    const both = b.add("mul", {}, [s, t]);
    if (isSmaller(b, both, x)) return b.add("mul", {}, [x, both]);
  }
  return undefined;
}
