// A Reparam sees a weight as a matrix [out, rest], whatever layer it belongs to; a vector is one row.
import type { Span } from "../../dsl/source";
import { axesOf, hasAxis, sameShape, showShape } from "../graph/shape";
import type { NodeId } from "../graph/types";
import type { Tracer } from "./tracer";
import { rules } from "../diagnostics/table";
import { isKind, isNone, isPoison, isTensor, kindName, type Value } from "./values";

export const isPlain = (v: Value): boolean =>
  isNone(v) || (isKind(v, "slot") ? isPlain(v.value) : isKind(v, "builtin") && (v.spec.name === "plain" || v.spec.name === "identity"));

/** A reparam gives back a weight of the axes it was given. */
function sameWeight(t: Tracer, made: Value, given: NodeId, span: Span): Value {
  if (isPoison(made)) return made;
  const shape = t.b.shape(given);
  if (isTensor(made) && sameShape(t.b.shape(made.id), shape)) return made;
  const got = isTensor(made) ? showShape(t.b.shape(made.id)) : kindName(made);
  return t.report(rules.argumentShape, { what: "a layer whose weight is reparametrized", expected: `${showShape(shape)} back`, got }, span);
}

export function applyReparam(t: Tracer, reparam: Value, weight: NodeId, span: Span): Value {
  if (isPlain(reparam)) return { kind: "tensor", id: weight };
  const shape = t.b.shape(weight);
  const asTensor = (id: NodeId): Value => ({ kind: "tensor", id });
  if (!hasAxis(shape, "out")) {
    const inner = axesOf(shape);
    const row = t.must("flatten", { axes: inner, into: "rest" }, [t.must("unsqueeze", { axis: "out" }, [weight])]);
    const made = sameWeight(t, t.apply(reparam, [asTensor(row)], new Map(), span), row, span);
    if (!isTensor(made)) return made;
    return asTensor(t.must("unflatten", { axis: "rest", into: shape }, [t.must("squeeze", { axis: "out" }, [made.id])]));
  }
  const rest = shape.filter((a) => a.axis !== "out");
  const matrix = t.must("flatten", { axes: rest.map((a) => a.axis), into: "rest" }, [weight]);
  const made = sameWeight(t, t.apply(reparam, [asTensor(matrix)], new Map(), span), matrix, span);
  return isTensor(made) ? asTensor(t.must("unflatten", { axis: "rest", into: rest }, [made.id])) : made;
}
