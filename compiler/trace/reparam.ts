// A Reparam sees a weight as a matrix [out, rest], whatever layer it belongs to; a vector is one row.
import type { Span } from "../../dsl/source";
import { axesOf, hasAxis } from "../graph/shape";
import type { NodeId } from "../graph/types";
import type { Tracer } from "./tracer";
import { isKind, isNone, isTensor, type Value } from "./values";

export const isPlain = (v: Value): boolean =>
  isNone(v) || (isKind(v, "slot") ? isPlain(v.value) : isKind(v, "builtin") && (v.spec.name === "plain" || v.spec.name === "identity"));

export function applyReparam(t: Tracer, reparam: Value, weight: NodeId, span: Span): Value {
  if (isPlain(reparam)) return { kind: "tensor", id: weight };
  const shape = t.b.shape(weight);
  const asTensor = (id: NodeId): Value => ({ kind: "tensor", id });
  if (!hasAxis(shape, "out")) {
    const inner = axesOf(shape);
    const row = t.must("flatten", { axes: inner, into: "rest" }, [t.must("unsqueeze", { axis: "out" }, [weight])]);
    const made = t.apply(reparam, [asTensor(row)], new Map(), span);
    if (!isTensor(made)) return made;
    return asTensor(t.must("unflatten", { axis: "rest", into: shape }, [t.must("squeeze", { axis: "out" }, [made.id])]));
  }
  const rest = shape.filter((a) => a.axis !== "out");
  const matrix = t.must("flatten", { axes: rest.map((a) => a.axis), into: "rest" }, [weight]);
  const made = t.apply(reparam, [asTensor(matrix)], new Map(), span);
  return isTensor(made) ? asTensor(t.must("unflatten", { axis: "rest", into: rest }, [made.id])) : made;
}
