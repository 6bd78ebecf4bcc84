// From the cut step to a Program: storage by name, and what a runtime must draw, read and schedule.
import { axesOf, numbersOf } from "../graph/shape";
import type { NodeId } from "../graph/types";
import type { AdamUpdate, ExportSpec, OptimizerSpec, ParamSpec, Program, Segment, StateSpec } from "../program";
import type { ExportModel } from "./exports";
import { portShape } from "./exports";
import type { Like } from "./alike";
import { type GraphFile, type StepGraph, stepFile } from "./graph-file";
import type { TrainModel } from "./model";
import type { Step } from "./step";
import { buildUpdate, type Covered, scalarNames } from "./update";

export interface Assembled {
  readonly program: Program;
  readonly graphs: readonly GraphFile[];
}

export interface Identity {
  readonly spec: string;
  readonly hash: string;
  readonly settings: Readonly<Record<string, string>>;
}

function paramSpecs(model: TrainModel, optimizers: readonly OptimizerSpec[], kept: ReadonlySet<string>): ParamSpec[] {
  return [...model.params.values()].filter((p) => kept.has(p.name)).map((p) => {
    const optimizer = optimizers.find((o) => o.params.includes(p.name))?.name;
    return {
      name: p.name, net: p.net, role: p.role, init: p.init, axes: axesOf(p.shape), shape: numbersOf(p.shape),
      ...(p.within ? { within: p.within } : {}), ...(optimizer ? { optimizer } : {}), ...(p.madeBy ? { madeBy: p.madeBy } : {}),
    };
  });
}

/** One compiled step: the phases that are active in it, and its graphs in their order. */
export interface CutPlan {
  readonly model: TrainModel;
  readonly step: Step;
  readonly cuts: readonly StepGraph[];
}

/**
 * The trained parameters of each optimizer line. Adam counts the updates of a parameter (rule 16): those that are not updated once at
 * each step, but in a phase that rests or in several, stand apart.
 */
function optimizersOf(model: TrainModel, plans: readonly CutPlan[]): OptimizerSpec[] {
  const phasesOf = new Map<string, Set<string>>();
  for (const { step } of plans) {
    for (const p of step.phases) for (const g of p.gradients) phasesOf.set(g.param.name, (phasesOf.get(g.param.name) ?? new Set()).add(p.phase.name));
  }
  const order = model.phases.map((p) => p.name);
  return model.optimizers.flatMap(({ nets, span: _span, broken: _broken, clipNorm: _clip, ...o }): OptimizerSpec[] => {
    const groups = new Map<string, { phases: string[]; params: string[] }>();
    for (const p of model.params.values()) {
      if (!nets.includes(p.net) || !phasesOf.has(p.name)) continue;
      const phases = order.filter((name) => phasesOf.get(p.name)!.has(name));
      const once = phases.length === 1 && !model.conditions.some((c) => c.phase === phases[0]);
      const key = once ? "" : phases.join("+");
      const group = groups.get(key) ?? { phases, params: [] };
      group.params.push(p.name);
      groups.set(key, group);
    }
    if (groups.size === 0) return [{ ...o, params: [] }];
    return [...groups].map(([key, { phases, params }]) =>
      key === "" ? { ...o, params } : { ...o, name: groups.size === 1 ? o.name : `${o.name} in ${key}`, params, phases });
  });
}

/** Names of the two numbers that one phase's update by an optimizer is fed. */
const scalarsOf = (o: OptimizerSpec, phase: string): { step: string; root: string } =>
  scalarNames((o.phases?.length ?? 1) > 1 ? `${o.name}.${phase}` : o.name);

/** What an update makes of a value has another name than the value that it reads. */
const NEW = "new:";

/** @param model the whole training, every phase in it; `plans` what its steps run: itself alone, if no phase ever rests */
export function assemble(model: TrainModel, whole: Step, plans: readonly CutPlan[], exports: readonly ExportModel[], identity: Identity): Assembled {
  const optimizers = optimizersOf(model, plans);
  const optimizerOf = new Map(optimizers.flatMap((o) => o.params.map((p) => [p, o] as const)));
  const dead = new Set(whole.dead.map((p) => p.name));
  const kept = new Set([...model.params.keys()].filter((n) => !dead.has(n)));
  const values: Record<string, number[]> = {};
  const graphs: GraphFile[] = [];
  const segments: Segment[] = [];
  const conditional = model.conditions.length > 0;
  plans.forEach(({ step, cuts }, plan) => {
    const push = (phase: string, graph: GraphFile, like?: Like, updates?: readonly AdamUpdate[]): void => {
      const { file, inputs, outputs } = graph;
      const port = (name: string): string => like?.ports.get(name) ?? name;
      const written = (port: string): string => (port.startsWith(NEW) ? port.slice(NEW.length) : port);
      if (!like) graphs.push(graph);
      segments.push({
        name: file.slice(0, -5), phase, kind: updates ? "update" : "compute", ...(conditional ? { plan } : {}), model: like?.file ?? file,
        inputs: inputs.map(({ name }) => ({ port: port(name), value: name })), outputs: outputs.map(({ name }) => ({ port: port(name), value: written(name) })), ...(updates ? { updates } : {}),
      });
      for (const { node, name } of [...inputs, ...outputs]) if (/^(value|grad|next|loss):/.test(name)) values[name] = numbersOf(graph.graph.shape(node));
    };
    // Each update follows the graph after which its gradient is there and nobody reads the parameter as it was.
    const ripe = cuts.map((): Covered[][] => step.phases.map(() => []));
    step.phases.forEach((phase, at) => {
      for (const g of phase.gradients) {
        const optimizer = optimizerOf.get(g.param.name);
        if (!optimizer) continue;
        const name = (optimizer.phases?.length ?? 1) > 1 ? `${optimizer.name}.${phase.phase.name}` : optimizer.name;
        const version = step.phases.slice(0, at).filter((p) => p.gradients.some((x) => x.param.name === g.param.name)).length;
        ripe[ripeAfter(cuts, g.param.name, version, phase.phase.index)]![at]!.push({ param: g.param, optimizer: { ...optimizer, name } });
      }
    });
    cuts.forEach((cut, at) => {
      push(cut.phaseName, cut.file, cut.like);
      ripe[at]!.forEach((now, i) => {
        if (now.length === 0) return;
        const { graph, inputs, outputs, updates } = buildUpdate(now);
        const updated = step.phases[i]!.phase.name;
        const ports = (list: typeof inputs, before = ""): GraphFile["inputs"] => list.map(({ node, value }) => ({ node, name: before + value }));
        push(updated, { file: stepFile(cut.number, updated, true), graph, inputs: ports(inputs), outputs: ports(outputs, NEW) }, undefined, updates);
      });
    });
  });
  const read = (plan?: number): Set<string> => new Set(segments.filter((s) => plan === undefined || s.plan === plan).flatMap((s) => s.inputs.map((p) => p.value)));
  const used = read();
  const data = model.data.filter((d) => d.of === undefined || used.has(`data:${d.name}`));
  const stateSpecs = [...model.states.values()].map((s): StateSpec => ({ name: s.name, net: s.net, init: s.init, axes: axesOf(s.shape), shape: numbersOf(s.shape) }));
  const exportSpecs = exports.map((e) => exportSpec(e, graphs));
  const samples = new Map(plans.flatMap((p) => [...p.model.tracer.samples]));
  const program: Program = {
    format: 1, ...identity, batch: model.batch, length: model.length, data,
    params: paramSpecs(model, optimizers, kept), states: stateSpecs,
    samples: [...samples.values()].filter((s) => used.has(`sample:${s.name}`)).map((s) => ({ name: s.name, axes: axesOf(s.shape), shape: numbersOf(s.shape), distribution: s.distribution })),
    optimizers, schedule: model.schedule, ...(model.held ? { held: model.held } : {}),
    scalars: optimizers.flatMap((o) => (o.phases ?? [""]).flatMap((phase) => {
      const which = (o.phases?.length ?? 1) > 1 ? { phase } : {};
      return [
        { name: scalarsOf(o, phase).step, kind: "step-size" as const, optimizer: o.name, ...which },
        { name: scalarsOf(o, phase).root, kind: "root-correction" as const, optimizer: o.name, ...which },
      ];
    })),
    losses: model.phases.flatMap((p) => p.terms.filter((x) => x.node !== undefined).map((x) => ({ name: `${p.name}.${x.name}`, phase: p.name, term: x.name, formula: x.formula }))),
    segments, values, exports: exportSpecs,
    ...(conditional ? { conditions: model.conditions, plans: plans.map((p, i) => ({ phases: p.model.phases.map((x) => x.name), data: data.map((d) => d.name).filter((d) => read(i).has(`data:${d}`)) })) } : {}),
  };
  return { program, graphs };
}

/** The graph after which a version of a parameter can be updated: its gradient is there, and nobody reads it any more. */
function ripeAfter(cuts: readonly StepGraph[], param: string, version: number, phase: number): number {
  const leaf = version === 0 ? param : `${param}@${version}`;
  const touches = (c: StepGraph): boolean => c.reads.has(leaf) || (c.phase === phase && c.outputs.some((o) => o.value === `grad:${param}`));
  const last = cuts.reduce((at, c, i) => (touches(c) ? i : at), -1);
  if (cuts.slice(0, last + 1).some((c) => c.reads.has(`${param}@${version + 1}`))) throw new Error(`defect: ${param} is read both before and after its update in one graph, or in the wrong order`);
  return last;
}

/** The export's graph with its parameters as inputs: one file serves a run at any step. */
function exportSpec(e: ExportModel, graphs: GraphFile[]): ExportSpec {
  const b = e.graph;
  const leaves = b.nodes.filter((n) => n.op === "input" && (n.attrs.kind === "param" || n.attrs.kind === "state"));
  const leafNames = leaves.map((n) => ({ node: n.id, name: n.op === "input" ? `${n.attrs.kind}:${n.attrs.name}` : "" }));
  const file = `export.${e.name}.onnx`;
  graphs.push({ file, graph: b, inputs: [...e.inputs, ...leafNames], outputs: e.outputs });
  const port = (p: { name: string; node: NodeId }): ExportSpec["inputs"][number] => ({ name: p.name, axes: axesOf(b.shape(p.node)), shape: portShape(b.shape(p.node)) });
  const named = (kind: string): string[] => leafNames.filter((l) => l.name.startsWith(`${kind}:`)).map((l) => l.name.slice(kind.length + 1));
  return {
    name: e.name, model: file, inputs: e.inputs.map(port), outputs: e.outputs.map(port), params: named("param"), states: named("state"),
    guards: e.guards, ...(e.fixed ? { fixed: e.fixed } : {}),
  };
}
