// A training in a process of its own, which a test may kill: the tiny program in a real worker thread over real pictures. Says what
// happens as JSON lines; stops at SIGINT as the command does.
import { UserError } from "../../../runtime/files/errors.ts";
import { ProgressView } from "../../../runtime/train/progress.ts";
import { openThread, startTraining, stopOnInterrupt } from "../../../runtime/train/start.ts";
import type { TrainSettings } from "../../../runtime/train/types.ts";
import { tinyModels, tinyProgram } from "./tiny.ts";

const settings = JSON.parse(process.argv[2] ?? "") as TrainSettings;
const frozen = Number(process.argv[3] ?? 8);
const view = new ProgressView({ write: (text) => void process.stdout.write(text), isTTY: false, columns: 80 }, { json: true });
const worker = new URL("./worker.mjs", import.meta.url);
const training = startTraining(openThread({ onnx: true }, worker), tinyProgram(frozen), tinyModels(), settings, view.onEvent);
const undo = stopOnInterrupt(training, (line) => process.stderr.write(`${line}\n`));
try {
  await training.done;
} catch (e) {
  if (!(e instanceof UserError)) throw e;
  process.stderr.write(`${e.message}\n`);
  process.exitCode = 1;
} finally {
  undo();
}
