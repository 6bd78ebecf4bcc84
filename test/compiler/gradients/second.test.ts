import { afterAll, describe, expect, it } from "vitest";
import { differentiate } from "../../../compiler/differentiate";
import { Builder } from "../../../compiler/graph/builder";
import { axesOf } from "../../../compiler/graph/shape";
import { verify } from "../../../compiler/graph/verify";
import { opNames } from "../../../compiler/ops/table";
import type { NodeId } from "../../../compiler/graph/types";
import { casesOf, differences, drawAll, inputs, relativeError, valueOf } from "../kit";

const worst = new Map<string, number>();

/** Σ w·x over all axes. */
function weigh(b: Builder, x: NodeId, w: NodeId): NodeId {
  return b.add("sum", { over: axesOf(b.shape(x)) }, [b.add("mul", {}, [x, w])]);
}

/**
 * s = Σ v·(∂ Σ w·f(x) / ∂x): its gradients by every operand and by w against central differences. What the gradient's
 * own operations do is differentiated once more here, so each family is seen to be closed.
 */
describe("every gradient's gradient agrees with central differences", () => {
  for (const op of opNames.filter((o) => o !== "input" && o !== "stop")) {
    it(op, () => {
      casesOf(op).slice(0, 14).forEach((c, seed) => {
        const b = new Builder();
        const xs = inputs(b, c.case.shapes);
        const y = c.add(b, xs);
        const [w] = inputs(b, [b.shape(y)], "w");
        const first = differentiate(b, weigh(b, y, w!), xs);
        first.forEach((g, i) => {
          if (g === undefined) return;
          const [v] = inputs(b, [c.case.shapes[i]!], `v${i}`);
          const s = weigh(b, g, v!);
          const ids = [...xs, w!, v!];
          const shapes = [...c.case.shapes, b.shape(w!), c.case.shapes[i]!];
          const feeds = [...drawAll(c.case.shapes, c.case.range ?? [-1, 1], seed + 7), ...drawAll(shapes.slice(-2), [-1, 1], seed + 50)];
          const second = differentiate(b, s, ids);
          verify(b);
          second.forEach((gg, j) => {
            const wanted = differences((now) => valueOf(b, s, ids, now).data[0]!, feeds, j);
            const title = `${c.title}: operand ${i}, then ${j}`;
            if (gg === undefined) return expect(wanted.every((d) => Math.abs(d) < 1e-11), title).toBe(true);
            const error = relativeError(valueOf(b, gg, ids, feeds).data, wanted);
            worst.set(op, Math.max(worst.get(op) ?? 0, error));
            return expect(error, title).toBeLessThanOrEqual(1e-6);
          });
        });
      });
    }, 60_000);
  }
});

afterAll(() => {
  const lines = [...worst].map(([op, e]) => `${op.padEnd(20)} ${e.toExponential(1)}`);
  console.log(`worst relative error of each operation's second derivatives\n${lines.join("\n")}`);
});
