// The main thread's side: starts the worker, hears from it, and asks it to stop.
import { freemem } from "node:os";
import { SHARE_ENV, Worker } from "node:worker_threads";
import type { Program } from "../../compiler/program.ts";
import { collectGarbage } from "../engine/collect.ts";
import { bytesOfTrained, type Weights } from "../engine/update/begun.ts";
import { UserError } from "../files/errors.ts";
import type { Emit, Outcome, TrainSettings } from "./types.ts";

/** To the thread, in this order: perhaps what weights will be trained; perhaps models of steps; once what to train; then each model that is left. */
export type ToWorker =
  | { readonly kind: "expect"; readonly weights: readonly Weights[]; readonly seed: number | undefined }
  | {
      readonly kind: "begin";
      readonly program: Program;
      readonly settings: TrainSettings;
      /** One shared number: not 0 once the training should stop. A message would wait for the step's end anyway, and for its turn. */
      readonly stop: Int32Array;
    }
  | { readonly kind: "model"; readonly name: string; readonly bytes: Uint8Array }
  /** That was the last of them. */
  | { readonly kind: "complete" }
  /** Instead of what is still to come. */
  | { readonly kind: "nothing" };

/** A model's name and its bytes. */
export type ModelFile = readonly [name: string, bytes: Uint8Array];

/** What the thread is made with. */
export interface WorkerData {
  /** Whether onnxruntime is to be loaded at once. */
  readonly onnx: boolean;
  /** Of one operation of models that come before it is said what to train. */
  readonly threads?: number | undefined;
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

/** A thread that has loaded what it trains with, or is about to, and waits for something to train. */
export interface TrainingThread {
  readonly worker: Worker;
  /** Rejects when it ends, whatever the reason. */
  readonly ended: Promise<never>;
  /** Whether onnxruntime may be at work in it. */
  readonly onnx: boolean;
}

/**
 * Opened before the spec is compiled: loading onnxruntime and sharp takes the other core half a second. A process that has nothing else to do
 * ends without waiting for it.
 *
 * @param file where the bundled worker.ts lies; beside this file's bundle unless given
 */
export function openThread(workerData: WorkerData, file = new URL("./worker.js", import.meta.url)): TrainingThread {
  // TensorFlow's library reads the process's own environment, which a thread has only so.
  const worker = new Worker(file, { workerData, ...(workerData.onnx ? {} : { env: SHARE_ENV }) });
  worker.unref();
  const ended = new Promise<never>((_, reject) => {
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the training thread ended with code ${code}`)));
  });
  ended.catch(() => undefined); // whoever starts a training in it hears of it
  return { worker, ended, onnx: workerData.onnx };
}

/** Ends a thread for which there is nothing to train. */
export async function closeThread(thread: TrainingThread): Promise<void> {
  const { worker, ended } = thread;
  leave(thread);
  worker.ref();
  await ended.catch(() => undefined);
}

/** Torn from its loading or from a model that it opens, onnxruntime-node brings down the whole process (an exception of N-API that nobody catches). */
function leave({ worker, onnx }: TrainingThread): void {
  if (onnx) tell(worker, { kind: "nothing" });
  else void worker.terminate();
}

/**
 * Tells the thread what is coming while it waits: it makes the memory of these weights and their moments ready. Not where that is much of
 * what the system has left: a spec that does not fit should be refused by whoever knows how much it needs, not ended by the system.
 *
 * @param seed of a run that begins: what its weights begin with is drawn, too
 */
export function expect({ worker }: TrainingThread, weights: readonly Weights[], seed?: number, left = Math.min(freemem(), process.constrainedMemory() || Infinity)): void {
  if (bytesOfTrained(weights) < left / 2) tell(worker, { kind: "expect", weights, seed });
}

/** Before it is said what to train: a model of a step for onnxruntime, which is opened at once, while the next is made. */
export const give = ({ worker }: TrainingThread, [name, bytes]: ModelFile): void => tell(worker, { kind: "model", name, bytes });

/**
 * @param models files by name, those that are left, taken one by one: while this thread makes the next, the worker opens the last. If making one throws, the
 * training ends with that before it has begun.
 */
export function startTraining(thread: TrainingThread, program: Program, models: Iterable<ModelFile>, settings: TrainSettings, onEvent: Emit): Training {
  const { worker, ended } = thread;
  const stop = new Int32Array(new SharedArrayBuffer(4));
  worker.ref();
  tell(worker, { kind: "begin", program, settings, stop });
  // Not from within `done`, whose closures live as long as the training: they would keep what makes the models, and the compiled graphs with it.
  const handed = hand(models, thread);
  const done = new Promise<Outcome>((resolve, reject) => {
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "event") onEvent(message.event);
      else if (message.kind === "done") resolve(message.outcome);
      else if (message.kind === "failed") reject(new UserError(message.message, message.hint));
      else reject(new Error(message.message));
    });
    ended.catch(reject); // after `done`: no effect
    handed.then(collectGarbage, (e: unknown) => {
      reject(e instanceof Error ? e : new Error(String(e)));
      leave(thread);
    });
  });
  return { done, stop: () => void Atomics.store(stop, 0, 1) };
}

const tell = (worker: Worker, message: ToWorker): void => worker.postMessage(message);

async function hand(models: Iterable<ModelFile>, thread: TrainingThread): Promise<void> {
  for (const model of models) {
    give(thread, model);
    // Signals and the worker's own messages have their turn between two.
    await new Promise((resolve) => setImmediate(resolve));
  }
  tell(thread.worker, { kind: "complete" });
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
