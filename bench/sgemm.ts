// What the same engine reaches in one large product of matrices. A step's useful work is held against it; as that counts convolutions by their
// definition, forms that save products can pass it.
import { encodeModel, IR_VERSION, OPSET } from "../backends/onnx/encode";
import { loadOrt, openSession } from "../runtime/engine/session";
import { probeSilence, runSilently } from "../runtime/engine/silent";

const SIDE = 1536;

/** Multiply-adds count twice, as in a step's useful FLOP. The fastest of several. */
export async function sgemm(threads: number, times = 8): Promise<number> {
  const ort = await loadOrt();
  const matrix = (name: string) => ({ name, dims: [SIDE, SIDE] });
  const bytes = encodeModel({
    name: "sgemm", inputs: [matrix("a"), matrix("b")],
    operators: [{ type: "SequenceEmpty", inputs: [], outputs: ["nothing"], attributes: {} }, { type: "MatMul", inputs: ["a", "b"], outputs: ["y"], attributes: {} }],
    outputs: [{ name: "nothing", dims: "sequence" }, matrix("y")],
    inner: [], initializers: [], places: new Map(), metadata: {}, opset: OPSET, irVersion: IR_VERSION,
  });
  const session = await openSession(bytes, { threads });
  const values = (seed: number) => new ort.Tensor("float32", Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.sin(seed + i)), [SIDE, SIDE]);
  const feeds = { a: values(1), b: values(2) };
  const fetches = { y: values(3) };
  const silence = await probeSilence();
  let least = Infinity;
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await (silence ? runSilently(session, feeds, fetches, silence) : session.run(feeds, fetches));
    least = Math.min(least, performance.now() - began);
  }
  await session.release();
  return (2 * SIDE ** 3) / (least / 1000);
}
