// The thread that trains. onnxruntime occupies its event loop during a step; the main thread keeps its own for the terminal.
import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "../files/errors.ts";
import { runTraining } from "./run.ts";
import type { FromWorker, ToWorker } from "./start.ts";

const given = workerData as ToWorker;
const tell = (message: FromWorker): void => parentPort?.postMessage(message);

try {
  const outcome = await runTraining(given.program, new Map(given.models), given.settings, {
    emit: (event) => tell({ kind: "event", event }),
    stopping: () => Atomics.load(given.stop, 0) !== 0,
  });
  tell({ kind: "done", outcome });
} catch (e) {
  if (e instanceof UserError) tell({ kind: "failed", message: e.message, hint: e.hint });
  else tell({ kind: "broken", message: e instanceof Error ? (e.stack ?? e.message) : String(e) });
}
