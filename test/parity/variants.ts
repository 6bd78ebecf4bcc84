// The base, the seven ablation variants and the full model, at sizes a test can afford.
import { compile, type Compiled } from "../../compiler/compile";
import { readSmooth } from "./smooth";
import { SPEC, UGATIT } from "./spec";

export const VARIANTS: readonly string[] = ["base", "without_cam", "without_g_cam", "without_d_cam", "norm_in", "norm_ln", "norm_adain", "norm_gn", "full"];

/** 8 channels at least, for GN's 8 groups. */
export const CH = 8;
const LAYERS = [`ch=${CH}`, "blocks=1"];
/** The size the issue asks for, and the global critic's depth that fits it. */
export const AT_64 = [...LAYERS, "size=64", "global_depth=6"];
export const SMALL = [...LAYERS, "size=24", "global_depth=5", "local_depth=4"];

export interface Options {
  readonly text?: string;
  readonly read?: (path: string) => string | undefined;
  readonly without?: readonly string[];
}

/** What engines are held to in float32: the PyTorch code's variants, and the TensorFlow code. */
export const DIALECTS: readonly string[] = [...VARIANTS, "tensorflow", ...(process.env["GANC_PARITY"] === "all" ? ["tensorflow full"] : [])];

/** @param variant "base", or variants with spaces between */
export function compileVariant(variant: string, set: readonly string[], options: Options = {}): Compiled {
  const compiled = compile(
    { path: SPEC, text: options.text ?? UGATIT },
    { set, variants: variant === "base" ? [] : variant.split(" "), read: options.read ?? readSmooth, without: options.without ?? [] },
  );
  if (!compiled.program) throw new Error(`${variant} does not compile: ${compiled.diagnostics.map((d) => `${d.code} ${d.message}`).join("; ")}`);
  return compiled;
}
