// Small specs, and what can be counted and computed of them.
import { readFileSync } from "node:fs";
import { compile, type Compiled, type CompileOptions } from "../../../compiler/compile";
import { evaluate } from "../../../compiler/graph/evaluate";
import type { NdArray } from "../../../compiler/graph/ndarray";
import { countOf, numbersOf, showShape } from "../../../compiler/graph/shape";
import type { GraphNode, NodeId, OpName } from "../../../compiler/graph/types";
import { random } from "../kit";

export interface Parts {
  readonly top?: string;
  /** Body of network G; `return` is written here. */
  readonly net?: string;
  readonly nets?: string;
  readonly data?: string;
  readonly phases?: string;
  readonly rest?: string;
  readonly tail?: string;
}

/** A spec around what a test is about: one network G, one net AB, one phase p. */
export const spec = (p: Parts): string => `
import { IN, LN, GN, BN, ILN, AdaIN, AdaLIN } from "std/norms"
import { mse, l1, bce } from "std/losses"
import { CAM, Plain } from "std/heads"
import { spectral } from "std/reparams"
${p.top ?? ""}
network G(x: image[3, H, W]) { ${p.net ?? "return x |> conv(3, 3, pad: 1)"} }
train {
  ${p.data ?? "data A, B: image[3, 8, 8]"}
  ${p.nets ?? "net AB: G"}
  ${p.phases ?? "phase p trains AB { loss power += mean(AB(A)^2) }"}
  optimizer ${/phase (\w+)/.exec(p.phases ?? "phase p")![1]} = adam(rate: 1e-4)
  ${p.rest ?? ""}
}
${p.tail ?? ""}
`;

export function compiled(text: string, options: CompileOptions = {}): Compiled {
  return compile({ path: "test.gan", text }, { until: "check", ...options });
}

/** The compilation of a spec that has no errors. */
export function sound(text: string, options: CompileOptions = {}): Compiled {
  const c = compiled(text, options);
  const errors = c.diagnostics.filter((d) => d.severity === "error");
  if (errors.length > 0) throw new Error(errors.map((d) => `${d.code} ${d.message}`).join("\n"));
  return c;
}

export const codes = (text: string, options: CompileOptions = {}): string[] => compiled(text, options).diagnostics.map((d) => d.code);

export function realSpec(name: string, options: CompileOptions = {}): Compiled {
  const path = `specs/${name}.gan`;
  return compile({ path, text: readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8") }, { until: "check", ...options });
}

/** Nodes that the losses of the step depend on. */
export function stepNodes(c: Compiled): GraphNode[] {
  const b = c.model!.tracer.b;
  const seen = new Set<NodeId>();
  const open = c.model!.phases.flatMap((p) => p.terms.flatMap((t) => (t.node === undefined ? [] : [t.node])));
  while (open.length > 0) {
    const id = open.pop()!;
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...b.node(id).inputs);
  }
  return [...seen].sort((x, y) => x - y).map((id) => b.node(id));
}
export const countOps = (c: Compiled, op: OpName, under = ""): number => stepNodes(c).filter((n) => n.op === op && (n.origin?.path ?? "").startsWith(under)).length;

export const leaves = (c: Compiled, kind: string): string[] =>
  stepNodes(c).flatMap((n) => (n.op === "input" && n.attrs.kind === kind ? [n.attrs.name] : []));

export const params = (c: Compiled): Record<string, string> =>
  Object.fromEntries([...c.model!.params.values()].map((p) => [p.name, showShape(p.shape)]));

export function countByNet(c: Compiled): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const p of c.model!.params.values()) sums[p.net] = (sums[p.net] ?? 0) + countOf(p.shape);
  return sums;
}

export function term(c: Compiled, phase: string, name: string): NodeId {
  const node = c.model!.phases.find((p) => p.name === phase)?.terms.find((t) => t.name === name)?.node;
  if (node === undefined) throw new Error(`no term ${phase}.${name}`);
  return node;
}

/** Values of nodes, with every leaf drawn from its name: the same leaf has the same values in every spec. */
export function values(c: Compiled, ids: readonly NodeId[], given: Readonly<Record<string, (i: number) => number>> = {}): Float64Array[] {
  const b = c.model!.tracer.b;
  const feeds = new Map<NodeId, NdArray>();
  for (const n of b.nodes) {
    if (n.op !== "input") continue;
    const own = given[n.attrs.name];
    const next = random([...n.attrs.name].reduce((h, ch) => (h * 31 + ch.charCodeAt(0)) >>> 0, 7));
    const dims = numbersOf(n.shape);
    feeds.set(n.id, { shape: n.shape.map((a, i) => ({ axis: a.axis, dim: dims[i]! })), data: Float64Array.from({ length: countOf(n.shape) }, (_, i) => (own ? own(i) : next() - 0.5)) });
  }
  const found = evaluate(b, [...ids], feeds);
  return ids.map((id) => found.get(id)!.data);
}
export const value = (c: Compiled, phase: string, name: string, given: Readonly<Record<string, (i: number) => number>> = {}): number =>
  values(c, [term(c, phase, name)], given)[0]![0]!;
