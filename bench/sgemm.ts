// What the same engine reaches in one large product of matrices. A step's useful work is held against it; as that counts convolutions by their
// definition, forms that save products can pass it.
import { emitModel } from "../backends/onnx/model";
import { Builder } from "../compiler/graph/builder";
import type { NodeId } from "../compiler/graph/types";
import { loadOrt, openSession } from "../runtime/engine/session";
import { probeSilence, runInto } from "../runtime/engine/silent";

const SIDE = 1536;

/** Multiply-adds count twice, as in a step's useful FLOP. The fastest of several. */
export async function sgemm(threads: number, times = 8): Promise<number> {
  const ort = await loadOrt();
  const b = new Builder();
  const matrix = (name: string, rows: string, columns: string): NodeId => b.add("input", { kind: "value", name, shape: [rows, columns].map((axis) => ({ axis, dim: SIDE })) }, []);
  const [x, y] = [matrix("a", "i", "k"), matrix("b", "k", "j")];
  const outputs = [{ node: b.add("contract", { over: ["k"] }, [x, y]), name: "y" }];
  const { bytes } = emitModel({ name: "sgemm", graph: b, inputs: [{ node: x, name: "a" }, { node: y, name: "b" }], outputs, silent: true });
  const session = await openSession(bytes, { threads });
  const values = (seed: number) => new ort.Tensor("float32", Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.sin(seed + i)), [SIDE, SIDE]);
  const feeds = { a: values(1), b: values(2) };
  const fetches = { y: values(3) };
  const silence = await probeSilence();
  let least = Infinity;
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await runInto(session, feeds, fetches, silence);
    least = Math.min(least, performance.now() - began);
  }
  await session.release();
  return (2 * SIDE ** 3) / (least / 1000);
}
