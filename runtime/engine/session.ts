// How we open onnxruntime. Loaded at first use: commands that run no model should not wait for a 30 MB library.
import type * as OrtModule from "onnxruntime-node";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { PLAIN } from "../../compiler/program.ts";
import { IDLE } from "./optimizers.ts";

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
  /** One of a training's dozens of graphs, which are to be open soon. */
  readonly step?: boolean;
  /** Where onnxruntime writes what each operator took: a path without its end. */
  readonly profile?: string;
}

/**
 * Microseconds that a thread spins while it waits for work: longer than between two operators of a step, and not the 40 ms of the default, which
 * every session's thread spins as soon as it exists: a training's 36 sessions kept the second core busy for 1.4 s.
 */
const SPIN = 2000;

/** Every option was chosen by measurement on Linux x64. */
export async function openSession(model: Uint8Array, settings: SessionSettings = {}): Promise<InferenceSession> {
  const ort = await loadOrt();
  return ort.InferenceSession.create(model, {
    executionProviders: ["cpu"],
    intraOpNumThreads: settings.threads ?? 2,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: settings.step && isPlain(model) ? "disabled" : "all",
    enableCpuMemArena: settings.arena ?? false,
    enableMemPattern: false,
    // 3: errors. A warning of onnxruntime's speaks of its own optimizer, not of anything a user could change.
    logSeverityLevel: 3,
    ...(settings.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: settings.profile }),
    extra: {
      // A step's graphs go through the optimizers once: a second time they find nothing more in what we write.
      session: { force_spinning_stop: "1", ...(settings.step ? { graph_optimizations_loop_level: "0" } : {}), intra_op: { spin_duration_us: String(SPIN) } },
      ...(settings.step ? { optimization: { disable_specified_optimizers: IDLE } } : {}),
    },
  });
}

/** As its metadata say. Whoever happens to say the same elsewhere in a model only has it run as it is written. */
const isPlain = (model: Uint8Array): boolean => Buffer.from(model.buffer, model.byteOffset, model.byteLength).includes(PLAIN);

export type Tensors = Record<string, Tensor>;
