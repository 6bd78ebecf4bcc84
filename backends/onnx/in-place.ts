import { reachable, users } from "../../compiler/graph/walk";
import type { Graph, NodeId, OpName } from "../../compiler/graph/types";
import type { OnnxProblem } from "./lower/index";

/** An input whose buffer is the output's: what an optimizer's update does to its parameters. */
export interface InPlace {
  readonly input: NodeId;
  readonly output: NodeId;
}

/** Results that may be a view of the operand's buffer. */
const VIEWS: ReadonlySet<OpName> = new Set([
  "stop", "rename", "flatten", "unflatten", "squeeze", "unsqueeze", "expand", "slice", "concat", "power", "sum", "mean", "max",
]);
/** Operations that read each element before they write the one in its place, and no other. */
const PLACE_BY_PLACE: ReadonlySet<OpName> = new Set([
  "add", "sub", "mul", "div", "maximum", "minimum", "neg", "sqrt", "exp", "tanh", "sigmoid", "abs", "reciprocal", "relu",
]);

/**
 * Where writing an output into its input's buffer could be seen by another reader. Only data orders the operators of a
 * model, so every reader of the input has to be needed by the output itself.
 */
export function overwritten(graph: Graph, outputs: readonly NodeId[], pairs: readonly InPlace[]): readonly OnnxProblem[] {
  const readers = users(graph);
  const wanted = reachable(graph, outputs);
  return pairs.flatMap(({ input, output }): OnnxProblem[] => {
    const before = reachable(graph, [output]);
    const open = [input];
    const problems: OnnxProblem[] = [];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      for (const reader of readers[id]!) {
        if (!wanted[reader]) continue;
        const { op, shape } = graph.nodes[reader]!;
        const safe = reader === output ? PLACE_BY_PLACE.has(op) && shape.length === graph.nodes[input]!.shape.length : before[reader];
        if (!safe) problems.push({ node: reader, reason: `may read input ${input} after output ${output} has been written into it` });
        if (VIEWS.has(op)) open.push(reader);
      }
    }
    return problems;
  });
}
