// The flattened spec: every param with where its value came from, the nets, and every loss written out.
import { countOf } from "../graph/shape";
import type { Compiled } from "../compile";
import type { SchedulePieceSpec } from "../program";
import { showValue } from "../resolve/write";
import { writeStep } from "../train/at-step";
import type { TrainModel } from "../train/model";
import { reach } from "../train/step";

export interface Explanation {
  readonly params: readonly { readonly name: string; readonly value: string; readonly from: string; readonly doc?: string }[];
  readonly data: readonly { readonly name: string; readonly shape: string; readonly steps: string }[];
  readonly nets: readonly { readonly name: string; readonly network: string; readonly parameters: number }[];
  readonly phases: readonly { readonly name: string; readonly when?: string; readonly trains: readonly string[]; readonly terms: readonly { readonly name: string; readonly formula: string; readonly vanished: boolean }[] }[];
  readonly optimizers: readonly string[];
  readonly schedule: string;
  readonly batch: number;
  readonly length: string;
  readonly exports: readonly { readonly name: string; readonly outputs: readonly string[]; readonly guards: string }[];
}

const amount = (count: number | undefined, unit: string | undefined): string => (unit === "percent" ? `${count}%` : `${count} ${unit}`);

function scheduleText(pieces: readonly SchedulePieceSpec[], held: TrainModel["held"]): string {
  const kept = held ? `, held for ${amount(held.count, held.unit)}` : "";
  if (pieces.length === 0) return `constant${kept}`;
  return pieces.map((p) => {
    if (p.kind === "constant") return p.count === undefined ? "constant" : `constant for ${amount(p.count, p.unit)}`;
    if (p.kind === "linear") return `linear to ${p.to}${p.count === undefined ? "" : ` over ${amount(p.count, p.unit)}`}`;
    return `times ${p.factor} every ${amount(p.every, p.unit)}`;
  }).join(", then ") + kept;
}

/** Second draws that nothing reads are not drawn. */
function drawn(m: TrainModel): TrainModel["data"] {
  const b = m.tracer.b;
  const terms = m.phases.flatMap((p) => p.terms.flatMap((t) => (t.node === undefined ? [] : [t.node])));
  const used = new Set([...reach(b, terms)].flatMap((id) => {
    const node = b.node(id);
    return node.op === "input" && node.attrs.kind === "data" ? [node.attrs.name] : [];
  }));
  return m.data.filter((d) => d.of === undefined || used.has(d.name));
}

function whenOf(m: TrainModel, phase: string): { when?: string } {
  const condition = m.conditions.find((c) => c.phase === phase);
  return condition ? { when: writeStep(condition.when) } : {};
}

export function explain(c: Compiled): Explanation | undefined {
  const m = c.model;
  if (!m) return undefined;
  const guards = (e: Compiled["exports"][number]): string =>
    e.fixed ? `only ${e.fixed.height}x${e.fixed.width}` : e.guards.map((g) => `${g.symbol} % ${g.divisor} == 0 and ${g.symbol} >= ${g.least}`).join(", ");
  return {
    params: [...c.params].map(([name, p]) => ({ name, value: p.text, from: p.from, ...(p.decl.doc ? { doc: p.decl.doc } : {}) })),
    data: drawn(m).map((d) => ({
      name: d.name, shape: `${d.channels}x${d.height}x${d.width}`,
      steps: d.of === undefined ? d.steps.map((s) => `${s.op}${"height" in s ? ` ${s.height}x${s.width}` : "size" in s ? ` ${s.size}` : ""}${"filter" in s ? ` ${s.filter}` : ""}`).join(", ") : `the next of ${d.of}`,
    })),
    nets: [...m.nets.values()].map((n) => ({
      name: n.name, network: showValue(n.make),
      parameters: [...m.params.values()].filter((p) => p.net === n.name).reduce((k, p) => k + countOf(p.shape), 0),
    })),
    phases: m.phases.map((p) => ({
      name: p.name, ...whenOf(m, p.name), trains: p.nets.map((n) => n.name),
      terms: p.terms.map((x) => ({ name: x.name, formula: x.formula, vanished: x.node === undefined })),
    })),
    optimizers: m.optimizers.map((o) => `${o.name}: adam(rate: ${o.rate}, betas: (${o.betas.join(", ")}), eps: ${o.eps}, decay: ${o.decay}${o.epsForm ? `, eps_form: ${o.epsForm}` : ""}${o.decayOn === "weights" ? ", decay_on: weights" : ""}${o.clipNorm === undefined ? "" : `, clip_norm: ${o.clipNorm}`}) over ${o.nets.join(", ")}`),
    schedule: scheduleText(m.schedule, m.held), batch: m.batch, length: amount(m.length.count, m.length.unit),
    exports: c.exports.map((e) => ({ name: e.name, outputs: e.outputs.map((o) => o.name), guards: guards(e) })),
  };
}
