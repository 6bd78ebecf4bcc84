// A repeated value is not needed where operands combine by name: repeats move outwards, and vanish where they can.
import type { Builder } from "../graph/builder";
import { hasAxis, sameShape, type Shape } from "../graph/shape";
import type { GraphNode, NodeId, NodeOf, OpName } from "../graph/types";
import { localPass, times } from "./pass";

export const broadcast = localPass(
  "broadcast",
  "f(expand(a), b) → f(a, b) where b has the axes, f(expand(a)) → expand(f(a)), sum(expand(a)) → n·a",
  (b, node, inputs) => {
    switch (node.op) {
      case "neg":
      case "exp":
      case "log":
      case "sqrt":
      case "tanh":
      case "sigmoid":
      case "softplus":
      case "abs":
      case "sign":
      case "reciprocal":
      case "relu":
      case "power":
      case "add":
      case "sub":
      case "mul":
      case "div":
      case "maximum":
      case "minimum":
      case "greater":
      case "relu_adjoint":
        return elementwise(b, node, inputs);
      case "sum":
      case "mean":
        return reduction(b, node, inputs[0]!);
      case "expand": {
        const a = unexpanded(b, inputs[0]!);
        return a === undefined ? undefined : b.add("expand", node.attrs, [a]);
      }
      case "slice": {
        const a = unexpanded(b, inputs[0]!);
        return a === undefined || hasAxis(b.shape(a), node.attrs.axis) ? undefined : b.add("expand", { shape: node.shape }, [a]);
      }
      case "contract":
        return contraction(b, node, inputs as [NodeId, NodeId]);
      default:
        return undefined;
    }
  },
);

/** What an expand repeats along axes that it adds. */
function unexpanded(b: Builder, id: NodeId): NodeId | undefined {
  const node = b.node(id);
  if (node.op !== "expand") return undefined;
  const from = node.inputs[0]!;
  return b.shape(from).length < node.shape.length ? from : undefined;
}

const inShape = (b: Builder, x: NodeId, shape: Shape): NodeId => (sameShape(b.shape(x), shape) ? x : b.add("expand", { shape }, [x]));

function elementwise<K extends OpName>(b: Builder, node: NodeOf<K>, inputs: readonly NodeId[]): NodeId | undefined {
  const bare = inputs.map((i) => unexpanded(b, i));
  if (bare.every((a) => a === undefined)) return undefined;
  return inShape(b, b.add(node.op, node.attrs, inputs.map((i, at) => bare[at] ?? i)), node.shape);
}

function reduction(b: Builder, node: NodeOf<"sum"> | NodeOf<"mean">, x: NodeId): NodeId | undefined {
  const a = unexpanded(b, x);
  if (a === undefined) return undefined;
  const over = node.attrs.over.filter((axis) => hasAxis(b.shape(a), axis));
  const kept = over.length > 0 ? b.add(node.op, { over }, [a]) : a;
  if (node.op === "mean") return inShape(b, kept, node.shape);
  let n = 1;
  for (const { axis, dim } of b.shape(x)) {
    if (!node.attrs.over.includes(axis) || hasAxis(b.shape(a), axis)) continue;
    // The size of a free axis is read from a tensor that has it: the repeated one itself.
    if (typeof dim !== "number") return undefined;
    n *= dim;
  }
  return inShape(b, n === 1 ? kept : times(b, kept, n), node.shape);
}

/** Where one operand is constant along a summed axis, the other one is summed there alone. */
function contraction(b: Builder, node: GraphNode & { op: "contract" }, inputs: readonly [NodeId, NodeId]): NodeId | undefined {
  for (const i of [0, 1] as const) {
    const a = unexpanded(b, inputs[i]);
    if (a === undefined) continue;
    const over = node.attrs.over.filter((axis) => hasAxis(b.shape(a), axis));
    const alone = node.attrs.over.filter((axis) => !over.includes(axis));
    const other = alone.length > 0 ? b.add("sum", { over: alone }, [inputs[1 - i]!]) : inputs[1 - i]!;
    const operands = i === 0 ? [a, other] : [other, a];
    return inShape(b, over.length > 0 ? b.add("contract", { over }, operands) : b.add("mul", {}, operands), node.shape);
  }
  return undefined;
}
