// A trained run as exports with their weights inside: the spec is compiled again from the checkpoint's own text.
import { emitModel, type EmittedModel } from "../backends/onnx/model";
import { drawInit } from "../compiler/init";
import { countOf } from "../compiler/graph/shape";
import type { Lowerings } from "../compiler/lowering";
import type { ExportSpec, Program } from "../compiler/program";
import type { ExportModel } from "../compiler/train/exports";
import { openWeights } from "../runtime/checkpoint/store";
import type { TensorFile } from "../runtime/checkpoint/file";
import { diagnose } from "../dsl/diagnostic";
import { rules } from "../compiler/diagnostics/table";
import { renderDiagnostics } from "./render";
import { nearest } from "../compiler/diagnostics/near";
import { UserError } from "../runtime/files/errors";
import type { RunNotes } from "./commands/train";
import { compileOptionsOf, type Loaded, loadText, specError, tell } from "./spec";

/** Values of parameters and states by `param:NAME`, `state:NAME`. */
export type Weights = (value: string) => Float32Array;

export interface OpenedRun {
  readonly compiled: Loaded;
  readonly program: Program;
  readonly weights: Weights;
  readonly file: TensorFile;
  readonly step: number;
  close(): void;
}

export function openRun(run: string): OpenedRun {
  const { file, info } = openWeights(run);
  const notes = info.notes as unknown as RunNotes | null;
  const path = notes?.path ?? `${info.specName}.gan`;
  const compiled = loadText({ path, text: info.source }, { set: notes?.set ?? [], variant: notes?.variants ?? [] }, (p) => notes?.imports[p], compileOptionsOf(notes?.lowerings));
  if (!compiled.ok || !compiled.program) {
    tell(compiled);
    file.close();
    throw specError(compiled);
  }
  return { compiled, program: compiled.program, weights: reader(file), file, step: info.step, close: () => file.close() };
}

const reader = (file: TensorFile): Weights => (value) => file.read(value.replace(":", "/"));

/** The values a training with this seed would begin with. */
export function initialWeights(c: Loaded, seed: number): Weights {
  return (value) => {
    const name = value.slice(value.indexOf(":") + 1);
    const made = value.startsWith("param:") ? c.model?.params.get(name) : c.model?.states.get(name);
    if (!made) throw new Error(`defect: ${value} is no parameter or state`);
    return drawInit(made.init, countOf(made.shape), seed, name);
  };
}

export function exportOf(run: OpenedRun, name: string): { spec: ExportSpec; model: ExportModel } {
  const spec = run.program.exports.find((e) => e.name === name);
  const model = run.compiled.exports.find((e) => e.name === name);
  if (spec && model) return { spec, model };
  const known = run.program.exports.map((e) => e.name);
  process.stderr.write(`${renderDiagnostics([diagnose(rules.unknownExport, { name, near: nearest(name, known), known })], run.compiled.read)}\n`);
  throw new UserError(`there is no export ${name}`);
}

/** One inference model with its weights as constants; with `file` those of a large model are external data of that name. */
export function bake(model: ExportModel, weights: Weights, metadata: Record<string, string>, { lowerings, file }: { readonly lowerings?: Lowerings | undefined; readonly file?: string } = {}): EmittedModel {
  const leaves = model.graph.nodes.flatMap((n) => (n.op === "input" && n.attrs.kind !== "data" ? [{ node: n.id, name: n.attrs.name, value: `${n.attrs.kind}:${n.attrs.name}` }] : []));
  const constants = leaves.map((l) => ({ node: l.node, name: l.name, data: weights(l.value) }));
  return emitModel({ name: model.name, graph: model.graph, inputs: model.inputs, outputs: model.outputs, constants, metadata, ...(lowerings ? { lowerings } : {}), ...(file === undefined ? {} : { externalData: { file } }) });
}
