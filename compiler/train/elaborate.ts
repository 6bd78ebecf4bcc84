// The train block, item by item, in the order written.
import type { Diagnostic } from "../../dsl/diagnostic";
import type { Amount, Decl, Expr, Ident, TrainItem } from "../../dsl/tree";
import type { Span } from "../../dsl/source";
import { rules } from "../diagnostics/table";
import { nearest } from "../diagnostics/near";
import type { DataStreamSpec, SchedulePieceSpec, StepExpr } from "../program";
import type { Module } from "../resolve/modules";
import { runLet, runSample } from "../trace/bodies";
import { Env } from "../trace/env";
import { evaluate } from "../trace/expressions";
import { type ParamInfo, type StateInfo, Tracer } from "../trace/tracer";
import { type InstanceValue, isKind, isPoison, kindName, type Value } from "../trace/values";
import { elaborateData, type Judged } from "./data";
import { elaborateNet, instancesOf } from "./nets";
import { elaboratePhase } from "./phases";
import type { Phase, TrainModel } from "./model";
import { conditionOf } from "./when";

type OptimizerItem = Extract<TrainItem, { kind: "optimizer" }>;

/** What traces of one train block share: a parameter made in one is the same in the other. */
export interface Shared {
  readonly params: Map<string, ParamInfo>;
  readonly states: Map<string, StateInfo>;
  readonly optimizers: TrainModel["optimizers"];
}

/** @param only the phases to trace, of those that rest at some steps; all of them unless given */
export function elaborateTrain(module: Module, paramNames: ReadonlySet<string>, diagnostics: Diagnostic[], only?: { readonly phases: ReadonlySet<string>; readonly shared: Shared }): TrainModel | undefined {
  const blocks = module.file.decls.filter((d): d is Extract<Decl, { kind: "train" }> => d.kind === "train");
  const items = blocks[0]?.items;
  if (!items) return undefined;
  const params = only?.shared.params ?? new Map<string, ParamInfo>();
  const states = only?.shared.states ?? new Map<string, StateInfo>();
  const probe = new Tracer("training", diagnostics, params, states);
  const batch = whole(probe, items.find((i) => i.kind === "batch"), new Env(module.env)) ?? 1;
  const t = new Tracer("training", diagnostics, params, states, batch);
  const env = new Env(module.env, true);
  env.set("training", true);
  const nets = new Map<string, InstanceValue>();
  const data: DataStreamSpec[] = [];
  const judged: Judged = new Map();
  const phases: Phase[] = [];
  /** Phases that rest at every step: as if they were not written. */
  const never = new Set<string>();
  const conditions: { phase: string; when: StepExpr }[] = [];
  const taken = new Map<string, Span>();
  for (const item of items) {
    for (const n of namesOf(item)) {
      if (n.text === "") continue;
      if (taken.has(n.text)) t.report(rules.duplicateName, { name: n.text, what: item.kind === n.text ? "the setting" : `the ${item.kind}` }, n.span, [{ span: taken.get(n.text)!, message: "first declared here" }]);
      taken.set(n.text, n.span);
    }
    switch (item.kind) {
      case "data":
        data.push(...elaborateData(t, item, env, data, judged));
        break;
      case "net":
        elaborateNet(t, item, env, paramNames, nets);
        break;
      case "let":
        runLet(t, item, env);
        break;
      case "sample":
        runSample(t, item, env);
        break;
      case "phase": {
        const when = item.when ? conditionOf(t, item.when, env) : true;
        if (when === false) never.add(item.name.text);
        if (when !== undefined && typeof when !== "boolean") conditions.push({ phase: item.name.text, when });
        if (when !== false && (only === undefined || only.phases.has(item.name.text))) phases.push(elaboratePhase(t, item, phases.length, env));
        break;
      }
      default:
        break;
    }
  }
  const phase = items.find((i) => i.kind === "phase");
  if (!phase) t.report(rules.noPhase, {}, { ...blocks[0]!.span, end: blocks[0]!.span.start + "train".length });
  const optimizers = only?.shared.optimizers ?? items.filter((i): i is OptimizerItem => i.kind === "optimizer").map((i, k) => optimizerOf(t, i, k, env, phases, never));
  return {
    tracer: t, env, data, nets, phases, batch, params, states, conditions,
    optimizers,
    schedule: items.flatMap((i) => (i.kind === "schedule" ? scheduleOf(t, i, env) : [])),
    ...heldOf(t, items, env),
    length: lengthOf(t, items, env),
  };
}

const namesOf = (item: TrainItem): readonly Ident[] =>
  item.kind === "data" || item.kind === "net" || item.kind === "sample" ? item.names
    : item.kind === "phase" || item.kind === "let" ? [item.name]
    : item.kind === "batch" || item.kind === "length" || item.kind === "schedule" ? [{ text: item.kind, span: item.span }] : [];

function whole(t: Tracer, item: TrainItem | undefined, env: Env): number | undefined {
  if (item?.kind !== "batch") return undefined;
  const v = evaluate(t, item.value, env);
  if (typeof v === "number" && Number.isInteger(v) && v > 0 && v <= 65536) return v;
  if (!isPoison(v)) t.report(rules.badAmount, { what: "`batch`", expected: "a whole number from 1 to 65536", got: typeof v === "number" ? String(v) : kindName(v) }, item.span);
  return undefined;
}

function optimizerOf(t: Tracer, item: OptimizerItem, index: number, env: Env, phases: readonly Phase[], never: ReadonlySet<string>): TrainModel["optimizers"][number] {
  const nets: string[] = [];
  let broken = false;
  for (const target of item.targets) {
    if (never.has(target.text)) continue;
    const phase = phases.find((p) => p.name === target.text);
    const found = env.find(target.text);
    if (phase) nets.push(...phase.nets.map((n) => n.name));
    else if (found) {
      const covered = instancesOf(t, found.value, [], target.span).map((n) => n.name);
      broken ||= covered.length === 0;
      nets.push(...covered);
    } else {
      broken = true;
      const known = [...phases.map((p) => p.name), ...env.all().filter((n) => isKind(env.find(n)!.value, "instance"))];
      t.report(rules.unknownName, { name: target.text, what: "no phase or net", near: nearest(target.text, known), known: phases.map((p) => p.name) }, target.span);
    }
  }
  const v = evaluate(t, item.value, env);
  const isAdam = isKind(v, "record") && v.fields.get("kind") === "adam";
  if (!isAdam && !isPoison(v)) t.report(rules.wrongKind, { what: "`optimizer`", expected: "adam(rate: ...)", got: kindName(v) }, item.value.span);
  const fields: ReadonlyMap<string, Value> = isAdam ? v.fields : new Map();
  const betas = fields.get("betas");
  const [b1, b2] = betas !== undefined && isKind(betas, "tuple") ? betas.items : [];
  const num = (name: string): number => Number(fields.get(name) ?? 0);
  const name = item.targets.map((x) => x.text).join("+") || `optimizer${index}`;
  return {
    name, kind: "adam", rate: num("rate"), betas: [Number(b1), Number(b2)], eps: num("eps"), decay: num("decay"),
    decayOn: fields.get("decay_on") === "weights" ? "weights" : "all", ...(fields.get("eps_form") === "hat" ? { epsForm: "hat" as const } : {}),
    ...(fields.has("clip_norm") ? { clipNorm: num("clip_norm") } : {}), nets: [...new Set(nets)], span: item.span, broken,
  };
}

function amount(t: Tracer, a: Amount | undefined, env: Env): { count: number; unit: Amount["unit"] } | undefined {
  if (!a) return undefined;
  const v = evaluate(t, a.value, env);
  if (typeof v === "number" && v > 0) return { count: v, unit: a.unit };
  if (!isPoison(v)) t.report(rules.badAmount, { what: "a length of time", expected: "a number above 0", got: typeof v === "number" ? String(v) : kindName(v) }, a.span);
  return undefined;
}

function scheduleOf(t: Tracer, item: Extract<TrainItem, { kind: "schedule" }>, env: Env): SchedulePieceSpec[] {
  if (item.setting.text !== "rate") t.report(rules.unknownName, { name: item.setting.text, what: "nothing that can be scheduled", near: nearest(item.setting.text, ["rate"]), known: ["rate"] }, item.setting.span);
  return item.pieces.map((p): SchedulePieceSpec => {
    if (p.kind === "constant") return { kind: "constant", ...(amount(t, p.for, env) ?? {}) };
    if (p.kind === "linear") return { kind: "linear", to: factor(t, p.to, env), ...(amount(t, p.over, env) ?? {}) };
    const every = amount(t, p.every, env) ?? { count: 1, unit: "steps" as const };
    return { kind: "times", factor: factor(t, p.factor, env), every: every.count, unit: every.unit };
  });
}

/** `held for 0 steps` holds nothing. */
function heldOf(t: Tracer, items: readonly TrainItem[], env: Env): Pick<TrainModel, "held"> {
  const written = items.find((i) => i.kind === "schedule")?.held;
  const v = written && evaluate(t, written.value, env);
  if (written === undefined || v === undefined || v === 0) return {};
  if (typeof v === "number" && v > 0) return { held: { count: v, unit: written.unit } };
  if (!isPoison(v)) t.report(rules.badAmount, { what: "`held for`", expected: "a number of steps or epochs, 0 or more", got: typeof v === "number" ? String(v) : kindName(v) }, written.span);
  return {};
}

/** A share of the optimizers' rate. */
function factor(t: Tracer, e: Expr, env: Env): number {
  const v = evaluate(t, e, env);
  if (typeof v === "number" && v >= 0) return v;
  if (!isPoison(v)) t.report(rules.badAmount, { what: "a factor of the rate", expected: "a number, 0 or more", got: typeof v === "number" ? String(v) : kindName(v) }, e.span);
  return 1;
}

function lengthOf(t: Tracer, items: readonly TrainItem[], env: Env): TrainModel["length"] {
  const item = items.find((i) => i.kind === "length");
  const a = item?.kind === "length" ? amount(t, item.amount, env) : undefined;
  if (a?.unit === "percent" && item) t.report(rules.badAmount, { what: "`length`", expected: "a number of steps or epochs", got: "a share of itself" }, item.span);
  return a && a.unit !== "percent" ? { count: a.count, unit: a.unit } : { count: 1_000_000, unit: "steps" };
}
