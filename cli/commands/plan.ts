import { plan } from "../../compiler/describe/plan";
import type { Choices } from "../options";
import { loadFitting } from "../memory";
import { print, short, table, thousands } from "../table";

export function planCommand(path: string, options: Choices & { json?: boolean; memory?: number }): void {
  const c = loadFitting(path, options);
  const p = plan(c);
  if (!p) return print(options.json ? "{}" : `${path} has nothing to train`);
  if (options.json) return print(JSON.stringify(p));
  print(table(["net", "parameters"], [...p.parameters.map((n) => [n.net, thousands(n.count)]), ["total", thousands(p.totalParameters)]]));
  print(`\na training step (batch ${c.program?.batch ?? 1}): ${short(p.stepFlops, "FLOP")}`);
  for (const f of p.flopsByPhase)
    print(`  ${f.phase}: ${short(f.flops, "FLOP")}${f.callFlops > 0 ? `, ${(f.flops / f.callFlops).toFixed(2)} of its ${f.calls} calls' ${short(f.callFlops, "FLOP")} (each forward, back by its input and by its weights)` : ""}`);
  print(`\npeak memory of training, estimated: ${short(p.training.total, "B")}`);
  for (const [part, bytes] of Object.entries(p.training.parts)) print(`  ${part}: ${short(bytes, "B")}`);
  for (const e of p.inference) print(`\n${e.name} of one picture: ${short(e.flops, "FLOP")}, about ${short(e.memory.total, "B")} of memory`);
}
