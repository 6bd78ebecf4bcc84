// Rule 13: what the net's `init` says of a layer's setting, else the operation's default.
import { rules } from "../diagnostics/table";
import type { InitRecipe } from "./init";
import type { Tracer } from "./tracer";
import { nearest } from "../diagnostics/near";
import type { Span } from "../../dsl/source";
import { isKind, isNone, isPoison, kindName, type Value } from "./values";

export const DEFAULT: InitRecipe = { kind: "uniform_fan_in" };

/** An `init` value as a recipe: `normal(0, 0.02)`, bare `normal`, or a number. */
export function asRecipe(t: Tracer, v: Value): InitRecipe | undefined {
  if (typeof v === "number") return { kind: "constant", value: v };
  if (isKind(v, "init")) return v.recipe;
  if (isKind(v, "slot")) return asRecipe(t, v.value);
  // Only what makes an initialization without arguments: `relu` or `IN` would fail, or never end.
  const makes = isKind(v, "builtin") ? !v.spec.stage && v.spec.parameters.every((p) => p.default !== undefined) : isKind(v, "function") && v.decl.keyword === "init";
  if (!makes) return undefined;
  const made = t.call(v);
  return made === v || isKind(made, "poison") ? undefined : asRecipe(t, made);
}

/** What an `init { ... }` may name: the kinds of layers, and their biases. */
const LAYERS = ["conv", "linear", "bias"];

/** False, and reported, where `init` of a net is no initialization. `none` leaves each operation its own default. */
export function checkInit(t: Tracer, init: Value, span: Span): boolean {
  const all = isKind(init, "record") ? [...init.fields] : [["", init] as const];
  for (const [layer, v] of all) {
    if (layer !== "" && !LAYERS.includes(layer)) {
      t.report(rules.unknownField, { name: layer, of: "init", near: nearest(layer, LAYERS), known: LAYERS }, span);
      return false;
    }
    if (isPoison(v) || isNone(v) || asRecipe(t, v)) continue;
    t.report(rules.wrongKind, { what: layer === "" ? "`init`" : `\`${layer}\` of \`init\``, expected: "an initialization such as normal(0, 0.02)", got: kindName(v) }, span);
    return false;
  }
  return true;
}

export function initFor(t: Tracer, layer: string, setting: "weight" | "bias"): InitRecipe {
  const init = t.scope.netInit;
  if (init === undefined || isNone(init)) return DEFAULT;
  if (isKind(init, "record")) {
    const named = setting === "weight" ? init.fields.get(layer) : init.fields.get("bias");
    return (named !== undefined ? asRecipe(t, named) : undefined) ?? DEFAULT;
  }
  const recipe = asRecipe(t, init) ?? DEFAULT;
  return setting === "bias" ? { kind: "constant", value: 0 } : recipe;
}
