// The paper's architecture table: each layer of a net with its output, parameters and FLOPs, for one sample.
import type { Diagnostic } from "../../dsl/diagnostic";
import { axesOf, BATCH, countOf, hasAxis, numbersOf, type Shape, showShape } from "../graph/shape";
import type { GraphNode } from "../graph/types";
import { recordOf } from "../ops/table";
import type { OpRecord } from "../ops/record";
import type { OpName } from "../graph/types";
import type { TrainModel } from "../train/model";
import { Tracer } from "../trace/tracer";
import { isKind, isTensor, type Value } from "../trace/values";

export interface LayerRow {
  /** Path inside the net: `content.conv1`. */
  readonly path: string;
  readonly layer: string;
  readonly output: string;
  readonly parameters: number;
  /** 2 × multiply-adds of one sample. */
  readonly flops: number;
}

export interface NetTable {
  readonly net: string;
  readonly network: string;
  readonly input: string;
  readonly output: string;
  readonly rows: readonly LayerRow[];
  readonly parameters: number;
  readonly flops: number;
}

/** 2 × multiply-adds of one node, as its operation's record counts them. */
export function flopsOf(node: GraphNode, shapeOf: (id: number) => Shape): number {
  const record = recordOf(node.op) as unknown as OpRecord<OpName>;
  const numbers = (s: Shape): { axis: string; dim: number }[] => axesOf(s).map((axis, i) => ({ axis, dim: numbersOf(s)[i]! }));
  return record.flops?.(node.attrs as never, node.inputs.map((i) => numbers(shapeOf(i))), numbers(node.shape)) ?? 0;
}

/** A stand-in of the same shape for one sample. */
function standIn(t: Tracer, model: TrainModel, v: Value, name: string): Value {
  if (isTensor(v)) {
    const shape = model.tracer.b.shape(v.id).map((a) => (a.axis === BATCH ? { axis: BATCH, dim: 1 } : a));
    return { kind: "tensor", id: t.must("input", { kind: "data", name, shape }, []) };
  }
  if (isKind(v, "record")) return { kind: "record", fields: new Map([...v.fields].map(([k, f]) => [k, standIn(t, model, f, `${name}.${k}`)])) };
  if (isKind(v, "list") || isKind(v, "tuple")) return { kind: v.kind, items: v.items.map((f, i) => standIn(t, model, f, `${name}.${i}`)) };
  return v;
}

const isCall = (path: string): boolean => /[A-Za-z_]\d+$/.test(path);

export function describeNets(model: TrainModel): NetTable[] {
  return [...model.tracer.firstCalls.values()].map((call) => describeNet(model, call.net.name)).filter((x): x is NetTable => x !== undefined);
}

export function describeNet(model: TrainModel, name: string): NetTable | undefined {
  const call = model.tracer.firstCalls.get(name);
  if (!call) return undefined;
  const quiet: Diagnostic[] = [];
  const t = new Tracer("inference", quiet, new Map(model.params), new Map(model.states), 1);
  const positional = call.positional.map((v, i) => standIn(t, model, v, `x${i}`));
  const named = new Map([...call.named].map(([k, v]) => [k, standIn(t, model, v, k)]));
  const inputs = t.b.nodes.map((n) => showShape(n.shape));
  const result = t.apply(call.net, positional, named, call.net.span);
  const rows = rowsOf(t, model, name);
  const own = [...model.params.values()].filter((p) => p.net === name);
  const output = isTensor(result) ? showShape(t.shape(result)) : isKind(result, "record") ? [...result.fields].flatMap(([k, f]) => (isTensor(f) ? [`${k} ${showShape(t.shape(f))}`] : [])).join(", ") : "";
  return {
    net: name, network: call.net.make.decl.name.text, input: inputs.join(", "), output, rows,
    parameters: own.reduce((n, p) => n + countOf(p.shape), 0), flops: rows.reduce((n, r) => n + r.flops, 0),
  };
}

function rowsOf(t: Tracer, model: TrainModel, net: string): LayerRow[] {
  const shapeOf = (id: number): Shape => t.b.shape(id);
  const rows = new Map<string, { label: string; node?: GraphNode; flops: number }>();
  for (const n of t.b.nodes) {
    const path = n.origin?.path ?? "";
    if (!path.startsWith(`${net}.`) || !isCall(path)) continue;
    const row = rows.get(path) ?? { label: "", flops: 0 };
    rows.set(path, row);
    if (!hasAxis(n.shape, BATCH)) continue;
    row.flops += flopsOf(n, shapeOf);
    row.node = n;
    if (n.origin && (row.label === "" || /^(conv|linear).*\(/.test(n.origin.label))) row.label = n.origin.label;
  }
  return [...rows].flatMap(([path, row]) => {
    if (!row.node) return [];
    const last = path.split(".").at(-1)!;
    const parameters = [...model.params.values()].filter((p) => p.name.startsWith(`${path}.`) && !p.name.slice(path.length + 1).includes(".")).reduce((n, p) => n + countOf(p.shape), 0);
    const layer = /^(conv|linear)/.test(row.label) ? row.label : last.replace(/\d+$/, "");
    return [{ path: path.slice(net.length + 1), layer, output: showShape(row.node.shape), parameters, flops: row.flops }];
  });
}
