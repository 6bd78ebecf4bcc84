// Compiled graphs as ONNX files in memory.
import { emitModel, problemsOf } from "../backends/onnx/model";
import type { Compiled } from "../compiler/compile";
import { rules } from "../compiler/diagnostics/table";
import { diagnose, type Diagnostic } from "../dsl/diagnostic";
import { UserError } from "../runtime/files/errors";
import { renderDiagnostics } from "./render";
import type { Loaded } from "./spec";

/** Model bytes by file name: the step's graphs and the exports with their parameters as inputs. */
export function emitGraphs(c: Compiled): Map<string, Uint8Array> {
  const metadata = { spec: c.program?.spec ?? "", hash: c.program?.hash ?? "" };
  return new Map(c.graphs.map((g) => [g.file, emitModel({ name: g.file.replace(/\.onnx$/, ""), graph: g.graph, inputs: g.inputs, outputs: g.outputs, metadata }).bytes]));
}

/** What the backend cannot express, at its place of the spec. */
export function refuseUnlowerable(c: Loaded): void {
  const found: Diagnostic[] = c.graphs.flatMap((g) =>
    problemsOf(g.graph, g.outputs.map((o) => o.node)).map((p) => {
      const node = g.graph.node(p.node);
      return diagnose(rules.cannotLower, { target: "onnx", op: node.op, reason: p.reason }, node.origin?.span);
    }));
  if (found.length === 0) return;
  process.stderr.write(`${renderDiagnostics(found, c.read)}\n`);
  throw new UserError(`${c.source.path} cannot be written as ONNX`);
}
