// The thread that trains. onnxruntime occupies its event loop during a step; the main thread keeps its own for the terminal.
import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "../files/errors.ts";
import { knownSilence } from "../engine/silent.ts";
import { Begun } from "../engine/update/begun.ts";
import { loadSharp } from "../pictures/sharp.ts";
import { runTraining } from "./run.ts";
import type { FromWorker, ToWorker, WorkerData } from "./start.ts";

type Begin = Extract<ToWorker, { kind: "begin" }>;
const tell = (message: FromWorker): void => parentPort?.postMessage(message);

/** Model files as they come; whoever asks for one that is still being made waits. */
class Arriving {
  readonly #come = new Map<string, Promise<Uint8Array>>();
  readonly #give = new Map<string, (bytes: Uint8Array) => void>();

  get(name: string): Promise<Uint8Array> {
    const known = this.#come.get(name);
    if (known) return known;
    const bytes = new Promise<Uint8Array>((resolve) => void this.#give.set(name, resolve));
    this.#come.set(name, bytes);
    return bytes;
  }

  put(name: string, bytes: Uint8Array): void {
    void this.get(name);
    this.#give.get(name)?.(bytes);
  }
}

let weights: Begun | undefined;
/** Undefined where there is no such memory: whoever then asks for it will say so. */
function begin(...[expected, seed]: ConstructorParameters<typeof Begun>): Begun | undefined {
  try {
    return new Begun(expected, seed);
  } catch {
    return undefined;
  }
}

const models = new Arriving();
const begun = new Promise<Begin>((resolve) => {
  parentPort?.on("message", (message: ToWorker) => {
    if (message.kind === "expect") weights ??= begin(message.weights, message.seed);
    else if (message.kind === "begin") resolve(message);
    else models.put(message.name, message.bytes);
  });
});
// Loaded while the spec is compiled. If one cannot be, whoever needs it will say so.
const loading: Promise<unknown>[] = [loadSharp(), ...((workerData as WorkerData).onnx ? [knownSilence()] : [])];
for (const one of loading) one.catch(() => undefined);
const given = await begun;
try {
  const outcome = await runTraining(given.program, models, given.settings, {
    emit: (event) => tell({ kind: "event", event }),
    stopping: () => Atomics.load(given.stop, 0) !== 0,
    begun: weights,
  });
  tell({ kind: "done", outcome });
} catch (e) {
  if (e instanceof UserError) tell({ kind: "failed", message: e.message, hint: e.hint });
  else tell({ kind: "broken", message: e instanceof Error ? (e.stack ?? e.message) : String(e) });
}
// Nothing more will come: the thread may end.
parentPort?.unref();
