// How a `learn` or `state` starts, before its dims are known. Rule 13 decides which recipe applies.
import type { InitSpec } from "../program";

export type InitRecipe =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly mean: number; readonly std: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "unit_normal" }
  /** U(±1/sqrt(fan in)): PyTorch's default of Conv2d and Linear (kaiming_uniform with a = sqrt 5). */
  | { readonly kind: "uniform_fan_in" }
  /** N(0, 2/fan in), He et al. 2015. */
  | { readonly kind: "kaiming_normal" }
  /** N(0, 2/(fan in + fan out)), Glorot & Bengio 2010. */
  | { readonly kind: "xavier_normal"; readonly gain: number };

/** The recipe with this tensor's fans filled in. */
export function resolveInit(recipe: InitRecipe, fanIn: number, fanOut: number): InitSpec {
  switch (recipe.kind) {
    case "constant":
    case "normal":
    case "uniform":
    case "unit_normal":
      return recipe;
    case "uniform_fan_in": {
      const bound = 1 / Math.sqrt(fanIn);
      return { kind: "uniform", low: -bound, high: bound };
    }
    case "kaiming_normal":
      return { kind: "normal", mean: 0, std: Math.sqrt(2 / fanIn) };
    case "xavier_normal":
      return { kind: "normal", mean: 0, std: recipe.gain * Math.sqrt(2 / (fanIn + fanOut)) };
  }
}
