// How we open onnxruntime. Loaded at first use: commands that run no model should not wait for a 30 MB library.
import type * as OrtModule from "onnxruntime-node";
import type { InferenceSession, Tensor } from "onnxruntime-node";

export type Ort = typeof OrtModule;

let loading: Promise<Ort> | undefined;

export function loadOrt(): Promise<Ort> {
  loading ??= import("onnxruntime-node").then((module) => ("default" in module ? (module.default as Ort) : module));
  return loading;
}

export interface SessionSettings {
  /** Threads of one operation; 2 unless said. */
  readonly threads?: number;
  /** Worth its memory where a graph runs once a picture (inference), not in a training step. */
  readonly arena?: boolean;
  /** Where onnxruntime writes what each operator took: a path without its end. */
  readonly profile?: string;
}

/** Every option was chosen by measurement on Linux x64. */
export async function openSession(model: Uint8Array, settings: SessionSettings = {}): Promise<InferenceSession> {
  const ort = await loadOrt();
  return ort.InferenceSession.create(model, {
    executionProviders: ["cpu"],
    intraOpNumThreads: settings.threads ?? 2,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    enableCpuMemArena: settings.arena ?? false,
    enableMemPattern: false,
    // 3: errors. A warning of onnxruntime's speaks of its own optimizer, not of anything a user could change.
    logSeverityLevel: 3,
    ...(settings.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: settings.profile }),
    extra: { session: { force_spinning_stop: "1" } },
  });
}

export type Tensors = Record<string, Tensor>;
