import { explain } from "../../compiler/describe/explain";
import type { Choices } from "../options";
import { loadOrFail } from "../spec";
import { print, table, thousands } from "../table";

export function explainCommand(path: string, options: Choices & { json?: boolean }): void {
  const c = loadOrFail(path, options, { until: "check" });
  const e = explain(c);
  if (!e) return print(options.json ? "{}" : `${path} has no train block`);
  if (options.json) return print(JSON.stringify(e));
  print(`${c.source.path}\n`);
  print(table(["param", "value", "from", "what it is"], e.params.map((p) => [p.name, p.value, p.from, p.doc ?? ""])));
  print(`\ndata\n${e.data.map((d) => `  ${d.name}: ${d.shape}  ${d.steps}`).join("\n")}`);
  print(`\nnets\n${e.nets.map((n) => `  ${n.name}: ${n.network}  ${thousands(n.parameters)} parameters`).join("\n")}`);
  for (const p of e.phases) {
    print(`\nphase ${p.name} trains ${p.trains.join(", ")}${p.when ? ` when ${p.when}` : ""}`);
    for (const t of p.terms) print(t.vanished ? `  ${t.name} vanishes` : `  ${t.name} = ${t.formula.split(/ \+ (?=[\d(])/).join("\n" + " ".repeat(t.name.length + 3) + "+ ")}`);
  }
  print(`\noptimizers\n${e.optimizers.map((o) => `  ${o}`).join("\n")}`);
  print(`schedule  rate: ${e.schedule}\nbatch     ${e.batch}\nlength    ${e.length}`);
  print(`\nexports\n${e.exports.map((x) => `  ${x.name} → ${x.outputs.join(", ")}${x.guards ? `   needs ${x.guards}` : ""}`).join("\n")}`);
}
