// Nothing of the smooth copy's step has a kink but where rho is put back into its range; the spec's own step has many.
import { describe, expect, it } from "vitest";
import type { Compiled } from "../../compiler/compile";
import type { GraphNode, OpName } from "../../compiler/graph/types";
import { replaced, UGATIT } from "./spec";
import { smoothSource } from "./smooth";
import { compileVariant, SMALL } from "./variants";

const KINKS: ReadonlySet<OpName> = new Set<OpName>(["relu", "relu_adjoint", "abs", "sign", "max", "max_mask", "maximum", "minimum", "greater"]);

const isConstant = (n: GraphNode, value: number): boolean => n.op === "constant" && n.attrs.value === value;

/** Kinked operations of the graphs that make losses and gradients: rho's projection is in the updates. */
function kinksOf(compiled: Compiled): string[] {
  const compute = new Set(compiled.program!.segments.filter((s) => s.kind === "compute").map((s) => s.model));
  return compiled.graphs.filter((g) => compute.has(g.file)).flatMap(({ graph }) => {
    // A spectral vector's length is max(length, eps): far from its kink, and a constant to every gradient.
    const isLength = (n: GraphNode): boolean => n.op === "maximum" && n.inputs.some((id) => isConstant(graph.nodes[id]!, 1e-12));
    return graph.nodes.filter((n) => KINKS.has(n.op) && !isLength(n)).map((n) => `${n.op} of ${n.origin?.label ?? "?"}`);
  });
}

describe("the smooth copy", () => {
  it.each(["base", "without_cam", "norm_gn", "full"])("%s", (variant) => {
    expect(kinksOf(compileVariant(variant, SMALL, { text: smoothSource().text }))).toEqual([]);
    expect(kinksOf(compileVariant(variant, SMALL)).length).toBeGreaterThan(10);
  });

  it("says so when the spec has gone on without it", () => {
    expect(() => smoothSource(replaced(UGATIT, "leaky_relu(0.2)", "tanh"))).toThrow("leaky_relu(0.2) any more");
  });
});
