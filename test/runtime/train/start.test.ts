// What the main thread keeps while a training runs.
import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Program } from "../../../compiler/program.ts";
import { closeThread, expect as tellExpected, give, openThread, startTraining, type Training, type TrainingThread } from "../../../runtime/train/start.ts";
import type { TrainSettings } from "../../../runtime/train/types.ts";

/** A training that reads its models and then takes its time, until it is told to stop. */
const WORKER = new URL(`data:text/javascript,${encodeURIComponent(`
import { parentPort } from "node:worker_threads";
let models = 0;
let stop;
parentPort.on("message", (message) => {
  if (message.kind === "begin") stop = message.stop;
  else if (++models === 2) parentPort.postMessage({ kind: "event", event: { kind: "note", message: "models are here" } });
});
const timer = setInterval(() => {
  if (!stop || Atomics.load(stop, 0) === 0) return;
  clearInterval(timer);
  parentPort.unref();
  parentPort.postMessage({ kind: "done", outcome: { kind: "finished", step: 1, total: 1 } });
}, 10);
`)}`);

it("lets the compiled graphs go once the models are made, and collects them", async () => {
  let told: () => void;
  const here = new Promise<void>((resolve) => (told = resolve));
  const { ref, training } = begun(() => told());
  await here;
  for (let i = 0; i < 200 && ref.deref() !== undefined; i++) await wait(10);
  expect(ref.deref()).toBeUndefined();
  training.stop();
  expect(await training.done).toMatchObject({ kind: "finished" });
});

/** A training of models that are made from graphs which nobody else holds: as a command begins one and returns. */
function begun(onEvent: () => void): { ref: WeakRef<object>; training: Training } {
  const graphs = { nodes: Array.from({ length: 1000 }, (_, i) => i) };
  return { ref: new WeakRef(graphs), training: startTraining(openThread({ onnx: true }, WORKER), {} as Program, models(graphs), {} as TrainSettings, onEvent) };
}
function* models(graphs: object): Generator<readonly [string, Uint8Array]> {
  for (const name of ["a", "b"]) yield [name, Uint8Array.of(Object.keys(graphs).length)];
}

it("has memory made ready only for what is little of what is left", () => {
  const told: unknown[] = [];
  const thread = { worker: { postMessage: (message: unknown) => told.push(message) } } as unknown as TrainingThread;
  const weights = (count: number): Parameters<typeof tellExpected>[1] => [{ name: "w", shape: [count], init: { kind: "constant", value: 1 } }];
  tellExpected(thread, weights(1000), 3, 30_000);
  tellExpected(thread, weights(1000), 3, 20_000);
  tellExpected(thread, weights(500), undefined, 20_000);
  expect(told).toEqual([{ kind: "expect", weights: weights(1000), seed: 3 }, { kind: "expect", weights: weights(500), seed: undefined }]);
});

it("does not tear a thread from onnxruntime: it would bring down the process", async () => {
  const made = (onnx: boolean): { thread: TrainingThread; did: unknown[] } => {
    const did: unknown[] = [];
    const worker = { postMessage: (message: { kind: string }) => did.push(message.kind), terminate: () => did.push("terminated"), ref: () => undefined };
    return { thread: { worker, ended: Promise.reject(new Error("ended")), onnx } as unknown as TrainingThread, did };
  };
  const other = made(false);
  await closeThread(other.thread);
  expect(other.did).toEqual(["terminated"]);
  const opening = made(true);
  give(opening.thread, ["a", Uint8Array.of(1)]);
  await closeThread(opening.thread);
  expect(opening.did).toEqual(["model", "nothing"]);
});

it("tells the thread to begin nothing where the last model cannot be made", async () => {
  const did: string[] = [];
  const worker = { postMessage: (message: { kind: string }) => did.push(message.kind), on: () => undefined, ref: () => undefined };
  const thread = { worker, ended: new Promise<never>(() => undefined), onnx: true } as unknown as TrainingThread;
  function* some(): Generator<readonly [string, Uint8Array]> {
    yield ["step", Uint8Array.of(1)];
    throw new Error("no export");
  }
  await expect(startTraining(thread, {} as Program, some(), {} as TrainSettings, () => undefined).done).rejects.toThrow("no export");
  expect(did).toEqual(["begin", "model", "nothing"]);
});

it("hears of a thread that had ended before there was something to train", async () => {
  const thread = openThread({ onnx: true }, new URL("data:text/javascript,throw new Error('broken from the start')"));
  await expect(thread.ended).rejects.toThrow("broken from the start");
  await expect(startTraining(thread, {} as Program, [], {} as TrainSettings, () => undefined).done).rejects.toThrow("broken from the start");
});
