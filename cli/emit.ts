// Compiled graphs as ONNX files in memory.
import { emitModel } from "../backends/onnx/model";
import type { Compiled } from "../compiler/compile";

/** Model bytes by file name: the step's graphs and the exports with their parameters as inputs. */
export function emitGraphs(c: Compiled): Map<string, Uint8Array> {
  const metadata = { spec: c.program?.spec ?? "", hash: c.program?.hash ?? "" };
  return new Map(c.graphs.map((g) => [g.file, emitModel({ name: g.file.replace(/\.onnx$/, ""), graph: g.graph, inputs: g.inputs, outputs: g.outputs, metadata }).bytes]));
}
