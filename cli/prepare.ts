// A spec made ready to train: compiled now, or as it was compiled before.
import type { Lowerings } from "../compiler/lowering";
import type { Program } from "../compiler/program";
import { emitForTraining, withChosenForms } from "./emit";
import type { GraphCache, Models, Prepared, Wanted } from "./cache";
import { loadFitting } from "./memory";
import type { Choices } from "./options";
import { compileOptionsOf, fileReader, importsOf, type Loaded, print, sourceOf } from "./spec";

type Files = Iterable<readonly [name: string, bytes: Uint8Array]>;

/**
 * @param cache of earlier trainings; undefined: it is compiled, and nothing is kept
 * @param named whether a profile will show the operators
 */
export function prepare(path: string, flags: Choices & { readonly memory?: number }, lowerings: Lowerings | undefined, cache: GraphCache | undefined, named: boolean): { prepared: Prepared; models: Files } | undefined {
  const { set = [], variant: variants = [], memory } = flags;
  const wanted: Wanted = { source: sourceOf(path), set, variants, ...(memory === undefined ? {} : { memory }), ...(lowerings ? { lowerings } : {}) };
  const kept = cache?.find(wanted, fileReader());
  if (kept) {
    print(kept.prepared.diagnostics, (file) => kept.prepared.texts[file]);
    return kept;
  }
  const c = compiled(path, flags, lowerings);
  if (!c) return undefined;
  const prepared = preparedOf(c);
  return { prepared, models: cache ? keeping(cache, wanted, prepared, emitForTraining(c, named)) : emitForTraining(c, named) };
}

/** With every form written down. */
function compiled(path: string, flags: Choices & { readonly memory?: number }, lowerings: Lowerings | undefined): Ready | undefined {
  const loaded = loadFitting(path, flags, compileOptionsOf(lowerings));
  return loaded.program && { ...loaded, program: withChosenForms(loaded.program, loaded.graphs) };
}

type Ready = Loaded & Pick<Prepared, "program">;

function preparedOf(c: Ready): Prepared {
  const files = new Set(c.diagnostics.flatMap((d) => [d.span, ...d.related.map((r) => r.span)].flatMap((span) => span?.file ?? [])));
  const texts = Object.fromEntries([...files].flatMap((file) => (c.read(file) === undefined ? [] : [[file, c.read(file)!] as const])));
  return { program: c.program, imports: importsOf(c), firstExport: firstExportOf(c.program), source: c.source, diagnostics: c.diagnostics, texts };
}

/** The same files; once the last is taken, all of them are kept. */
function* keeping(cache: GraphCache, wanted: Wanted, prepared: Prepared, files: Files): Generator<readonly [string, Uint8Array]> {
  const models: Models[number][] = [];
  for (const file of files) {
    models.push(file);
    yield file;
  }
  void cache.keep(wanted, { prepared, models });
}

export const firstExportOf = (program: Program): string => program.exports[0]?.name ?? "A2B";
