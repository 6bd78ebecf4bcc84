import { describeNets } from "../../compiler/describe/layers";
import { nearest } from "../../compiler/diagnostics/near";
import { UserError } from "../../runtime/files/errors";
import type { Choices } from "../options";
import { loadOrFail } from "../spec";
import { print, short, table, thousands } from "../table";

export function describeCommand(path: string, options: Choices & { json?: boolean; net?: string }): void {
  const c = loadOrFail(path, options, { until: "check" });
  const all = c.model ? describeNets(c.model) : [];
  const chosen = options.net === undefined ? all : all.filter((t) => t.net === options.net || t.net.startsWith(`${options.net}.`));
  if (options.net !== undefined && chosen.length === 0) {
    const near = nearest(options.net, all.map((t) => t.net));
    throw new UserError(`${path} has no net ${options.net}`, near ? `did you mean ${near}?` : `there is: ${all.map((t) => t.net).join(", ")}`);
  }
  if (options.json) return print(JSON.stringify(chosen));
  const seen = new Map<string, string>();
  for (const t of chosen) {
    const key = JSON.stringify([t.network, t.rows]);
    const same = options.net === undefined ? seen.get(key) : undefined;
    if (same !== undefined) {
      print(`\n${t.net}: as ${same}`);
      continue;
    }
    seen.set(key, t.net);
    print(`\n${t.net}: ${t.network}   ${t.input} → ${t.output}`);
    const rows = t.rows.map((r) => [r.path, r.layer, r.output, r.parameters === 0 ? "" : thousands(r.parameters), r.flops === 0 ? "" : short(r.flops)]);
    print(table(["place", "layer", "output", "parameters", "FLOPs"], [...rows, ["total", "", "", thousands(t.parameters), short(t.flops)]]));
  }
  const total = all.reduce((n, t) => n + t.parameters, 0);
  if (options.net === undefined) print(`\n${all.length} nets, ${thousands(total)} parameters. FLOPs are 2 × multiply-adds of one sample's forward pass.`);
}
