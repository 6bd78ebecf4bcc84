// The thread that trains. onnxruntime occupies its event loop during a step; the main thread keeps its own for the terminal.
import type { InferenceSession } from "onnxruntime-node";
import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "../files/errors.ts";
import type { Models } from "../engine/onnx.ts";
import { openSession } from "../engine/session.ts";
import { knownSilence } from "../engine/silent.ts";
import { Begun } from "../engine/update/begun.ts";
import { loadSharp } from "../pictures/sharp.ts";
import { runTraining } from "./run.ts";
import type { FromWorker, ToWorker, WorkerData } from "./start.ts";

type Begin = Extract<ToWorker, { kind: "begin" }>;
const tell = (message: FromWorker): void => parentPort?.postMessage(message);

/** Model files as they come; whoever asks for one that is still being made waits. Those that come before all else are opened as they come. */
class Arriving implements Models {
  readonly #opened = new Map<string, Promise<InferenceSession>>();
  readonly #come = new Map<string, Arrival<Uint8Array>>();
  readonly #all = arrival<void>();
  #last: Promise<unknown> = Promise.resolve();
  #ended = false;

  #of(name: string): Arrival<Uint8Array> {
    const known = this.#come.get(name);
    if (known) return known;
    const one = arrival<Uint8Array>();
    if (this.#ended) one.fail(NOTHING_MORE);
    this.#come.set(name, one);
    return one;
  }

  get(name: string): Promise<Uint8Array> {
    return this.#of(name).come;
  }

  put(name: string, bytes: Uint8Array): void {
    this.#of(name).give(bytes);
  }

  opened(name: string): Promise<InferenceSession> | undefined {
    return this.#opened.get(name);
  }

  /** After the one before: so that word that there is nothing to train need not wait for all of them. */
  open(name: string, bytes: Uint8Array): void {
    const session = this.#last.then(() => {
      if (this.#ended) throw NOTHING_MORE;
      return openSession(bytes, { threads, step: true });
    });
    this.#last = session.catch(() => undefined); // whoever takes it hears of it
    this.#opened.set(name, session);
  }

  complete(): Promise<void> {
    return this.#all.come;
  }

  completed(): void {
    this.#all.give();
  }

  end(): void {
    this.#ended = true;
    this.#all.fail(NOTHING_MORE);
    for (const one of this.#come.values()) one.fail(NOTHING_MORE);
  }
}

interface Arrival<T> {
  readonly come: Promise<T>;
  readonly give: (value: T) => void;
  readonly fail: (why: Error) => void;
}
function arrival<T>(): Arrival<T> {
  let give: Arrival<T>["give"] | undefined;
  let fail: Arrival<T>["fail"] | undefined;
  const come = new Promise<T>((resolve, reject) => ([give, fail] = [resolve, reject]));
  come.catch(() => undefined); // nobody may ask for it
  return { come, give: give!, fail: fail! };
}
const NOTHING_MORE = new Error("what was to be trained could not be made");

let weights: Begun | undefined;
/** Undefined where there is no such memory: whoever then asks for it will say so. */
function begin(...[expected, seed]: ConstructorParameters<typeof Begun>): Begun | undefined {
  try {
    return new Begun(expected, seed);
  } catch {
    return undefined;
  }
}

const { onnx, threads } = workerData as WorkerData;
const models = new Arriving();
let early = true;
const begun = new Promise<Begin | undefined>((resolve) => {
  parentPort?.on("message", (message: ToWorker) => {
    if (message.kind === "expect") weights ??= begin(message.weights, message.seed);
    else if (message.kind === "begin") {
      early = false;
      resolve(message);
    } else if (message.kind === "complete") models.completed();
    else if (message.kind === "nothing") {
      models.end();
      resolve(undefined);
    } else if (early) models.open(message.name, message.bytes);
    else models.put(message.name, message.bytes);
  });
});
// Loaded while the spec is compiled. If one cannot be, whoever needs it will say so.
const loading: Promise<unknown>[] = [loadSharp(), ...(onnx ? [knownSilence()] : [])];
for (const one of loading) one.catch(() => undefined);
const given = await begun;
if (given) await run(given);
// Nothing more will come: the thread may end.
parentPort?.unref();

async function run({ program, settings, stop }: Begin): Promise<void> {
  try {
    const outcome = await runTraining(program, models, settings, {
      emit: (event) => tell({ kind: "event", event }),
      stopping: () => Atomics.load(stop, 0) !== 0,
      begun: weights,
    });
    tell({ kind: "done", outcome });
  } catch (e) {
    if (e instanceof UserError) tell({ kind: "failed", message: e.message, hint: e.hint });
    else tell({ kind: "broken", message: e instanceof Error ? (e.stack ?? e.message) : String(e) });
  } finally {
    models.end(); // what was still to be opened need not be
  }
}
