// A spec made ready to train: compiled now, or as it was compiled before.
import type { CompileOptions, Source } from "../compiler/compile";
import type { Lowerings } from "../compiler/lowering";
import type { Program } from "../compiler/program";
import type { ModelFile } from "../runtime/train/start";
import { Early, emitForTraining, withChosenForms } from "./emit";
import type { GraphCache, Kept, Prepared, Wanted } from "./cache";
import { loadFitting } from "./memory";
import type { Choices } from "./options";
import { compileOptionsOf, fileReader, importsOf, type Loaded, print, sourceOf } from "./spec";

/** Told while a spec is compiled, if it is compiled once: not where it must fit into so many bytes. */
export interface Meanwhile {
  readonly onTrained: NonNullable<CompileOptions["onTrained"]>;
  /** A step's graph, which is not among the models then. */
  readonly onModel: (model: ModelFile) => void;
}

/**
 * @param cache of earlier trainings; undefined: it is compiled, and nothing is kept
 * @param named whether a profile will show the operators
 */
export function prepare(path: string, flags: Choices & { readonly memory?: number }, lowerings: Lowerings | undefined, cache: GraphCache | undefined, named: boolean, meanwhile?: Meanwhile): { prepared: Prepared; models: Iterable<ModelFile> } | undefined {
  const { set = [], variant: variants = [], memory } = flags;
  const source = sourceOf(path);
  const rest = { source, set, variants, ...(memory === undefined ? {} : { memory }) };
  const wanted: Wanted = { ...rest, ...(lowerings ? { lowerings } : {}) };
  const kept = cache?.find(wanted, fileReader()) ?? begunWith(cache, rest, lowerings);
  if (kept) {
    print(kept.prepared.diagnostics, (file) => kept.prepared.texts[file]);
    return kept;
  }
  const early = meanwhile && !named ? new Early(meanwhile.onModel) : undefined;
  const c = compiled(source, flags, { ...compileOptionsOf(lowerings), named, onTrained: meanwhile?.onTrained, onGraph: early?.write }, early);
  if (!c) return undefined;
  const prepared = preparedOf(c);
  const models = emitForTraining(c, named, early);
  return { prepared, models: left(cache ? keeping(cache, wanted, prepared, models) : models, early) };
}

/** Those that nobody was told of. */
function* left(models: Iterable<ModelFile>, early: Early | undefined): Generator<ModelFile> {
  for (const model of models) if (!early?.get(model[0])) yield model;
}

/** A run that is resumed has the forms that were chosen for it; it began without them, from graphs that are kept under what was asked for then. */
function begunWith(cache: GraphCache | undefined, rest: Omit<Wanted, "lowerings">, lowerings: Lowerings | undefined): Kept | undefined {
  if (!lowerings?.chosen) return undefined;
  const { chosen: _chosen, ...asked } = lowerings;
  const kept = cache?.find({ ...rest, ...(Object.keys(asked).length > 0 ? { lowerings: asked } : {}) }, fileReader());
  return JSON.stringify(kept?.prepared.program.lowerings) === JSON.stringify(lowerings) ? kept : undefined;
}

/** With every form written down. */
function compiled(source: Source, flags: Choices & { readonly memory?: number }, options: CompileOptions, early: Early | undefined): Ready | undefined {
  const loaded = loadFitting(source, flags, options);
  return loaded.program && { ...loaded, program: withChosenForms(loaded.program, loaded.graphs, early) };
}

type Ready = Loaded & Pick<Prepared, "program">;

function preparedOf(c: Ready): Prepared {
  const files = new Set(c.diagnostics.flatMap((d) => [d.span, ...d.related.map((r) => r.span)].flatMap((span) => span?.file ?? [])));
  const texts = Object.fromEntries([...files].flatMap((file) => (c.read(file) === undefined ? [] : [[file, c.read(file)!] as const])));
  return { program: c.program, imports: importsOf(c), firstExport: firstExportOf(c.program), source: c.source, diagnostics: c.diagnostics, texts };
}

/** The same files; once the last is taken, all of them are kept. */
function* keeping(cache: GraphCache, wanted: Wanted, prepared: Prepared, files: Iterable<ModelFile>): Generator<ModelFile> {
  const models: ModelFile[] = [];
  for (const file of files) {
    models.push(file);
    yield file;
  }
  void cache.keep(wanted, { prepared, models });
}

export const firstExportOf = (program: Program): string => program.exports[0]?.name ?? "A2B";
