// What the graphs of a training step consist of, before and after lowering.
import { readFileSync } from "node:fs";
import { lowerGraph, reached } from "../../backends/onnx/lower/index";
import { compile } from "../../compiler/compile";

const compiled = compile({ path: "specs/ugatit.gan", text: readFileSync("specs/ugatit.gan", "utf8") }, { set: process.argv.slice(2), named: true });
const tally = (names: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const n of names) counts.set(n, (counts.get(n) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([n, c]) => `${n} ${c}`).join(", ");
};
for (const g of compiled.graphs) {
  const given = new Map(g.inputs.map((i) => [i.node, i.name]));
  const outs = g.outputs.map((o) => o.node);
  const { emitter } = lowerGraph(g.graph, given, outs);
  console.log(`${g.file}: ${g.inputs.length} inputs, ${g.outputs.length} outputs`);
  console.log(`  graph ${reached(g.graph, outs).length}: ${tally(reached(g.graph, outs).map((i) => g.graph.nodes[i]!.op))}`);
  console.log(`  onnx ${emitter.operators.length}: ${tally(emitter.operators.map((o) => o.type))}`);
  const from = emitter.operators.filter((o) => o.type === "Reshape").map((o) => o.outputs[0]!.match(/\/(\d+)\./)?.[1]);
  console.log(`  Reshape from: ${tally(from.map((id) => g.graph.nodes[Number(id)]!.op))}`);
}
