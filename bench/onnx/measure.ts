import * as ort from "onnxruntime-node";
import { encodeModel, IR_VERSION, OPSET } from "../../backends/onnx/encode";
import { Emitter } from "../../backends/onnx/emitter";

/** One way to write an operation, as raw operators over named float inputs. */
export interface Form {
  readonly name: string;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  build(e: Emitter): string;
}

export const TRAINING: ort.InferenceSession.SessionOptions = {
  intraOpNumThreads: Number(process.env["THREADS"] ?? 2),
  executionMode: "sequential",
  enableCpuMemArena: false,
  enableMemPattern: false,
  graphOptimizationLevel: "all",
  extra: { session: { force_spinning_stop: "1" } },
};

interface Running {
  readonly form: Form;
  readonly step: () => Promise<number>;
  readonly result: Float32Array;
}

async function prepared(form: Form): Promise<Running> {
  const e = new Emitter({ nodes: [] });
  e.enter("x");
  const out = form.build(e);
  const used = new Set(e.operators.flatMap((o) => o.inputs));
  const bytes = encodeModel({
    name: "form",
    operators: [...e.operators, { type: "Identity", inputs: [out], outputs: ["result"], attributes: {} }],
    inputs: Object.entries(form.inputs).map(([name, dims]) => ({ name, dims })),
    outputs: [{ name: "result", dims: ["a", "b", "c", "d"].slice(0, rankOf(form)) }],
    inner: [],
    initializers: [...e.initializers.values()].filter((i) => used.has(i.name)),
    places: new Map(),
    metadata: {},
    opset: OPSET,
    irVersion: IR_VERSION,
  });
  const session = await ort.InferenceSession.create(bytes, TRAINING);
  const feeds = Object.fromEntries(
    Object.entries(form.inputs).map(([name, dims], k) => {
      const n = dims.reduce((a, b) => a * b, 1);
      return [name, new ort.Tensor("float32", Float32Array.from({ length: n }, (_, i) => Math.sin(i * (k + 1.7))), dims)];
    }),
  );
  const first = await session.run(feeds);
  const fetch = { result: first["result"]! };
  const step = async (): Promise<number> => {
    const start = performance.now();
    await session.run(feeds, fetch);
    return performance.now() - start;
  };
  return { form, step, result: Float32Array.from(first["result"]!.data as Float32Array) };
}
const rankOf = (form: Form): number => (form as { rank?: number }).rank ?? 4;

/** Least times of forms of one operation, alternating; the results must agree with the first form's. */
export async function compare(title: string, forms: readonly Form[], rounds = 40): Promise<void> {
  const running: Running[] = [];
  for (const form of forms) running.push(await prepared(form));
  const times = running.map((): number[] => []);
  for (let r = 0; r < rounds; r++) for (const [i, one] of running.entries()) times[i]!.push(await one.step());
  // The machine is shared: the least of many is what the form takes when nobody disturbs it.
  const least = times.map((t) => Math.min(...t));
  const best = Math.min(...least);
  console.log(title);
  for (const [i, one] of running.entries()) {
    const reference = running[0]!.result;
    const off = one.result.length !== reference.length ? "SIZE" : Math.max(...sampled(one.result).map((x, j) => Math.abs(x - sampled(reference)[j]!))).toExponential(0);
    console.log(`  ${one.form.name.padEnd(34)} ${least[i]!.toFixed(2).padStart(8)} ms  ×${(least[i]! / best).toFixed(2)}  off ${off}`);
  }
}
const sampled = (a: Float32Array): number[] => Array.from({ length: 200 }, (_, i) => a[Math.floor((i * a.length) / 200)]!);
