// The main thread's side: starts the worker, hears from it, and asks it to stop.
import { SHARE_ENV, Worker } from "node:worker_threads";
import type { Program } from "../../compiler/program.ts";
import { collectGarbage } from "../engine/collect.ts";
import { UserError } from "../files/errors.ts";
import type { Emit, Outcome, TrainSettings } from "./types.ts";

export interface ToWorker {
  readonly program: Program;
  readonly settings: TrainSettings;
  /** One shared number: not 0 once the training should stop. A message would wait for the step's end anyway, and for its turn. */
  readonly stop: Int32Array;
}

/** Follows, once a model file; it is the worker's then. */
export interface ModelToWorker {
  readonly name: string;
  readonly bytes: Uint8Array;
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

/**
 * @param models files by name, taken one by one: while this thread makes the next, the worker opens the last. If making one throws, the
 * training ends with that before it has begun.
 */
export function startTraining(program: Program, models: Iterable<readonly [name: string, bytes: Uint8Array]>, settings: TrainSettings, options: StartOptions): Training {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const workerData: ToWorker = { program, settings, stop };
  // TensorFlow's library reads the process's own environment, which a thread has only so.
  const worker = new Worker(options.worker ?? new URL("./worker.js", import.meta.url), { workerData, ...(settings.tfjs ? { env: SHARE_ENV } : {}) });
  // Not from within `done`, whose closures live as long as the training: they would keep what makes the models, and the compiled graphs with it.
  const handed = hand(models, worker);
  const done = new Promise<Outcome>((resolve, reject) => {
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "event") options.onEvent(message.event);
      else if (message.kind === "done") resolve(message.outcome);
      else if (message.kind === "failed") reject(new UserError(message.message, message.hint));
      else reject(new Error(message.message));
    });
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the training thread ended with code ${code}`))); // after `done`: no effect
    handed.then(collectGarbage, (e: unknown) => {
      reject(e instanceof Error ? e : new Error(String(e)));
      void worker.terminate();
    });
  });
  return { done, stop: () => void Atomics.store(stop, 0, 1) };
}

async function hand(models: Iterable<readonly [string, Uint8Array]>, worker: Worker): Promise<void> {
  for (const [name, bytes] of models) {
    const message: ModelToWorker = { name, bytes };
    worker.postMessage(message);
    // Signals and the worker's own messages have their turn between two.
    await new Promise((resolve) => setImmediate(resolve));
  }
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
