// Compiled graphs as ONNX files in memory.
import { chosenForms, emitModel, problemsOf } from "../backends/onnx/model";
import type { Compiled } from "../compiler/compile";
import type { Program } from "../compiler/program";
import type { GraphFile } from "../compiler/train/program";
import { rules } from "../compiler/diagnostics/table";
import { diagnose, type Diagnostic } from "../dsl/diagnostic";
import { UserError } from "../runtime/files/errors";
import type { ModelFile } from "../runtime/train/start";
import { renderDiagnostics } from "./render";
import type { Loaded } from "./spec";

/** Model bytes by file name: the step's graphs and the exports with their parameters as inputs. */
export function emitGraphs(c: Compiled): Map<string, Uint8Array> {
  return new Map(c.graphs.map((g) => [g.file, emitGraph(c, g)]));
}

/**
 * @param engine for an engine of ours, which gives memory for the results and asks for their dims
 * @param brief whether nobody reads its operators' names
 */
function emitGraph(c: Compiled, { file, graph, inputs, outputs }: GraphFile, engine = false, brief = false): Uint8Array {
  const metadata = { spec: c.program?.spec ?? "", hash: c.program?.hash ?? "" };
  const lowerings = c.program?.lowerings;
  return emitModel({ name: file.replace(/\.onnx$/, ""), graph, inputs, outputs, metadata, unshaped: engine, silent: engine, brief, ...(lowerings ? { lowerings } : {}) }).bytes;
}

/**
 * The program with the form of every convolution written down: with it, this and any later ganc write the same graphs whatever their
 * tables say.
 */
export function withChosenForms(program: Program, graphs: readonly GraphFile[]): Program {
  const chosen = Object.assign({}, ...graphs.map((g) => chosenForms(g.graph, g.outputs.map((o) => o.node), program.lowerings))) as Record<string, string>;
  return { ...program, lowerings: { ...program.lowerings, chosen } };
}

/**
 * The same one by one, in the order in which a training opens them, without the updates that its kernel does. What cannot be lowered is
 * said when its turn comes.
 * @param named whether a profile will show their operators
 */
export function* emitForTraining(c: Loaded, named = false): Generator<ModelFile> {
  const byKernel = new Set(c.program?.segments.filter((s) => s.updates).map((s) => s.model));
  const steps = new Set(c.program?.segments.map((s) => s.model));
  for (const g of c.graphs) {
    if (byKernel.has(g.file)) continue;
    let bytes: Uint8Array;
    try {
      bytes = emitGraph(c, g, steps.has(g.file), !named);
    } catch (e) {
      refuseUnlowerable(c);
      throw e;
    }
    yield [g.file, bytes];
  }
}

/** All of them, for who has compiled what can be lowered. */
export function trainingModels(c: Compiled): Map<string, Uint8Array> {
  return new Map(emitForTraining({ ...c, read: () => undefined }));
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
