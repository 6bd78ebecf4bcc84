import { describe, expect, it } from "vitest";
import { Builder, DimsError } from "../../../compiler/graph/builder";
import { type Dim, divisors, symbol } from "../../../compiler/graph/dim";
import type { Shape } from "../../../compiler/graph/shape";
import type { OpCase } from "../../../compiler/ops/record";
import { opNames, table } from "../../../compiler/ops/table";
import type { GraphNode, OpName } from "../../../compiler/graph/types";
import { problemsOf } from "../../../backends/onnx/model";
import { count, draws, relativeError, run, sizes } from "./kit";

// The same cases with batch, height and width left free: one model, run at several sizes.

const SYMBOLS: Readonly<Record<string, string>> = { batch: "N", h: "H", w: "W" };

const freed = (shape: Shape): Shape => shape.map((a) => (SYMBOLS[a.axis] ? { axis: a.axis, dim: symbol(SYMBOLS[a.axis]!) } : a));

/** What an adjoint or an expand was told about sizes is free as well. */
function freedAttrs<K extends OpName>(attrs: OpCase<K>["attrs"]): OpCase<K>["attrs"] {
  const text = JSON.stringify(attrs, function (this: unknown, key: string, value: unknown) {
    if (key === "shape") return freed(value as Shape);
    return value;
  });
  return JSON.parse(text) as OpCase<K>["attrs"];
}

interface Built {
  readonly builder: Builder;
  readonly inputs: { node: number; name: string }[];
  readonly output: GraphNode;
}

/** Undefined where the operation itself wants numbers. */
function built<K extends OpName>(op: K, { attrs, shapes }: OpCase<K>, free: boolean): Built | undefined {
  const builder = new Builder();
  const inputs = shapes.map((s, i) => ({ node: builder.add("input", { kind: "data", name: `x${i}`, shape: free ? freed(s) : s }, []), name: `x${i}` }));
  try {
    const output = builder.add(op, free ? freedAttrs<K>(attrs) : attrs, inputs.map((i) => i.node));
    return { builder, inputs, output: builder.node(output) };
  } catch (error) {
    if (error instanceof DimsError) return undefined;
    throw error;
  }
}

/** Sizes at which the case means something: the case's own and larger multiples, where free dims divide evenly. */
function sizesOf<K extends OpName>({ shapes }: OpCase<K>, output: GraphNode): Record<string, number>[] {
  const least: Record<string, number> = { N: 1, H: 1, W: 1 };
  for (const a of shapes.flat()) if (SYMBOLS[a.axis]) least[SYMBOLS[a.axis]!] = a.dim as number;
  const by = divisors(output.shape.map((a): Dim => a.dim));
  const fitting = (s: string, n: number): number => Math.ceil(n / (by[s] ?? 1)) * (by[s] ?? 1);
  return [1, 2].map((k) => Object.fromEntries(Object.entries(least).map(([s, n]) => [s, fitting(s, n * k + (k - 1))])));
}

async function check<K extends OpName>(op: K, c: OpCase<K>, model: Built): Promise<void> {
  for (const symbols of sizesOf(c, model.output)) {
    const random = draws(3);
    const feeds = Object.fromEntries(
      model.inputs.map(({ node, name }) => [name, random(count(sizes(model.builder.shape(node), symbols)), ...(c.range ?? [-1, 1]))]),
    );
    const operands = model.inputs.map(({ node, name }) => ({ shape: sizes(model.builder.shape(node), symbols), data: Float64Array.from(feeds[name]!) }));
    const shape = sizes(model.output.shape, symbols);
    const expected = table[op].evaluate(model.output.attrs as OpCase<K>["attrs"], operands, shape);
    const outputs = [{ node: model.output.id, name: "y" }];
    const { y } = await run({ name: op, graph: model.builder, inputs: model.inputs, outputs }, feeds, symbols);
    expect(y!.dims).toEqual(shape.map((a) => a.dim));
    // As in table.test.ts; the sums are up to four times as long here.
    expect(relativeError(y!.data, expected.data)).toBeLessThanOrEqual(1e-5);
  }
}

describe("free dims", () => {
  const covered = new Map<OpName, number>();
  for (const op of opNames.filter((name) => name !== "input" && name !== "constant")) {
    const cases = table[op].cases as readonly OpCase<typeof op>[];
    it(op, async () => {
      for (const c of cases) {
        const model = built(op, c, true);
        if (!model || !model.output.shape.concat(...c.shapes).some((a) => SYMBOLS[a.axis])) continue;
        if (problemsOf(model.builder, [model.output.id]).length > 0) continue;
        await check(op, c, model);
        covered.set(op, (covered.get(op) ?? 0) + 1);
      }
    });
  }
  it("covers what a generator is made of", () => {
    const needed: OpName[] = ["add", "concat", "contract", "conv", "expand", "max", "mean", "mul", "pad", "relu", "size", "sum", "tanh", "upsample"];
    for (const op of needed) expect([op, covered.get(op) ?? 0]).not.toEqual([op, 0]);
  });
});
