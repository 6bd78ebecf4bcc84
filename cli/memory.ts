// `--memory`: a step that fits into so many bytes, by computing values again rather than keeping them.
import type { CompileOptions, Source } from "../compiler/compile";
import { plan } from "../compiler/describe/plan";
import { RECOMPUTE } from "../compiler/train/recompute";
import { UserError } from "../runtime/files/errors";
import type { Choices } from "./options";
import { loadOrFail, type Loaded } from "./spec";

/** The spec compiled so that its training is foreseen to fit: what is let go is as little as will do. Without `memory` nothing is. */
export function loadFitting(spec: string | Source, { memory, ...choices }: Choices & { memory?: number }, options: CompileOptions = {}): Loaded {
  if (memory === undefined) return loadOrFail(spec, choices, options);
  let least = Infinity;
  for (const recompute of RECOMPUTE) {
    // None of them is known to be the one that is trained.
    const c = loadOrFail(spec, choices, { ...options, recompute, onTrained: undefined, onGraph: undefined });
    const needs = plan(c)?.training.total ?? 0;
    if (needs <= memory) return c;
    least = Math.min(least, needs);
  }
  throw new UserError(`${typeof spec === "string" ? spec : spec.path} cannot be trained in ${show(memory)}: the least it needs is ${show(least)}`, `give it --memory ${show(Math.ceil(least / 1e7) * 1e7).replace(" ", "")}, or a smaller size, ch or batch`);
}

const show = (bytes: number): string => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(0)} MB`);
