// --print-after PHASE: what each phase made, as text.
import { format } from "../dsl/format";
import { Builder } from "./graph/builder";
import { printGraph } from "./graph/print";
import type { Compiled } from "./compile";

export const PHASES = ["parse", "resolve", "bind", "trace", "differentiate", "cut", "program"] as const;
export type PrintablePhase = (typeof PHASES)[number];

export function printAfter(phase: PrintablePhase, c: Compiled): string | undefined {
  switch (phase) {
    case "parse":
      return format(c.source.text, c.source.path).text;
    case "resolve":
      return [...c.modules.all.values()].map((m) => `${m.path}: ${m.file.decls.length} declarations; ${[...m.bodies.values()].map((b) => `${b.keyword} ${b.name.text}`).join(", ")}\n`).join("");
    case "bind":
      return [...c.params].map(([name, p]) => `${name} = ${p.text}   (${p.from})\n`).join("");
    case "trace": {
      if (!c.model) return undefined;
      const terms = c.model.phases.flatMap((p) => p.terms.flatMap((x) => (x.node === undefined ? [] : [`${p.name}.${x.name} = %${x.node}`])));
      const last = Math.max(-1, ...c.model.phases.flatMap((p) => p.terms.map((x) => x.node ?? -1)));
      return `${printGraph({ nodes: c.model.tracer.b.nodes.slice(0, last + 1) })}\n${terms.join("\n")}\n`;
    }
    case "differentiate": {
      if (!c.step) return undefined;
      const grads = c.step.phases.flatMap((p) => p.gradients.map((g) => `grad ${g.param.name} = %${g.node}`));
      return `${printGraph(new Builder(c.step.builder))}\n${grads.join("\n")}\n`;
    }
    case "cut":
      return c.graphs.map((g) => `== ${g.file}\n${printGraph(g.graph)}\n`).join("\n");
    case "program":
      return c.program ? `${JSON.stringify(c.program, null, 1)}\n` : undefined;
  }
}
