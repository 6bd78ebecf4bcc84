// The smooth copy of specs/ugatit.gan, on which float32 has no edges to fall over: tanh for relu and leaky relu, mse for l1, mean for max,
// Adam's eps 1. Made by replacing text, so that the copy follows the spec; each replacement must find something, and smooth.test.ts walks the
// compiled step for what is left with a kink. PyTorch's side of it: `smooth` in test/oracle/ugatit_nets.py.
import { replaced, SPEC, textOf, UGATIT } from "./spec";

const REPLACED: readonly (readonly [from: string | RegExp, to: string])[] = [
  ["leaky_relu(0.2)", "tanh"],
  [/\brelu\b/g, "tanh"],
  [/\bl1\(/g, "mse("],
  ["eps: 1e-8", "eps: 1.0"],
  [`"std/heads"`, `"./smooth.gan"`],
];

export interface SmoothSource {
  readonly path: string;
  readonly text: string;
  /** For `CompileOptions.read`: gives the heads that the text imports. */
  readonly read: (path: string) => string | undefined;
}

/** compile(smoothSource(), { set, variants, read: smoothSource().read }): any variant of the spec, without its kinks. */
export function smoothSource(text = UGATIT): SmoothSource {
  return { path: SPEC, text: REPLACED.reduce((t, [from, to]) => replaced(t, from, to), text), read: readSmooth };
}

export function readSmooth(path: string): string | undefined {
  return path.endsWith("smooth.gan") ? replaced(textOf("dsl/std/heads.gan"), /\bmax\(/g, "mean(") : undefined;
}
