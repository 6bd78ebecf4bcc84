// Compiled graphs as ONNX files in memory.
import { chosenForms, type EmittedModel, emitModel, problemsOf } from "../backends/onnx/model";
import type { Compiled } from "../compiler/compile";
import type { Program } from "../compiler/program";
import type { GraphFile } from "../compiler/train/graph-file";
import { rules } from "../compiler/diagnostics/table";
import { diagnose, type Diagnostic } from "../dsl/diagnostic";
import { UserError } from "../runtime/files/errors";
import type { ModelFile } from "../runtime/train/start";
import { renderDiagnostics } from "./render";
import type { Loaded } from "./spec";

/** Model bytes by file name: the step's graphs and the exports with their parameters as inputs. */
export function emitGraphs(c: Compiled): Map<string, Uint8Array> {
  return new Map(c.graphs.map((g) => [g.file, emitGraph(c.program, g).bytes]));
}

type Of = Pick<Program, "spec" | "hash" | "lowerings">;

/**
 * @param engine for an engine of ours, which gives memory for the results and asks for their dims
 * @param brief whether nobody reads its operators' names
 */
function emitGraph(of: Of | undefined, { file, graph, inputs, outputs }: GraphFile, engine = false, brief = false): EmittedModel {
  const { spec = "", hash = "", lowerings } = of ?? {};
  return emitModel({ name: file.replace(/\.onnx$/, ""), graph, inputs, outputs, metadata: { spec, hash }, unshaped: engine, silent: engine, brief, ...(lowerings ? { lowerings } : {}) });
}

/** A step's graphs written as they are cut. What cannot be written is left to who has the whole program, and can say why. */
export class Early {
  readonly #made = new Map<string, EmittedModel>();
  readonly #told: (model: ModelFile) => void;

  constructor(told: (model: ModelFile) => void) {
    this.#told = told;
  }

  readonly write = (graph: GraphFile, of: Of): void => {
    let made: EmittedModel;
    try {
      made = emitGraph(of, graph, true, true);
    } catch {
      return;
    }
    this.#made.set(graph.file, made);
    this.#told([graph.file, made.bytes]);
  };

  get(file: string): EmittedModel | undefined {
    return this.#made.get(file);
  }
}

/**
 * The program with the form of every convolution written down: with it, this and any later ganc write the same graphs whatever their
 * tables say.
 */
export function withChosenForms(program: Program, graphs: readonly GraphFile[], early?: Early): Program {
  const forms = graphs.map((g) => early?.get(g.file)?.chosen ?? chosenForms(g.graph, g.outputs.map((o) => o.node), program.lowerings));
  return { ...program, lowerings: { ...program.lowerings, chosen: Object.assign({}, ...forms) as Record<string, string> } };
}

/**
 * The same one by one, in the order in which a training opens them, without the updates that its kernel does. What cannot be lowered is
 * said when its turn comes.
 * @param named whether a profile will show their operators
 * @param early those that are written already
 */
export function* emitForTraining(c: Loaded, named = false, early?: Early): Generator<ModelFile> {
  const byKernel = new Set(c.program?.segments.filter((s) => s.updates).map((s) => s.model));
  const steps = new Set(c.program?.segments.map((s) => s.model));
  for (const g of c.graphs) {
    if (byKernel.has(g.file)) continue;
    let bytes: Uint8Array;
    try {
      bytes = (early?.get(g.file) ?? emitGraph(c.program, g, steps.has(g.file), !named)).bytes;
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
