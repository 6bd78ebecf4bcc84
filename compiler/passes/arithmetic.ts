// Rules of arithmetic: constants gather, negations move outwards until a sum takes them in.
import type { Builder } from "../graph/builder";
import type { GraphNode, NodeId } from "../graph/types";
import { constantOf, filled, localPass, negated, times, withConstant } from "./pass";

export const arithmetic = localPass(
  "arithmetic",
  "x + 0, x + x, x·1, x·0, x / k, (k·x) / y, −(−x), a + (−b), k₁·(k₂·x), powers with a simpler name",
  (b, node, inputs) => {
    switch (node.op) {
      case "add":
        return sum(b, inputs as [NodeId, NodeId]);
      case "sub":
        return difference(b, inputs as [NodeId, NodeId]);
      case "mul":
        return product(b, node, inputs as [NodeId, NodeId]);
      case "div":
        return quotient(b, inputs as [NodeId, NodeId]);
      case "neg":
        return negation(b, inputs[0]!);
      case "power":
        return power(b, node, node.attrs.exponent, inputs[0]!);
      case "maximum":
      case "minimum":
        return inputs[0] === inputs[1] ? inputs[0] : undefined;
      case "relu":
      case "relu_adjoint":
        return node.attrs.slope === 1 ? inputs[0] : undefined;
      default:
        return undefined;
    }
  },
);

/** x, where the node is −x. */
const minus = (b: Builder, id: NodeId): NodeId | undefined => {
  const node = b.node(id);
  return node.op === "neg" ? node.inputs[0] : undefined;
};

function sum(b: Builder, [x, y]: [NodeId, NodeId]): NodeId | undefined {
  const known = withConstant(b, [x, y]);
  if (known?.k === 0) return known.x;
  const [mx, my] = [minus(b, x), minus(b, y)];
  if (my !== undefined) return b.add("sub", {}, [x, my]);
  if (mx !== undefined) return b.add("sub", {}, [y, mx]);
  if (x === y) return times(b, x, 2);
  const inner = known && b.node(known.x);
  if (inner?.op !== "add") return undefined;
  const deeper = withConstant(b, inner.inputs);
  return deeper && b.add("add", {}, [deeper.x, b.constant(known!.k + deeper.k)]);
}

function difference(b: Builder, [x, y]: [NodeId, NodeId]): NodeId | undefined {
  if (constantOf(b, y) === 0) return x;
  if (constantOf(b, x) === 0) return negated(b, y);
  const my = minus(b, y);
  if (my !== undefined) return b.add("add", {}, [x, my]);
  const k = constantOf(b, y);
  return k === undefined ? undefined : b.add("add", {}, [x, b.constant(-k)]);
}

function product(b: Builder, node: GraphNode, [x, y]: [NodeId, NodeId]): NodeId | undefined {
  const known = withConstant(b, [x, y]);
  if (known) {
    if (known.k === 1) return known.x;
    if (known.k === 0) return filled(b, node.shape, 0);
    if (known.k === -1) return negated(b, known.x);
    const inner = b.node(known.x);
    if (inner.op === "neg") return times(b, inner.inputs[0]!, -known.k);
    const deeper = inner.op === "mul" ? withConstant(b, inner.inputs) : undefined;
    return deeper && times(b, deeper.x, known.k * deeper.k);
  }
  const [mx, my] = [minus(b, x), minus(b, y)];
  if (mx !== undefined && my !== undefined) return b.add("mul", {}, [mx, my]);
  if (mx !== undefined) return negated(b, b.add("mul", {}, [mx, y]));
  if (my !== undefined) return negated(b, b.add("mul", {}, [x, my]));
  return undefined;
}

function quotient(b: Builder, [x, y]: [NodeId, NodeId]): NodeId | undefined {
  const k = constantOf(b, y);
  if (k !== undefined && k !== 0) return times(b, x, 1 / k);
  const inner = b.node(x);
  const scaled = inner.op === "mul" ? withConstant(b, inner.inputs) : undefined;
  // A smaller x would be scaled after it has become as large as y.
  if (scaled && b.shape(y).length <= b.shape(scaled.x).length) return times(b, b.add("div", {}, [scaled.x, y]), scaled.k);
  const [mx, my] = [minus(b, x), minus(b, y)];
  if (mx !== undefined) return negated(b, b.add("div", {}, [mx, y]));
  return my !== undefined ? negated(b, b.add("div", {}, [x, my])) : undefined;
}

function negation(b: Builder, x: NodeId): NodeId | undefined {
  const inner = b.node(x);
  if (inner.op === "neg") return inner.inputs[0];
  if (inner.op === "sub") return b.add("sub", {}, [inner.inputs[1]!, inner.inputs[0]!]);
  const known = inner.op === "mul" ? withConstant(b, inner.inputs) : undefined;
  return known && times(b, known.x, -known.k);
}

function power(b: Builder, node: GraphNode, exponent: number, x: NodeId): NodeId | undefined {
  if (exponent === 1) return x;
  if (exponent === 0) return filled(b, node.shape, 1);
  if (exponent === 2) return b.add("mul", {}, [x, x]);
  if (exponent === 0.5) return b.add("sqrt", {}, [x]);
  return exponent === -1 ? b.add("reciprocal", {}, [x]) : undefined;
}
