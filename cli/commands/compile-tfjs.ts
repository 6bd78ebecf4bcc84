// `ganc compile --target tfjs`: the spec as a TypeScript project.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeAtomic } from "../../runtime/files/atomic";
import { explainFsError, UserError } from "../../runtime/files/errors";
import { formatted, projectOf } from "../emit-tfjs";
import { UsageError } from "../options";
import { importsOf, loadOrFail } from "../spec";
import { print, short } from "../table";
import type { CompileFlags } from "./compile";

export async function compileTfjs(path: string, flags: CompileFlags): Promise<void> {
  if (flags.weights !== undefined) throw new UsageError("--weights goes with --target onnx: the project takes a checkpoint by itself, node dist/main.js --resume FILE");
  if (!flags.training) throw new UsageError("--no-training goes with --target onnx: a project is the training and its exports");
  const c = loadOrFail(path, flags);
  const notes = { path: c.source.path, set: flags.set ?? [], variants: flags.variant ?? [], imports: importsOf(c) };
  const files = await formatted(projectOf(c, notes));
  if (!flags.force) refuseChanged(flags.out, files);
  const written: { file: string; bytes: number }[] = [];
  for (const [name, text] of files) {
    const file = join(flags.out, name);
    try {
      mkdirSync(dirname(file), { recursive: true });
    } catch (e) {
      throw explainFsError(e, dirname(file));
    }
    await writeAtomic(file, text);
    written.push({ file, bytes: Buffer.byteLength(text) });
  }
  if (flags.json) return print(JSON.stringify({ files: written }));
  for (const f of written) print(`${f.file}  ${short(f.bytes, "B")}`);
  print(`train with it: cd ${flags.out} && npm install --ignore-scripts && npm run build && node dist/main.js --help`);
}

/** What a person has written there is not lost. */
function refuseChanged(out: string, files: ReadonlyMap<string, string>): void {
  const others = [...files].filter(([name, text]) => existsSync(join(out, name)) && readFileSync(join(out, name), "utf8") !== text).map(([name]) => join(out, name));
  if (others.length > 0) throw new UserError(`${others[0]!}${others.length > 1 ? ` and ${others.length - 1} more files` : ""} would be overwritten: it is there, and it is another`, "choose another --out, or overwrite with --force");
}
