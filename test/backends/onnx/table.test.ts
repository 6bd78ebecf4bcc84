import { describe, expect, it } from "vitest";
import { Builder } from "../../../compiler/graph/builder";
import type { OpCase } from "../../../compiler/ops/record";
import { opNames, table } from "../../../compiler/ops/table";
import type { OpName } from "../../../compiler/graph/types";
import { count, draws, relativeError, run, sizes } from "./kit";

/**
 * Our operands are float32 (2⁻²⁴ relative), sums in these cases run over at most a few hundred terms, and onnxruntime's exp, tanh
 * and sigmoid are polynomials good to a few units in the last place: 4e-6 of the largest value leaves room for all of it.
 */
const TOLERANCE = 4e-6;

async function check<K extends OpName>(op: K, { attrs, shapes, range }: OpCase<K>): Promise<number> {
  const builder = new Builder();
  const random = draws(opNames.indexOf(op) + 1);
  const feeds: Record<string, Float32Array> = {};
  const inputs = shapes.map((shape, i) => {
    const node = builder.add("input", { kind: "data", name: `x${i}`, shape }, []);
    feeds[`x${i}`] = random(count(sizes(shape)), ...(range ?? [-1, 1]));
    return { node, name: `x${i}` };
  });
  const output = builder.add(op, attrs, inputs.map((i) => i.node));
  const { shape } = builder.node(output);
  const operands = shapes.map((s, i) => ({ shape: sizes(s), data: Float64Array.from(feeds[`x${i}`]!) }));
  const expected = table[op].evaluate(attrs, operands, sizes(shape));
  const result = await run({ name: op, graph: builder, inputs, outputs: [{ node: output, name: "y" }] }, feeds);
  expect(result["y"]!.dims).toEqual(sizes(shape).map((a) => a.dim));
  return relativeError(result["y"]!.data, expected.data);
}

describe("every operation's ONNX form, run by onnxruntime, gives what its evaluation gives", () => {
  for (const op of opNames.filter((name) => name !== "input")) {
    const cases = table[op].cases as readonly OpCase<typeof op>[];
    it.each(cases.map((c, i) => ({ c, label: `${i}: ${JSON.stringify(c.attrs)} ${c.shapes.map((s) => s.map((a) => `${a.axis}${String(a.dim)}`).join("·")).join(", ")}` })))(
      `${op} $label`,
      async ({ c }) => {
        expect(await check(op, c)).toBeLessThanOrEqual(TOLERANCE);
      },
    );
  }
});
