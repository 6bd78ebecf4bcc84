import { format } from "../../dsl/format";
import { writeAtomic } from "../../runtime/files/atomic";
import { renderDiagnostics } from "../render";
import { readText } from "../spec";
import { print } from "../table";

export async function fmt(paths: readonly string[], options: { write?: boolean; check?: boolean }): Promise<void> {
  for (const path of paths) {
    const text = readText(path);
    const made = format(text, path);
    if (made.diagnostics.some((d) => d.severity === "error")) {
      process.stderr.write(`${renderDiagnostics(made.diagnostics, (p) => (p === path ? text : undefined))}\n`);
      process.exitCode = 1;
    } else if (options.check) {
      if (made.text === text) continue;
      print(`${path}: not in canonical form (ganc fmt --write ${path})`);
      process.exitCode = 1;
    } else if (!options.write) process.stdout.write(made.text);
    else if (made.text !== text) {
      await writeAtomic(path, made.text);
      print(`${path}: rewritten`);
    }
  }
}
