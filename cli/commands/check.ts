import { PHASES, type PrintablePhase } from "../../compiler/print";
import { type Choices, UsageError } from "../options";
import { jsonOf, load, tell } from "../spec";
import { print } from "../table";

export interface CheckOptions extends Choices {
  readonly json?: boolean;
  readonly printAfter?: string;
}

export function check(path: string, options: CheckOptions): void {
  const phase = PHASES.find((p) => p === options.printAfter);
  if (options.printAfter !== undefined && !phase) throw new UsageError(`--print-after takes one of: ${PHASES.join(", ")}`);
  const deep: PrintablePhase[] = ["cut", "program"];
  const c = load(path, options, { until: phase && deep.includes(phase) ? "graphs" : "check", ...(phase ? { printAfter: phase } : {}) });
  if (options.json) print(JSON.stringify({ ok: c.ok, diagnostics: jsonOf(c) }));
  else {
    const ok = tell(c);
    if (phase) print(c.printed ?? `the spec's errors end the compilation before ${phase}`);
    else if (ok) print(`${c.source.path}: ok (${c.params.size} params, ${c.model?.nets.size ?? 0} nets, ${c.model?.phases.length ?? 0} phases, ${c.exports.length} exports)`);
  }
  if (!c.ok) process.exitCode = 1;
}
