// The emitted code as an engine of the comparisons.
import { byMoments, type Tested } from "./engines";
import { emitProject } from "../../backends/tfjs/project";
import { bundled } from "../../cli/emit-tfjs";
import type { Compiled } from "../../compiler/compile";
import { importTraining, TfjsEngine } from "../../runtime/engine/tfjs";
import type { LoadedTfjs } from "../../runtime/tfjs/load";
import { engines, type TestEngine } from "../tfjs/engines";

const written = new WeakMap<Compiled, Promise<string>>();

/** Written and bundled once, for all packages. */
function codeOf(compiled: Compiled): Promise<string> {
  const known = written.get(compiled);
  if (known) return known;
  const project = emitProject(compiled);
  if (project.diagnostics.length > 0) throw new Error(project.diagnostics.map((d) => d.message).join("; "));
  const code = bundled(project);
  written.set(compiled, code);
  return code;
}

const loaded = new WeakMap<TestEngine, Promise<LoadedTfjs>>();
/** Loaded once a file: a second copy would also have to be compiled by V8 again. */
function packageOf(engine: TestEngine): Promise<LoadedTfjs> {
  const known = loaded.get(engine) ?? engine.load();
  loaded.set(engine, known);
  return known;
}

export async function openTfjsEngine(engine: TestEngine, compiled: Compiled): Promise<TfjsEngine> {
  const { tf } = await packageOf(engine);
  return new TfjsEngine(compiled.program!, tf, await importTraining(await codeOf(compiled), tf));
}

/** The emitted code on the native packages at hand; plain JavaScript is too slow for nets of these sizes. */
export const TFJS: readonly Tested[] = engines().filter(({ name }) => name !== "tfjs").map((engine) => ({
  name: `the emitted code on ${engine.name}`, open: async (compiled) => byMoments(await openTfjsEngine(engine, compiled)),
}));
/** tfjs-node, whose figures stand in docs/numerics.md where one package takes minutes. */
export const TFJS_NODE = TFJS.slice(0, 1);
/** One of them, where two would only say the same twice: they run the same kernels of one library. */
export const TFJS_ONE = TFJS.slice(-1);
