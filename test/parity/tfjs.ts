// The emitted code as an engine of the comparisons.
import { byMoments, type Tested } from "./engines";
import { emitProject } from "../../backends/tfjs/project";
import { bundled } from "../../cli/emit-tfjs";
import type { Compiled } from "../../compiler/compile";
import { importTraining, TfjsEngine } from "../../runtime/engine/tfjs";
import { engines, type TestEngine } from "../tfjs/engines";

export async function openTfjsEngine({ load }: TestEngine, compiled: Compiled): Promise<TfjsEngine> {
  const { tf } = await load();
  const project = emitProject(compiled);
  if (project.diagnostics.length > 0) throw new Error(project.diagnostics.map((d) => d.message).join("; "));
  return new TfjsEngine(compiled.program!, tf, await importTraining(await bundled(project), tf));
}

/** The emitted code on the native packages at hand; plain JavaScript is too slow for nets of these sizes. */
export const TFJS: readonly Tested[] = engines().filter(({ name }) => name !== "tfjs").map((engine) => ({
  name: `the emitted code on ${engine.name}`, open: async (compiled) => byMoments(await openTfjsEngine(engine, compiled)),
}));
