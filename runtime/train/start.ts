// The main thread's side: starts the worker, hears from it, and asks it to stop.
import { Worker } from "node:worker_threads";
import type { Program } from "../../compiler/program.ts";
import type { Models } from "../engine/onnx.ts";
import { UserError } from "../files/errors.ts";
import type { Emit, Outcome, TrainSettings } from "./types.ts";

export interface ToWorker {
  readonly program: Program;
  readonly models: readonly (readonly [name: string, bytes: Uint8Array])[];
  readonly settings: TrainSettings;
  /** One shared number: not 0 once the training should stop. A message would wait for the step's end anyway, and for its turn. */
  readonly stop: Int32Array;
}

export type FromWorker =
  | { readonly kind: "event"; readonly event: Parameters<Emit>[0] }
  | { readonly kind: "done"; readonly outcome: Outcome }
  | { readonly kind: "failed"; readonly message: string; readonly hint: string | undefined }
  | { readonly kind: "broken"; readonly message: string };

export interface Training {
  /** Rejects with a UserError for what a person can mend. */
  readonly done: Promise<Outcome>;
  /** After the step under way: a checkpoint is saved, then `done` resolves. */
  stop(): void;
}

export interface StartOptions {
  readonly onEvent: Emit;
  /** Where the bundled worker.ts lies; beside this file's bundle unless given. */
  readonly worker?: URL;
}

export function startTraining(program: Program, models: Models, settings: TrainSettings, options: StartOptions): Training {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const workerData: ToWorker = { program, models: [...models], settings, stop };
  const worker = new Worker(options.worker ?? new URL("./worker.js", import.meta.url), { workerData });
  const done = new Promise<Outcome>((resolve, reject) => {
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "event") options.onEvent(message.event);
      else if (message.kind === "done") resolve(message.outcome);
      else if (message.kind === "failed") reject(new UserError(message.message, message.hint));
      else reject(new Error(message.message));
    });
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the training thread ended with code ${code}`))); // after `done`: no effect
  });
  return { done, stop: () => void Atomics.store(stop, 0, 1) };
}

/** Milliseconds within which two signals are one. */
const ONE_PRESS = 300;

/**
 * Ctrl-C once: stop after this step and save. Twice: leave at once, as if the signal had never been caught (exiting in order would wait
 * for onnxruntime); the last checkpoint is whole in any case. Returns what undoes it.
 */
export function stopOnInterrupt(training: Training, say: (line: string) => void): () => void {
  const signals = ["SIGINT", "SIGTERM"] as const;
  let asked: number | undefined;
  const undo = (): void => signals.forEach((signal) => void process.off(signal, interrupt));
  const interrupt = (signal: NodeJS.Signals): void => {
    if (asked !== undefined) {
      // A terminal's signal and one that a parent passes on are one Ctrl-C.
      if (performance.now() - asked < ONE_PRESS) return;
      undo();
      process.kill(process.pid, signal);
      return;
    }
    asked = performance.now();
    say("stopping after this step; a checkpoint will be saved (Ctrl-C again: leave at once, without)");
    training.stop();
  };
  for (const signal of signals) process.on(signal, interrupt);
  return undo;
}
