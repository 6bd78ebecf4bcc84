// Inference graphs. H and W stay free where the model lets them; what must then hold of them is kept as a guard.
import type { Diagnostic } from "../../dsl/diagnostic";
import type { Decl } from "../../dsl/tree";
import { rules } from "../diagnostics/table";
import { type Dim, dimValue, divisors, showDim, symbol } from "../graph/dim";
import { BATCH, type Shape } from "../graph/shape";
import type { Builder } from "../graph/builder";
import type { GraphNode, NodeId } from "../graph/types";
import type { Guard } from "../program";
import { Env } from "../trace/env";
import { dimOfType } from "../trace/bodies";
import { evaluate } from "../trace/expressions";
import { typeAxes, writeType } from "../trace/parameters";
import { type ParamInfo, samePlace, type StateInfo, Tracer } from "../trace/tracer";
import { isKind, isNone, isPoison, isTensor, kindName, type Value } from "../trace/values";

type ExportDecl = Extract<Decl, { kind: "export" }>;

export interface ExportModel {
  readonly name: string;
  readonly graph: Builder;
  readonly inputs: readonly { readonly name: string; readonly node: NodeId }[];
  readonly outputs: readonly { readonly name: string; readonly node: NodeId }[];
  /** Fields that are none: they left the export. */
  readonly dropped: readonly string[];
  readonly guards: readonly Guard[];
  readonly fixed?: { readonly height: number; readonly width: number };
}

/** Symbol of the free batch. */
export const FREE_BATCH = "batch";

export function traceExport(
  decl: ExportDecl, env: Env, params: Map<string, ParamInfo>, states: Map<string, StateInfo>,
  size: { height: number; width: number } | undefined, diagnostics: Diagnostic[],
): ExportModel | undefined {
  const free: Diagnostic[] = [];
  const open = attempt(decl, env, params, states, undefined, free);
  const stuck = free.some((d) => d.severity === "error" && (d.code === rules.dimNeedsNumber.code || d.code === rules.parameterShape.code || d.code === rules.needsNumber.code));
  if (!stuck || !size) {
    // What went wrong in the training step already is one mistake, though it may show at another call here.
    const known = diagnostics.slice();
    diagnostics.push(...free.filter((f) => !known.some((d) => samePlace(d, f) || (d.severity === "error" && f.severity === "error" && d.code === f.code))));
    return open;
  }
  const made = attempt(decl, env, params, states, size, diagnostics);
  return made && { ...made, fixed: size };
}

function attempt(decl: ExportDecl, outer: Env, params: Map<string, ParamInfo>, states: Map<string, StateInfo>, size: { height: number; width: number } | undefined, diagnostics: Diagnostic[]): ExportModel | undefined {
  const t = new Tracer("inference", diagnostics, params, states, symbol(FREE_BATCH));
  const env = new Env(outer);
  env.set("training", false);
  const before = diagnostics.length;
  const inputs: { name: string; node: NodeId }[] = [];
  for (const p of decl.parameters) {
    const axes = p.type ? typeAxes(p.type) : undefined;
    if (!axes) {
      t.report(rules.wrongKind, { what: `\`${p.name.text}\` of the export ${decl.name.text}`, expected: "a tensor type such as image[3, H, W]", got: p.type ? writeType(p.type) : "nothing" }, p.span);
      return undefined;
    }
    const dims = axes.map((a) => ({ axis: a.axis, dim: dimFor(t, a.axis, a.dim, env, size) }));
    if (dims.some((a) => a.dim === undefined)) return undefined;
    const shape: Shape = [{ axis: BATCH, dim: t.batch }, ...(dims as Shape)];
    const node = t.must("input", { kind: "data", name: p.name.text, shape }, []);
    env.set(p.name.text, { kind: "tensor", id: node });
    inputs.push({ name: p.name.text, node });
  }
  t.frames.push({ label: `export ${decl.name.text}`, span: decl.name.span });
  const value = evaluate(t, decl.value, env);
  t.frames.pop();
  const { outputs, dropped } = outputsOf(t, value, decl);
  if (outputs.length === 0) {
    if (!diagnostics.slice(before).some((d) => d.severity === "error") && !isPoison(value)) t.report(rules.noOutput, { name: decl.name.text }, decl.name.span);
    return undefined;
  }
  return { name: decl.name.text, graph: t.b, inputs, outputs, dropped, guards: size ? [] : guardsOf(t.b.nodes) };
}

function dimFor(t: Tracer, axis: string, dim: Parameters<typeof evaluate>[1], env: Env, size: { height: number; width: number } | undefined): Dim | undefined {
  if (dim.kind === "name" && /^[A-Z_]/.test(dim.name)) {
    const fixed = size && (axis === "h" ? size.height : axis === "w" ? size.width : undefined);
    return fixed ?? symbol(dim.name === "_" ? axis.toUpperCase() : dim.name);
  }
  return dimOfType(t, axis, dim, env);
}

function outputsOf(t: Tracer, value: Value, decl: ExportDecl): { outputs: { name: string; node: NodeId }[]; dropped: string[] } {
  const outputs: { name: string; node: NodeId }[] = [];
  const dropped: string[] = [];
  const add = (name: string, v: Value): void => {
    if (isTensor(v)) outputs.push({ name, node: v.id });
    else if (isNone(v)) dropped.push(name);
    else if (isKind(v, "record")) for (const [k, f] of v.fields) add(`${name}.${k}`, f);
    else if (isKind(v, "list")) v.items.forEach((item, i) => add(`${name}.${i}`, item));
    else if (!isPoison(v)) t.report(rules.wrongKind, { what: `the output \`${name}\``, expected: "a tensor", got: kindName(v) }, decl.value.span);
  };
  if (isKind(value, "record")) for (const [k, f] of value.fields) add(k, f);
  else add("image", value);
  return { outputs, dropped };
}

/** What H and W must be multiples of, and how large at least: reflections and windows need room. */
function guardsOf(nodes: readonly GraphNode[]): Guard[] {
  const dims = nodes.flatMap((n) => n.shape.map((a) => a.dim));
  const multiples = divisors(dims);
  return Object.entries(multiples)
    .filter(([s]) => s !== FREE_BATCH)
    .map(([s, divisor]) => ({ symbol: s, divisor, least: leastOf(nodes, s, divisor, multiples) }));
}

function leastOf(nodes: readonly GraphNode[], s: string, divisor: number, multiples: Record<string, number>): number {
  const shapeOf = (id: NodeId): Shape => nodes[id]!.shape;
  for (let k = 1; k <= 64; k++) {
    const values = Object.fromEntries(Object.keys(multiples).map((name) => [name, name === s ? k * divisor : 4096]));
    const fits = nodes.every((n) => {
      if (n.op !== "pad" || n.attrs.mode !== "reflect") return n.shape.every((a) => dimValue(a.dim, { [FREE_BATCH]: 1, ...values }) >= 1);
      const { top, bottom, left, right } = n.attrs.amounts;
      return shapeOf(n.inputs[0]!).every((a) => {
        const room = a.axis === "h" ? Math.max(top, bottom) : a.axis === "w" ? Math.max(left, right) : 0;
        return dimValue(a.dim, { [FREE_BATCH]: 1, ...values }) > room;
      });
    });
    if (fits) return k * divisor;
  }
  return divisor;
}

export const portShape = (shape: Shape): (number | string)[] => shape.map((a) => (typeof a.dim === "number" ? a.dim : showDim(a.dim)));
