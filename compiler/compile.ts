// The story of a spec, phase by phase: text → modules → params → traced model → step with gradients → optimized → cut → files.
// Pure: text and options in, diagnostics and files out.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { diagnose, type Diagnostic } from "../dsl/diagnostic";
import type { Decl } from "../dsl/tree";
import { rules } from "./diagnostics/table";
import { countOf, numbersOf } from "./graph/shape";
import { optimize } from "./passes/index";
import { prune } from "./prune";
import type { Lowerings } from "./lowering";
import type { ParamSpec, Program } from "./program";
import { printAfter, type PrintablePhase } from "./print";
import { checkNames } from "./resolve/check";
import { loadModules, type Module, type Modules, prelude, type ReadModule } from "./resolve/modules";
import { bindParams, type BoundParam } from "./resolve/params";
import { Env } from "./trace/env";
import { elaborateTrain } from "./train/elaborate";
import { type ExportModel, traceExport } from "./train/exports";
import type { TrainModel } from "./train/model";
import { plansOf } from "./train/plans";
import type { Recompute } from "./train/recompute";
import { Alike } from "./train/alike";
import { type GraphFile, type StepGraph, stepGraph } from "./train/graph-file";
import { assemble, type CutPlan, type Identity } from "./train/program";
import { type CutSegment, cutPhases } from "./train/segments";
import { buildStep, checkCoverage, reach, type Step } from "./train/step";
import type { ParamInfo } from "./trace/tracer";
import { fitting } from "./fitting";

export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface CompileOptions {
  /** `decoder_norm=IN`, `weights.cam=100`. */
  readonly set?: readonly string[];
  readonly variants?: readonly string[];
  /** Text of the files that the spec imports by relative path. */
  readonly read?: ReadModule;
  /** How far to go: `check` stops when every diagnostic is known. */
  readonly until?: "check" | "graphs";
  /** Names of passes, and of a backend's forms, to leave out. */
  readonly without?: readonly string[];
  /** How operations of several forms are written: carried to the backend by the program. */
  readonly lowerings?: Lowerings;
  /** What is let go between its readers and made again, to save memory; nothing, unless said. */
  readonly recompute?: Recompute;
  /** Whether somebody will read the names of its operators: then no graph stands for another one, whose operators have other names. */
  readonly named?: boolean;
  readonly printAfter?: PrintablePhase;
  /** Told what the step trains, in the program's order, as soon as that is known: two thirds of the work is then to come. */
  readonly onTrained?: ((params: readonly Pick<ParamSpec, "name" | "shape" | "init">[]) => void) | undefined;
  /** Told each graph of the step as soon as it is cut, in the program's order, before the program is there. */
  readonly onGraph?: ((graph: GraphFile, of: Identity & Pick<Program, "lowerings">) => void) | undefined;
  /** Set while a hint is looked for: no hints of hints. */
  readonly probing?: boolean;
}

export interface Compiled {
  readonly source: Source;
  readonly diagnostics: readonly Diagnostic[];
  /** No diagnostic is an error. */
  readonly ok: boolean;
  readonly modules: Modules;
  readonly params: ReadonlyMap<string, BoundParam>;
  readonly model?: TrainModel;
  readonly step?: Step;
  readonly exports: readonly ExportModel[];
  readonly program?: Program;
  /** Every graph with the names of its ports, ready for a backend. */
  readonly graphs: readonly GraphFile[];
  readonly printed?: string;
}

const hasErrors = (list: readonly Diagnostic[]): boolean => list.some((d) => d.severity === "error");

export function compile(source: Source, options: CompileOptions = {}): Compiled {
  const diagnostics: Diagnostic[] = [];

  // 1. Parse the spec and what it imports; every name of every body must be known.
  const outermost = prelude();
  outermost.set("training", true);
  const modules = loadModules(source.path, source.text, options.read ?? (() => undefined), diagnostics, outermost);
  for (const m of modules.all.values()) checkNames(m, diagnostics);

  // 2. Give every param its value: defaults, variants, overrides, derived defaults, conditions.
  const params = bindParams(modules.entry, { set: options.set ?? [], variants: options.variants ?? [] }, outermost, diagnostics);
  const base = { source, modules, params, exports: [], graphs: [] };
  if (hasErrors(diagnostics)) {
    // Names are wrong: tracing would report their consequences. What does not depend on them was reported already.
    return finish({ ...base, diagnostics, ok: false }, options);
  }

  // 3. Trace: instances, slots, repeats and phases become one graph whose dims are solved as it grows.
  const model = elaborateTrain(modules.entry, new Set(params.keys()), diagnostics);
  const exports = traceExports(modules.entry, model, diagnostics);
  const traced = { ...base, ...(model ? { model } : {}), exports };
  if (model) checkCoverage(model);
  else diagnostics.push(diagnose(rules.noTrain, { spec: source.path }, { file: source.path, start: 0, end: 0 }));
  if (hasErrors(diagnostics) || !model) return finish(withFittingHints({ ...traced, diagnostics, ok: !hasErrors(diagnostics) }, options), options);

  // 4. Differentiate each phase by what it trains; a check only asks whether it could.
  const exported = new Set(exports.flatMap(paramsOfExport));
  const checking = options.until === "check" && options.printAfter !== "differentiate";
  const step = buildStep(model, exported, !checking);
  reportDead(model, step, diagnostics);
  const differentiated = { ...traced, step, diagnostics, ok: !hasErrors(diagnostics) };
  if (!differentiated.ok || options.until === "check") return finish(differentiated, options);
  options.onTrained?.(trainedBy(model, step));

  // 5. Optimize the whole step, then cut it into the graphs of its phases: once for each set of phases that run together. Optimize the
  // exports, too.
  const identity = identify(source, modules, params);
  const lowered = loweringsOf(options);
  const of = { ...identity, ...lowered };
  const alike = options.named || options.without?.includes("alike") ? undefined : new Alike();
  let number = 0;
  const plans = plansOf(modules.entry, new Set(params.keys()), model, step, exported, diagnostics).map((p, plan): CutPlan => {
    const cuts = Array.from(cutStep(p.model, p.step, options), (cut): StepGraph => {
      const phase = p.step.phases.find((each) => each.phase.index === cut.phase)!.phase.name;
      const graph = stepGraph(cut, number++, phase, model.conditions.length > 0 ? plan : undefined, alike);
      if (!graph.like) options.onGraph?.(graph.file, of);
      return graph;
    });
    return { ...p, cuts };
  });
  const slim = exports.map((e) => slimExport(e, options.without ?? []));

  // 6. Name the storage: the program a runtime follows.
  const { program, graphs } = assemble(model, step, plans, slim, identity);
  return finish({ ...differentiated, exports: slim, program: { ...program, ...lowered }, graphs }, options);
}

function loweringsOf({ lowerings, without = [] }: CompileOptions): Pick<Program, "lowerings"> {
  const refused = [...new Set([...(lowerings?.without ?? []), ...without])].sort();
  return lowerings || refused.length > 0 ? { lowerings: { ...lowerings, ...(refused.length > 0 ? { without: refused } : {}) } } : {};
}

const finish = (c: Compiled, options: CompileOptions): Compiled => {
  const printed = options.printAfter ? printAfter(options.printAfter, c) : undefined;
  return { ...c, diagnostics: ordered(c.diagnostics), ...(printed === undefined ? {} : { printed }) };
};

/** Errors first, then warnings, then notes; each in the order of the text. */
function ordered(list: readonly Diagnostic[]): Diagnostic[] {
  const rank = { error: 0, warning: 1, note: 2 };
  return list.map((d, i) => ({ d, i })).sort((x, y) => rank[x.d.severity] - rank[y.d.severity] || (x.d.span?.start ?? -1) - (y.d.span?.start ?? -1) || x.i - y.i).map((x) => x.d);
}

function traceExports(module: Module, model: TrainModel | undefined, diagnostics: Diagnostic[]): ExportModel[] {
  const env = model?.env ?? new Env(module.env);
  const made: ExportModel[] = [];
  for (const d of module.file.decls) {
    if (d.kind !== "export") continue;
    const params = new Map(model?.params ?? []);
    // Where it needs a size: `A2B` is made for A's, any other for the first stream's.
    const stream = model?.data.find((s) => d.name.text.startsWith(`${s.name}2`)) ?? model?.data[0];
    const size = stream && { height: stream.height, width: stream.width };
    const e = traceExport(d as Extract<Decl, { kind: "export" }>, env, params, new Map(model?.states ?? []), size, diagnostics);
    if (e) made.push(e);
    if (e && model) adopt(model, e, params);
    if (e && e.dropped.length > 0) diagnostics.push(diagnose(rules.dropped, { names: e.dropped.map((n) => `\`${n}\``).join(", ") + ` of ${e.name}` }, d.name.span));
  }
  return made;
}

/** The parameters its outputs depend on: a body may make more than its results use, such as a style MLP that no norm asks. */
function paramsOfExport(e: ExportModel): string[] {
  const nodes = [...reach(e.graph, e.outputs.map((o) => o.node))].map((id) => e.graph.node(id));
  return nodes.flatMap((n) => (n.op === "input" && n.attrs.kind === "param" ? [n.attrs.name] : []));
}

/** A net that only an export calls is called, and its parameters are the model's. */
function adopt(model: TrainModel, e: ExportModel, params: ReadonlyMap<string, ParamInfo>): void {
  for (const n of e.graph.nodes) {
    const info = n.op === "input" && n.attrs.kind === "param" ? params.get(n.attrs.name) : undefined;
    if (!info) continue;
    model.tracer.calledNets.add(info.net);
    if (!model.params.has(info.name)) model.tracer.params.set(info.name, info);
  }
}

/** What a swap leaves without a use, by the place it was made in. */
function reportDead(model: TrainModel, step: Step, diagnostics: Diagnostic[]): void {
  const byNet = new Map<string, { count: number; names: string[] }>();
  for (const p of step.dead) {
    const entry = byNet.get(p.net) ?? { count: 0, names: [] };
    entry.count += countOf(p.shape);
    entry.names.push(p.name);
    byNet.set(p.net, entry);
  }
  for (const [net, { count, names }] of byNet) {
    const shown = names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
    diagnostics.push(diagnose(rules.dead, { names: shown, count: count.toLocaleString("en-US") }, model.nets.get(net)?.span));
  }
}

function trainedBy(model: TrainModel, step: Step): Pick<ParamSpec, "name" | "shape" | "init">[] {
  const trained = new Set(step.phases.flatMap((p) => p.gradients.map((g) => g.param.name)));
  return [...model.params.values()].flatMap(({ name, shape, init }) => (trained.has(name) ? [{ name, shape: numbersOf(shape), init }] : []));
}

function cutStep(model: TrainModel, step: Step, { without = [], recompute = "nothing" }: CompileOptions): Iterable<CutSegment> {
  const wanted = [
    ...step.phases.flatMap((p) => [
      ...p.losses.map((l) => ({ node: l.node, value: `loss:${l.name}`, phase: p.phase.index as number | undefined })),
      ...p.gradients.map((g) => ({ node: g.node, value: `grad:${g.param.name}`, phase: p.phase.index as number | undefined })),
    ]),
    ...step.next.map((n) => ({ node: n.node, value: `next:${n.name}`, phase: undefined as number | undefined })),
  ];
  const slim = optimize(step.builder, wanted.map((w) => w.node), { disabled: without });
  const outputs = wanted.map((w, i) => ({ node: slim.outputs[i]!, value: w.value, ...(w.phase === undefined ? {} : { phase: w.phase }) }));
  const updatedIn = new Map<string, number[]>();
  for (const p of step.phases) for (const g of p.gradients) updatedIn.set(g.param.name, [...(updatedIn.get(g.param.name) ?? []), p.phase.index]);
  return cutPhases(slim.graph, outputs, updatedIn, model.phases.length, { recompute, directions: !without.includes("directions"), buffers: !without.includes("buffers") });
}

function slimExport(e: ExportModel, without: readonly string[]): ExportModel {
  const slim = optimize(e.graph, e.outputs.map((o) => o.node), { disabled: without });
  return prune(e, slim);
}

/** What decided the program: the spec's text, its imports, and every param's value. */
function identify(source: Source, modules: Modules, params: ReadonlyMap<string, BoundParam>): Identity {
  const settings = Object.fromEntries([...params].map(([name, p]) => [name, p.text]));
  const texts = [...modules.all.values()].map((m) => m.file.text);
  const hash = bytesToHex(sha256(utf8ToBytes(JSON.stringify([texts, settings]))));
  return { spec: source.path.split("/").at(-1)!.replace(/\.gan$/, ""), hash, settings };
}

function withFittingHints(c: Compiled, options: CompileOptions): Compiled {
  const deep = c.model?.tracer.tooDeep;
  if (!deep || deep.size === 0 || options.probing) return c;
  return { ...c, diagnostics: fitting(c, [...deep], (set) => compile(c.source, { ...options, set: [...(options.set ?? []), ...set], until: "check", probing: true })) };
}
