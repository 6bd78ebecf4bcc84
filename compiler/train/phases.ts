// Phases in the order written: their terms, each averaged over the batch last (rules 2, 14, 15, 19).
import type { Expr, Statement, TrainItem } from "../../dsl/tree";
import type { Span } from "../../dsl/source";
import { rules } from "../diagnostics/table";
import { BATCH, showShape } from "../graph/shape";
import type { NodeId } from "../graph/types";
import { combine } from "../trace/arithmetic";
import { runLet, runSample } from "../trace/bodies";
import { Env } from "../trace/env";
import { evaluate, forEach } from "../trace/expressions";
import type { Tracer } from "../trace/tracer";
import { isNone, isPoison, isTensor, kindName, NONE, POISON, type Value } from "../trace/values";
import { formulaOf } from "./formula";
import { instancesOf } from "./nets";
import type { Phase, Term } from "./model";

type PhaseItem = Extract<TrainItem, { kind: "phase" }>;

interface Growing {
  value: Value;
  readonly parts: string[];
  /** The term's name where it is written first. */
  readonly span: Span;
}

export function elaboratePhase(t: Tracer, item: PhaseItem, index: number, outer: Env): Phase {
  const env = new Env(outer);
  const nets = item.trains.flatMap((e) => instancesOf(t, evaluate(t, e, env), [], e.span));
  const except = item.except.flatMap((e) => instancesOf(t, evaluate(t, e, env), [], e.span));
  const trained = [...new Set(nets)].filter((n) => !except.includes(n));
  const versions = new Map(trained.map((n) => [n.name, t.versions.get(n.name) ?? 0]));
  const growing = new Map<string, Growing>();
  const before = t.diagnostics.length;
  t.frames.push({ label: `phase ${item.name.text}`, span: item.name.span, phase: item.name.text });
  // A scope of its own: what is drawn in one phase has the same name whether or not another one runs.
  t.inScope({ path: item.name.text, net: "", netInit: undefined, counters: new Map() }, () => runPhase(t, item.body, env, growing));
  t.frames.pop();
  const terms = [...growing].map(([name, g]): Term => finish(t, name, g, item));
  if (terms.length === 0 && t.diagnostics.length === before) t.report(rules.noLoss, { phase: item.name.text }, item.name.span);
  for (const n of trained) t.versions.set(n.name, (t.versions.get(n.name) ?? 0) + 1);
  return { name: item.name.text, span: item.name.span, index, nets: trained, terms, versions };
}

function runPhase(t: Tracer, body: readonly Statement[], env: Env, terms: Map<string, Growing>): void {
  for (const s of body) {
    switch (s.kind) {
      case "let":
        runLet(t, s, env);
        break;
      case "sample":
        runSample(t, s, env);
        break;
      case "for":
        forEach(t, s.clauses, env, (inner) => runPhase(t, s.body, new Env(inner), terms));
        break;
      case "term": {
        const g = terms.get(s.name.text) ?? { value: NONE, parts: [], span: s.name.span };
        const v = evaluate(t, s.value, env);
        const mean = scalar(t, s.name.text, v, s.value);
        if (!isNone(mean) && mean !== 0) {
          g.value = combine(t, "add", g.value, mean, s.span);
          g.parts.push(formulaOf(s.value, env));
        }
        terms.set(s.name.text, g);
        break;
      }
      default:
        t.report(rules.outsideTraining, { what: `\`${s.kind}\` in a phase`, hint: "learn, state and next stand in blocks, networks, norms and heads; a phase has let, sample, for and loss" }, s.span);
        if (s.kind === "learn" || s.kind === "state") env.set(s.name.text, POISON);
    }
  }
}

/** One number a sample, averaged over the batch. */
function scalar(t: Tracer, term: string, v: Value, at: Expr): Value {
  if (typeof v === "number" || isNone(v) || isPoison(v)) return v;
  if (!isTensor(v)) return t.report(rules.wrongKind, { what: `the loss term \`${term}\``, expected: "a number", got: kindName(v) }, at.span);
  const shape = t.shape(v);
  const rest = shape.filter((a) => a.axis !== BATCH);
  if (rest.length > 0) return t.report(rules.termNotScalar, { term, shape: showShape(rest) }, at.span);
  return shape.length > 0 ? t.op("mean", { over: [BATCH] }, [v.id], at.span, `loss ${term}`) : v;
}

function finish(t: Tracer, name: string, g: Growing, item: PhaseItem): Term {
  const v = g.value;
  const node: NodeId | undefined = isTensor(v) ? v.id : undefined;
  if (node === undefined && !isPoison(v)) {
    const why = g.parts.length === 0 ? "its factors are 0, or what it judges is none" : "it is a constant";
    t.report(rules.vanished, { term: `${item.name.text}.${name}`, why }, g.span);
  }
  if (isPoison(v) && !t.diagnostics.some((d) => d.severity === "error"))
    t.report(rules.wrongKind, { what: `the loss term \`${name}\``, expected: "a number", got: "a value that could not be made" }, g.span);
  return { name, node, formula: g.parts.join(" + ") };
}
