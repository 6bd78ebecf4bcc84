// One training step as one graph: losses of every phase, gradients of what the phase trains, and the states carried on.
import { rules } from "../diagnostics/table";
import { differentiate } from "../differentiate";
import type { Builder } from "../graph/builder";
import { axesOf } from "../graph/shape";
import type { NodeId, OpName } from "../graph/types";
import type { ParamInfo } from "../trace/tracer";
import type { Phase, TrainModel } from "./model";

export interface StepPhase {
  readonly phase: Phase;
  readonly losses: readonly { readonly name: string; readonly node: NodeId }[];
  /** Of every parameter the phase trains. */
  readonly gradients: readonly { readonly param: ParamInfo; readonly node: NodeId }[];
}

export interface Step {
  readonly builder: Builder;
  readonly phases: readonly StepPhase[];
  /** States whose value changes in the step. */
  readonly next: readonly { readonly name: string; readonly node: NodeId }[];
  /** Parameters that nothing uses. */
  readonly dead: readonly ParamInfo[];
}

/** `AB.conv1.weight@1` is the parameter after one update in this step. */
export function leafName(name: string): { param: string; version: number } {
  const at = name.lastIndexOf("@");
  return at < 0 ? { param: name, version: 0 } : { param: name.slice(0, at), version: Number(name.slice(at + 1)) };
}

/** All nodes that `from` depends on; not past nodes of `barriers`. */
export function reach(b: Builder, from: readonly NodeId[], barriers: ReadonlySet<OpName> = new Set()): Set<NodeId> {
  const seen = new Set<NodeId>();
  const open = [...from];
  while (open.length > 0) {
    const id = open.pop()!;
    if (seen.has(id)) continue;
    seen.add(id);
    const node = b.node(id);
    if (!barriers.has(node.op)) open.push(...node.inputs);
  }
  return seen;
}

function paramLeaves(b: Builder, ids: Iterable<NodeId>): { id: NodeId; param: string; version: number }[] {
  const leaves: { id: NodeId; param: string; version: number }[] = [];
  for (const id of ids) {
    const node = b.node(id);
    if (node.op === "input" && node.attrs.kind === "param") leaves.push({ id, ...leafName(node.attrs.name) });
  }
  return leaves;
}

/** No gradient runs through these. */
const BARRIERS: ReadonlySet<OpName> = new Set<OpName>(["stop", "greater", "sign", "max_mask", "size"]);

/**
 * @param exported names of parameters that an export uses
 * @param build without it only what is wrong is found: no gradient is made
 */
export function buildStep(model: TrainModel, exported: ReadonlySet<string>, build: boolean): Step {
  const t = model.tracer;
  const b = t.b;
  const terms = model.phases.flatMap((p) => p.terms.flatMap((x) => (x.node === undefined ? [] : [x.node])));
  const used = new Set(paramLeaves(b, reach(b, terms)).map((l) => l.param));
  const live = new Set([...used, ...exported]);
  const phases = model.phases.map((p) => buildPhase(model, p, live, build));
  const next = [...t.states].flatMap(([name, node]) => {
    const info = b.node(node);
    return info.op === "input" ? [] : [{ name, node }];
  });
  const dead = [...model.params.values()].filter((p) => !live.has(p.name));
  return { builder: b, phases, next: next.filter((n) => model.states.has(n.name)), dead };
}

function buildPhase(model: TrainModel, p: Phase, live: ReadonlySet<string>, build: boolean): StepPhase {
  const t = model.tracer;
  const b = t.b;
  const losses = p.terms.flatMap((x) => (x.node === undefined ? [] : [{ name: `${p.name}.${x.name}`, node: x.node }]));
  if (losses.length === 0) {
    reportUnreached(model, p, [...model.params.values()].filter((q) => p.versions.has(q.net) && live.has(q.name)));
    return { phase: p, losses, gradients: [] };
  }
  b.origin = { span: p.span, label: `phase ${p.name}`, path: p.name };
  const total = losses.map((l) => l.node).reduce((sum, l) => b.add("add", {}, [sum, l]));
  const leaves = paramLeaves(b, reach(b, [total]));
  const stale = checkStale(model, p, leaves);
  const wanted = [...model.params.values()].filter((q) => p.versions.has(q.net) && live.has(q.name));
  const idOf = new Map(leaves.filter((l) => p.versions.get(model.params.get(l.param)?.net ?? "") === l.version).map((l) => [l.param, l.id]));
  const reached = wanted.filter((q) => idOf.has(q.name));
  const between = reach(b, [total], BARRIERS);
  const isReached = (q: ParamInfo): boolean => idOf.has(q.name) && between.has(idOf.get(q.name)!);
  reportUnreached(model, p, wanted.filter((q) => !isReached(q) && !stale.has(q.net)));
  if (!build) return { phase: p, losses, gradients: [] };
  const found = differentiate(b, total, reached.map((q) => idOf.get(q.name)!));
  const gradients = reached.flatMap((param, i) => (found[i] === undefined ? [] : [{ param, node: found[i] }]));
  return { phase: p, losses, gradients: clipped(model, b, gradients) };
}

/**
 * `clip_norm`: the gradients that one optimizer covers are scaled together, so that their joint Euclidean norm is at most this:
 * g · min(1, most / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ has it. Decay is added later.
 */
function clipped(model: TrainModel, b: Builder, gradients: StepPhase["gradients"]): StepPhase["gradients"] {
  const factors = new Map<string, NodeId>();
  for (const { nets, clipNorm } of model.optimizers) {
    const own = gradients.filter((g) => nets.includes(g.param.net));
    if (clipNorm === undefined || own.length === 0) continue;
    const squares = own.map((g) => b.add("sum", { over: axesOf(b.shape(g.node)) }, [b.add("mul", {}, [g.node, g.node])]));
    const norm = b.add("sqrt", {}, [squares.reduce((sum, s) => b.add("add", {}, [sum, s]))]);
    const factor = b.add("div", {}, [b.constant(clipNorm), b.add("add", {}, [norm, b.constant(1e-6)])]);
    const most = b.add("minimum", {}, [factor, b.constant(1)]);
    for (const g of own) factors.set(g.param.name, most);
  }
  return gradients.map((g) => (factors.has(g.param.name) ? { ...g, node: b.add("mul", {}, [g.node, factors.get(g.param.name)!]) } : g));
}

/** One message for nets that no loss reaches at all, and one for each net of which it misses a part. */
function reportUnreached(model: TrainModel, p: Phase, lost: readonly ParamInfo[]): void {
  const byNet = new Map<string, ParamInfo[]>();
  for (const q of lost) byNet.set(q.net, [...(byNet.get(q.net) ?? []), q]);
  const whole = [...byNet].filter(([net, list]) => list.length === [...model.params.values()].filter((q) => q.net === net).length);
  if (whole.length > 0) {
    const related = whole.flatMap(([net]) => (model.nets.has(net) ? [{ span: model.nets.get(net)!.span, message: `\`${net}\` is made here` }] : []));
    model.tracer.report(rules.unreached, { what: whole.map(([net]) => `\`${net}\``).join(", "), phase: p.name }, p.span, related);
  }
  for (const [net, list] of byNet) {
    if (whole.some(([w]) => w === net)) continue;
    const first = list[0]!;
    const more = list.length > 1 ? ` and ${list.length - 1} more of its net` : "";
    model.tracer.report(rules.unreached, { what: `\`${first.name}\`${more}`, phase: p.name }, p.span, [{ span: first.span, message: "made here" }]);
  }
}

/** Rule 15: no gradient through a value whose weights an earlier phase has changed since. */
function checkStale(model: TrainModel, p: Phase, leaves: readonly { id: NodeId; param: string; version: number }[]): ReadonlySet<string> {
  const b = model.tracer.b;
  const said = new Set<string>();
  for (const l of leaves) {
    const net = model.params.get(l.param)?.net ?? "";
    const now = p.versions.get(net);
    if (now === undefined || l.version === now || said.has(net)) continue;
    said.add(net);
    const changed = model.phases.find((q) => q.index < p.index && q.versions.has(net) && q.versions.get(net)! >= l.version);
    const user = b.nodes.find((n) => n.inputs.includes(l.id));
    const related = [
      ...(user?.origin ? [{ span: user.origin.span, message: "computed here" }] : []),
      ...(changed ? [{ span: changed.span, message: `phase ${changed.name} changes the weights` }] : []),
    ];
    model.tracer.report(rules.stale, { net, phase: p.name, changed: changed?.name ?? "?" }, p.span, related);
  }
  return said;
}

/** Rule 17, and nets that stand beside the training. */
export function checkCoverage(model: TrainModel): void {
  const t = model.tracer;
  const trained = new Set(model.phases.flatMap((p) => p.nets.map((n) => n.name)));
  for (const net of model.nets.values()) {
    const covers = model.optimizers.filter((o) => o.nets.includes(net.name));
    if (trained.has(net.name) && covers.length === 0 && !model.optimizers.some((o) => o.broken)) t.report(rules.notCovered, { net: net.name }, net.span);
    if (covers.length > 1)
      t.report(rules.coveredTwice, { net: net.name, first: covers[0]!.name, second: covers[1]!.name }, covers[1]!.span, [{ span: covers[0]!.span, message: "covered here" }]);
    // What was called, and by whom, is not known where the trace broke off.
    if (t.diagnostics.some((d) => d.severity === "error")) continue;
    if (!t.calledNets.has(net.name)) t.report(rules.unusedNet, { net: net.name }, net.span);
    else if (!trained.has(net.name)) t.report(rules.netNotTrained, { net: net.name }, net.span);
  }
}
