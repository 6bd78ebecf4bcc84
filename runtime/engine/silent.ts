// Runs that hand nothing over. onnxruntime-node 1.30 puts every result into a new ArrayBuffer, one that it has just written into memory of ours
// included (OrtValueToNapiValue in js/node/src/tensor_helper.cc): copies that nobody reads, each on fresh pages, until a garbage collection.
// They were a sixth of a step at 128 px. Results are converted in the model's order, after the run, and one that is no tensor is refused; so
// models whose first output is an empty sequence (`silent` in backends/onnx/model.ts) end in that refusal, with all results written. A version
// that does not copy (onnxruntime's pull request 32346) or that hands sequences over only makes this idle.
import type { InferenceSession } from "onnxruntime-node";
import { UserError } from "../files/errors.ts";
import { loadOrt, openSession, type Tensors } from "./session.ts";

/** y = −x behind an empty sequence, both of one element: test/oracle/silent_probe.py prints it. */
const PROBE = "CAgSADplChgSB25vdGhpbmciDVNlcXVlbmNlRW1wdHkKCwoBeBIBeSIDTmVnEgVwcm9iZVoPCgF4EgoKCAgBEgQKAggBYhMKB25vdGhpbmcSCCIGCgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEBI=";

export interface Silence {
  /** What the runtime says when all is done and it is to hand over a sequence; undefined: it hands it over. */
  readonly refusal?: string;
}

/**
 * Asked of the runtime itself, by a model of one element. Undefined where it refuses before it has run: then results are handed over, and
 * copied. A UserError where they are not in the memory that was given for them either way: no step of ours would have any effect.
 */
export async function probeSilence(): Promise<Silence | undefined> {
  const { Tensor } = await loadOrt();
  const session = await openSession(Uint8Array.from(atob(PROBE), (c) => c.charCodeAt(0)), { threads: 1 });
  const feeds = { x: new Tensor("float32", Float32Array.of(3), [1]) };
  const result = new Float32Array(1);
  const fetches = { y: new Tensor("float32", result, [1]) };
  try {
    const error = await failure(session, feeds, fetches);
    if (result[0] === -3) return error === undefined ? {} : { refusal: messageOf(error) };
    await session.run(feeds, fetches);
  } finally {
    await session.release();
  }
  if (result[0] === -3) return undefined;
  throw new UserError("this onnxruntime-node does not write results where it is told to, so it cannot train", "ganc was made with onnxruntime-node 1.30: npm install --ignore-scripts onnxruntime-node@1.30");
}

let known: Promise<Silence | undefined> | undefined;

/** The same, asked once a thread. */
export function knownSilence(): Promise<Silence | undefined> {
  known ??= probeSilence();
  return known;
}

/** What a run that is to hand over the sequence as well throws. */
async function failure(session: InferenceSession, feeds: Tensors, fetches: Tensors): Promise<unknown> {
  try {
    await session.run(feeds, { [session.outputNames[0]!]: null, ...fetches });
    return undefined;
  } catch (e) {
    return e;
  }
}
const messageOf = (e: unknown): string => (e instanceof Error ? e.message : String(e));

/** Whether the model was made for it. */
export const canBeSilent = (session: InferenceSession): boolean => session.outputMetadata[0]?.isTensor === false;

/**
 * Runs into the given memory; what goes wrong inside of the model is thrown as ever.
 * @param silence for a model that was made for it; undefined: a plain run, which hands its results over as well
 */
export async function runInto(session: InferenceSession, feeds: Tensors, fetches: Tensors, silence: Silence | undefined): Promise<void> {
  if (!silence) return void (await session.run(feeds, fetches));
  const error = await failure(session, feeds, fetches);
  if (error !== undefined && messageOf(error) !== silence.refusal) throw error;
}
