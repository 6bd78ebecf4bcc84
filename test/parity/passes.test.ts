// In double precision: the optimized step is the unoptimized one, and cut into the graphs of its phases it is the uncut one.
import { describe, expect, it } from "vitest";
import type { Compiled } from "../../compiler/compile";
import { evaluate } from "../../compiler/graph/evaluate";
import type { NdArray } from "../../compiler/graph/ndarray";
import type { NodeId } from "../../compiler/graph/types";
import { passes } from "../../compiler/passes/index";
import { leafName } from "../../compiler/train/step";
import { begin, batchOf } from "./cases";
import { relative } from "./golden";
import type { Feeds, Reference } from "./reference";
import { compileVariant, SMALL, VARIANTS } from "./variants";

const BOUND = 1e-9;
const PASSES = passes.map((p) => p.name);

/** Everything a step makes, by name: losses, gradients, and all that stays. */
function stepOf(compiled: Compiled): { from: Reference; feeds: Feeds; made: Map<string, Float64Array> } {
  const reference = begin({ shaken: true }, compiled);
  const from = begin({ shaken: true }, compiled);
  const feeds = batchOf(compiled, 1);
  const { losses, gradients } = reference.step(feeds);
  const made = new Map([...reference.store].map(([name, { data }]) => [name, data]));
  for (const [name, value] of losses) made.set(`loss:${name}`, Float64Array.of(value));
  for (const [name, value] of gradients) made.set(`grad:${name}`, value);
  return { from, feeds, made };
}

function expectSame(found: ReadonlyMap<string, Float64Array>, wanted: ReadonlyMap<string, Float64Array>): void {
  expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
  const wrong = [...wanted].map(([name, value]) => ({ name, error: relative(found.get(name)!, value) })).filter(({ error }) => !(error <= BOUND));
  expect(wrong).toEqual([]);
}

/** The step as it was differentiated, one graph: what the phases changed is fed as they left it. */
function uncut(compiled: Compiled, from: Reference, feeds: Feeds, after: ReadonlyMap<string, Float64Array>): Map<string, Float64Array> {
  const { builder, phases, next } = compiled.step!;
  const { batch, data } = compiled.program!;
  const inputs = new Map<NodeId, NdArray>();
  for (const node of builder.nodes) {
    if (node.op !== "input") continue;
    const { kind, name } = node.attrs;
    const leaf = leafName(name);
    const stream = data.find((d) => d.name === name);
    const shaped = (values: Float64Array): NdArray => ({ shape: (from.store.get(kind === "param" ? `param:${leaf.param}` : `state:${name}`))!.shape, data: values });
    // What nothing reads (a stream that no phase draws, a dead parameter) has no storage and need not be fed.
    if (kind === "data" && !stream) continue;
    if (kind === "data") inputs.set(node.id, { shape: [batch, stream!.channels, stream!.height, stream!.width].map((dim, i) => ({ axis: ["batch", "c", "h", "w"][i]!, dim })), data: feeds.data[name]! });
    else if (kind === "state") inputs.set(node.id, shaped(from.get(`state:${name}`)));
    else if (leaf.version > 0) inputs.set(node.id, shaped(after.get(`param:${leaf.param}`)!));
    else if (from.store.has(`param:${leaf.param}`)) inputs.set(node.id, shaped(from.get(`param:${leaf.param}`)));
  }
  const wanted = [
    ...phases.flatMap((p) => [...p.losses.map((l) => [`loss:${l.name}`, l.node] as const), ...p.gradients.map((g) => [`grad:${g.param.name}`, g.node] as const)]),
    ...next.map((n) => [`state:${n.name}`, n.node] as const),
  ];
  const values = evaluate(builder, wanted.map(([, node]) => node), inputs);
  return new Map(wanted.map(([name, node]) => [name, values.get(node)!.data]));
}

describe("passes and the cut keep every value", () => {
  it.each(VARIANTS)("%s", { timeout: 60_000 }, (variant) => {
    const plain = stepOf(compileVariant(variant, SMALL, { without: PASSES }));
    const compiled = compileVariant(variant, SMALL);
    const { from, feeds, made } = stepOf(compiled);
    expectSame(made, plain.made);

    const whole = uncut(compiled, from, feeds, made);
    expectSame(new Map([...made].filter(([name]) => whole.has(name))), whole);
    for (const name of made.keys()) if (/^(loss|grad):/.test(name)) expect(whole.has(name), name).toBe(true);
  });

  it("each pass can be left out by itself", { timeout: 120_000 }, () => {
    const { made } = stepOf(compileVariant("base", SMALL));
    for (const name of PASSES) expectSame(stepOf(compileVariant("base", SMALL, { without: [name] })).made, made);
  });
});
