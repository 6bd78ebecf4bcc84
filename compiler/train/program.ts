// From the cut step to a Program: storage by name, and what a runtime must draw, read and schedule.
import { axesOf, numbersOf } from "../graph/shape";
import type { Builder } from "../graph/builder";
import type { NodeId } from "../graph/types";
import type { ExportSpec, OptimizerSpec, ParamSpec, Program, Segment, StateSpec } from "../program";
import type { ExportModel } from "./exports";
import { portShape } from "./exports";
import type { TrainModel } from "./model";
import type { CutSegment } from "./segments";
import type { Step } from "./step";
import { buildUpdate, scalarNames } from "./update";

/** A graph with the names of its ports: what a backend turns into one file. */
export interface GraphFile {
  readonly file: string;
  readonly graph: Builder;
  readonly inputs: readonly { readonly node: NodeId; readonly name: string }[];
  readonly outputs: readonly { readonly node: NodeId; readonly name: string }[];
}

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

export function assemble(model: TrainModel, step: Step, cuts: readonly CutSegment[], exports: readonly ExportModel[], identity: Identity): Assembled {
  const trained = new Set(step.phases.flatMap((p) => p.gradients.map((g) => g.param.name)));
  const optimizers: OptimizerSpec[] = model.optimizers.map(({ nets, span: _span, broken: _broken, ...o }) => ({
    ...o, params: [...model.params.values()].filter((p) => nets.includes(p.net) && trained.has(p.name)).map((p) => p.name),
  }));
  const dead = new Set(step.dead.map((p) => p.name));
  const kept = new Set([...model.params.keys()].filter((n) => !dead.has(n)));
  const values: Record<string, number[]> = {};
  const graphs: GraphFile[] = [];
  const segments: Segment[] = [];
  const push = (phase: string, kind: Segment["kind"], graph: Builder, inputs: readonly { node: NodeId; value: string }[], outputs: readonly { node: NodeId; value: string }[]): void => {
    const file = `step.${segments.length}.${phase}${kind === "update" ? ".update" : ""}.onnx`;
    const ports = (list: readonly { node: NodeId; value: string }[]): { port: string; value: string }[] => list.map((x) => ({ port: x.value, value: x.value }));
    const outs = outputs.map((o) => ({ node: o.node, name: kind === "update" ? `new:${o.value}` : o.value }));
    graphs.push({ file, graph, inputs: inputs.map((i) => ({ node: i.node, name: i.value })), outputs: outs });
    segments.push({
      name: file.slice(0, -5), phase, kind, model: file, inputs: ports(inputs),
      outputs: outputs.map((o, i) => ({ port: outs[i]!.name, value: o.value })),
    });
    for (const x of [...inputs, ...outputs]) {
      if (/^(value|grad|next|loss):/.test(x.value)) values[x.value] = numbersOf(graph.shape(x.node));
    }
  };
  for (const phase of step.phases) {
    const k = phase.phase.index;
    for (const cut of cuts.filter((c) => c.phase === k)) push(phase.phase.name, "compute", cut.graph, cut.inputs, cut.outputs);
    const covered = phase.gradients.flatMap((g) => {
      const optimizer = optimizers.find((o) => o.params.includes(g.param.name));
      return optimizer ? [{ param: g.param, optimizer }] : [];
    });
    if (covered.length === 0) continue;
    const u = buildUpdate(covered);
    push(phase.phase.name, "update", u.graph, u.inputs, u.outputs);
  }
  const stateSpecs = [...model.states.values()].map((s): StateSpec => ({ name: s.name, net: s.net, init: s.init, axes: axesOf(s.shape), shape: numbersOf(s.shape) }));
  const exportSpecs = exports.map((e) => exportSpec(e, graphs));
  const program: Program = {
    format: 1, ...identity, batch: model.batch, length: model.length, data: model.data,
    params: paramSpecs(model, optimizers, kept), states: stateSpecs,
    samples: [...model.tracer.samples.values()].map((s) => ({ name: s.name, axes: axesOf(s.shape), shape: numbersOf(s.shape), distribution: s.distribution })),
    optimizers, schedule: model.schedule,
    scalars: optimizers.flatMap((o) => [
      { name: scalarNames(o.name).step, kind: "step-size" as const, optimizer: o.name },
      { name: scalarNames(o.name).root, kind: "root-correction" as const, optimizer: o.name },
    ]),
    losses: model.phases.flatMap((p) => p.terms.filter((x) => x.node !== undefined).map((x) => ({ name: `${p.name}.${x.name}`, phase: p.name, term: x.name, formula: x.formula }))),
    segments, values, exports: exportSpecs,
  };
  return { program, graphs };
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
