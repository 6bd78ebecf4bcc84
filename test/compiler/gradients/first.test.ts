import { afterAll, describe, expect, it } from "vitest";
import { Builder } from "../../../compiler/graph/builder";
import { axesOf } from "../../../compiler/graph/shape";
import { evaluate } from "../../../compiler/graph/evaluate";
import { verify } from "../../../compiler/graph/verify";
import { differentiate } from "../../../compiler/differentiate";
import { opNames } from "../../../compiler/ops/table";
import { casesOf, differences, drawAll, inputs, relativeError, valueOf, type AnyCase } from "../kit";

const worst = new Map<string, number>();
const note = (op: string, error: number): unknown => worst.set(op, Math.max(worst.get(op) ?? 0, error));

/** Σ of the result, each element weighted by its own number: no two gradients can hide in each other. */
function weighted(c: AnyCase) {
  const b = new Builder();
  const xs = inputs(b, c.case.shapes);
  const y = c.add(b, xs);
  const [w] = inputs(b, [b.shape(y)], "weights");
  const loss = b.add("sum", { over: axesOf(b.shape(y)) }, [b.add("mul", {}, [y, w!])]);
  return { b, xs, w: w!, loss };
}

describe("every operation's gradient agrees with central differences", () => {
  for (const op of opNames.filter((o) => o !== "input" && o !== "stop")) {
    it(op, () => {
      casesOf(op).forEach((c, seed) => {
        const { b, xs, w, loss } = weighted(c);
        const feeds = drawAll([...c.case.shapes], c.case.range ?? [-1, 1], seed + 1);
        const weights = drawAll([b.shape(w)], [-1, 1], seed + 100);
        const gradients = differentiate(b, loss, xs);
        verify(b);
        const all = new Map([...xs, w].map((id, i) => [id, [...feeds, ...weights][i]!]));
        const values = evaluate(b, gradients.filter((g) => g !== undefined), all);
        gradients.forEach((g, i) => {
          const wanted = differences((now) => valueOf(b, loss, [...xs, w], [...now, ...weights]).data[0]!, feeds, i);
          if (g === undefined) {
            // No gradient: then the operation must not move with this operand.
            expect(wanted.every((v) => Math.abs(v) < 1e-12), `${c.title}, operand ${i}`).toBe(true);
            return;
          }
          expect(values.get(g)!.shape, c.title).toEqual(c.case.shapes[i]);
          const error = relativeError(values.get(g)!.data, wanted);
          note(op, error);
          expect(error, `${c.title}, operand ${i}`).toBeLessThanOrEqual(1e-6);
        });
      });
    });
  }

  it("stop lets nothing through", () => {
    const b = new Builder();
    const [x] = inputs(b, [[{ axis: "c", dim: 2 }]]);
    const y = b.add("mul", {}, [x!, b.add("stop", {}, [x!])]);
    const [g] = differentiate(b, b.add("sum", { over: ["c"] }, [y]), [x!]);
    const value = evaluate(b, [g!], new Map([[x!, { shape: [{ axis: "c", dim: 2 }], data: Float64Array.of(3, 5) }]])).get(g!)!;
    expect([...value.data]).toEqual([3, 5]);
  });
});

afterAll(() => {
  const lines = [...worst].map(([op, e]) => `${op.padEnd(20)} ${e.toExponential(1)}`);
  console.log(`worst relative error of each operation's gradient\n${lines.join("\n")}`);
});
