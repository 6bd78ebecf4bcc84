import { mkdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { rules } from "../../compiler/diagnostics/table";
import { diagnose } from "../../dsl/diagnostic";
import { decode, PictureError } from "../../runtime/data/decode";
import { listPictures } from "../../runtime/data/folder";
import { writeAtomic } from "../../runtime/files/atomic";
import { explainFsError, UserError } from "../../runtime/files/errors";
import { encodePng } from "../../runtime/pictures/png";
import { streamOf } from "../../runtime/translate/direction";
import { type SizeMode, Translator } from "../../runtime/translate/translator";
import { UsageError } from "../options";
import { renderDiagnostics } from "../render";
import { print } from "../table";
import { bake, exportOf, openRun, type OpenedRun } from "../weights";

export interface TranslateFlags {
  readonly export: string;
  readonly in: string;
  readonly out: string;
  readonly heatmap?: boolean;
  readonly size: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export async function openTranslator(run: OpenedRun, name: string): Promise<Translator> {
  const { spec, model } = exportOf(run, name);
  if (spec.inputs.length !== 1) throw new UserError(`the export ${name} takes ${spec.inputs.length} inputs; translate gives it one picture`, "compile it and feed it yourself: ganc compile --target onnx");
  // All in one piece, however large: a session made from bytes would look for external data in vain.
  return Translator.open(spec, streamOf(run.program, name), bake(model, run.weights, {}, { lowerings: run.program.lowerings }).bytes);
}

export async function translateCommand(from: string, flags: TranslateFlags): Promise<void> {
  if (flags.size !== "test" && flags.size !== "native") throw new UsageError(`--size takes test or native, not ${flags.size}`);
  const run = openRun(from);
  try {
    refuseHeatmap(run, flags);
    const files = await filesOf(flags.in);
    refuseOverwriting(files, flags.out);
    const translator = await openTranslator(run, flags.export);
    const done = await translateAll(translator, files, flags, flags.size);
    await translator.close();
    if (flags.json) print(JSON.stringify(done));
    else print(`${done.written} translated into ${flags.out}${done.skipped.length > 0 ? `, ${done.skipped.length} skipped` : ""} (${flags.export}, step ${run.step})`);
    if (done.written === 0) throw new UserError(`${flags.in}: no picture could be translated`);
  } finally {
    run.close();
  }
}

/** With `Plain` there is nothing to show: a diagnostic, as the spec's author would get one. */
function refuseHeatmap(run: OpenedRun, flags: TranslateFlags): void {
  const { spec } = exportOf(run, flags.export);
  if (!flags.heatmap || spec.outputs.some((o) => o.name === "heatmap")) return;
  const decl = run.compiled.modules.entry.file.decls.find((d) => d.kind === "export" && d.name.text === flags.export);
  const head = run.program.settings["generator_head"] ?? "without one";
  process.stderr.write(`${renderDiagnostics([diagnose(rules.noHeatmap, { name: flags.export, head }, decl?.span)], run.compiled.read)}\n`);
  throw new UserError(`${flags.export} has no heatmap`);
}

interface Source {
  readonly path: string;
  /** Below --out, without its ending. */
  readonly name: string;
}

async function filesOf(path: string): Promise<Source[]> {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (e) {
    throw explainFsError(e, path);
  }
  const stem = (p: string): string => p.slice(0, p.length - extname(p).length);
  if (!isFolder) return [{ path, name: stem(basename(path)) }];
  const names = await listPictures(path);
  if (names.length === 0) throw new UserError(`${path} holds no pictures`, "png, jpg, webp, tif, bmp and ppm are read, in nested folders too");
  // Two files that differ in their ending alone keep it, so that neither overwrites the other.
  const count = new Map<string, number>();
  for (const n of names) count.set(stem(n), (count.get(stem(n)) ?? 0) + 1);
  return names.map((n) => ({ path: join(path, n), name: (count.get(stem(n)) ?? 0) > 1 ? n : stem(n) }));
}

/** `--out` may be `--in`, but no picture may be lost to a translation. */
function refuseOverwriting(files: readonly Source[], out: string): void {
  const sources = new Set(files.map((f) => resolve(f.path)));
  const lost = files.flatMap((f) => [`${f.name}.png`, `${f.name}.heatmap.png`]).find((name) => sources.has(resolve(out, name)));
  if (lost !== undefined) throw new UserError(`${join(out, lost)} is one of the pictures to translate, and would be overwritten`, "choose another folder with --out");
}

async function translateAll(translator: Translator, files: readonly Source[], flags: TranslateFlags, mode: SizeMode): Promise<{ written: number; skipped: string[] }> {
  const skipped: string[] = [];
  const began = performance.now();
  let written = 0;
  for (const [i, file] of files.entries()) {
    try {
      const made = await translator.translate(await decode(file.path, translator.channels), mode, file.path);
      await save(join(flags.out, `${file.name}.png`), await encodePng(made.image));
      if (flags.heatmap && made.heat) await save(join(flags.out, `${file.name}.heatmap.png`), await encodePng(made.heat));
      written++;
    } catch (e) {
      if (!(e instanceof PictureError) || flags.strict) throw e;
      skipped.push(file.path);
      process.stderr.write(`skipped: ${e.message}\n`);
    }
    progress(i + 1, files.length, (performance.now() - began) / 1000);
  }
  return { written, skipped };
}

async function save(path: string, bytes: Uint8Array): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (e) {
    throw explainFsError(e, dirname(path));
  }
  await writeAtomic(path, bytes);
}

function progress(done: number, total: number, seconds: number): void {
  if (process.stderr.isTTY !== true) return;
  const left = (seconds / done) * (total - done);
  process.stderr.write(`\r${done}/${total}  ${(done / seconds).toFixed(1)} a second  ${left.toFixed(0)} s left   ${done === total ? "\n" : ""}`);
}
