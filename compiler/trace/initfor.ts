// Rule 13: what the net's `init` says of a layer's setting, else the operation's default.
import { rules } from "../diagnostics/table";
import type { InitRecipe } from "./init";
import type { Tracer } from "./tracer";
import { isKind, type Value } from "./values";

export const DEFAULT: InitRecipe = { kind: "uniform_fan_in" };

/** An `init` value as a recipe: `normal(0, 0.02)`, bare `normal`, or a number. */
export function asRecipe(t: Tracer, v: Value): InitRecipe | undefined {
  if (typeof v === "number") return { kind: "constant", value: v };
  if (isKind(v, "init")) return v.recipe;
  if (isKind(v, "slot")) return asRecipe(t, v.value);
  if (!isKind(v, "builtin") && !isKind(v, "function")) return undefined;
  const made = t.call(v);
  return made === v || isKind(made, "poison") ? undefined : asRecipe(t, made);
}

export function initFor(t: Tracer, layer: string, setting: "weight" | "bias"): InitRecipe {
  const init = t.scope.netInit;
  if (init === undefined) return DEFAULT;
  if (isKind(init, "record")) {
    const named = setting === "weight" ? init.fields.get(layer) : init.fields.get("bias");
    return (named !== undefined ? asRecipe(t, named) : undefined) ?? DEFAULT;
  }
  const recipe = asRecipe(t, init);
  if (!recipe) {
    t.report(rules.wrongKind, { what: "init", expected: "an initialization such as normal(0, 0.02)", got: "another value" });
    return DEFAULT;
  }
  return setting === "bias" ? { kind: "constant", value: 0 } : recipe;
}
