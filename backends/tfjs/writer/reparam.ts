// A reparam sees a weight as the matrix [rest, out], whatever layer it belongs to; a vector is a matrix of one column.
import type { Span } from "../../../dsl/source";
import { apply } from "./apply";
import type { Body } from "./body";
import { asFunction } from "./hand";
import type { TensorValue, TextValue } from "./values";

export function applyReparam(b: Body, reparam: TextValue, weight: TensorValue, span: Span): TextValue {
  if (weight.axes.includes("rest")) return apply(b, reparam, [weight], new Map(), span, "w", true);
  const text = asFunction(b, reparam, span, () => void b.apart(() => applyReparam(b, reparam, b.project.tensor("w", ["rest", "out"]), span)));
  return b.project.tensor(`reparamVector(${b.scope.text()}, ${text}, ${weight.text})`, weight.axes, { effect: true, nets: weight.nets });
}
