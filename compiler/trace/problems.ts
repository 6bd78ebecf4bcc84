// From a misfit of dims to a message: the operation as the author wrote it, both shapes, and where each dim came from.
import type { Related } from "../../dsl/diagnostic";
import type { Span } from "../../dsl/source";
import type { DimsError } from "../graph/builder";
import { showDim } from "../graph/dim";
import { dimOf, showShape } from "../graph/shape";
import type { NodeId } from "../graph/types";
import { rules } from "../diagnostics/table";
import type { Tracer } from "./tracer";
import type { Value } from "./values";

/** The layers that decided `axis` of a node, last first: each with the dim it gave. */
export function cameFrom(t: Tracer, id: NodeId, axis: string, most = 8): Related[] {
  const steps: Related[] = [];
  let at: NodeId | undefined = id;
  while (at !== undefined && steps.length < most) {
    const node = t.b.node(at);
    const dim = dimOf(node.shape, axis);
    if (dim === undefined) break;
    // Of several operands the one with the most axes: the picture, not what scales its channels.
    const having = node.inputs.filter((i) => dimOf(t.b.shape(i), axis) !== undefined);
    const before: NodeId | undefined = [...having].sort((x, y) => t.b.shape(y).length - t.b.shape(x).length)[0];
    const decided = before === undefined || showDim(dimOf(t.b.shape(before), axis)!) !== showDim(dim);
    if (decided && node.origin) {
      const from = before === undefined ? "" : ` from ${showDim(dimOf(t.b.shape(before), axis)!)}`;
      const what = node.op === "pad" ? `the padding of ${node.origin.label}` : node.origin.label;
      steps.push({ span: node.origin.span, message: before === undefined ? `\`${axis}\` begins as ${showDim(dim)} in ${what}` : `\`${axis}\` becomes ${showDim(dim)}${from} in ${what}` });
    }
    if (before === undefined && axis !== "c") break;
    at = before;
  }
  return steps;
}

export function describeProblem(t: Tracer, error: DimsError, inputs: readonly NodeId[], span: Span, label: string): Value {
  const shown = error.operands.map((s) => showShape(s));
  const problem = error.problem;
  const first = inputs[0]!;
  const here = shown[0] ?? "[]";
  switch (problem.kind) {
    case "clash": {
      const [left = first, right = first] = inputs;
      const origins = [...cameFrom(t, left, problem.axis, 4), ...cameFrom(t, right, problem.axis, 4)];
      const spatial = problem.axis === "h" || problem.axis === "w";
      const hint = spatial
        ? `let both sides keep \`${problem.axis}\`: pad what shrinks (pad: reflect(1) for a window of 3), and choose sizes that are a multiple of the total stride, so that halving and enlarging bring them back`
        : `make both sides agree along \`${problem.axis}\``;
      return t.report(rules.dimClash, { op: label, axis: problem.axis, left: shown[0] ?? "", right: shown[1] ?? "", hint }, span, origins);
    }
    case "missing-axis":
      return t.report(rules.missingAxis, { op: label, axis: problem.axis, shape: shown[problem.operand] ?? here }, span);
    case "extra-axis":
      return t.report(rules.extraAxis, { op: label, axis: problem.axis, shape: shown[problem.operand] ?? here }, span);
    case "taken-axis":
      return t.report(rules.takenAxis, { op: label, axis: problem.axis, shape: here }, span);
    case "pad-too-wide":
      t.tooSmall();
      return t.report(
        rules.padTooWide,
        { op: label, axis: problem.axis, pad: problem.pad, shape: here, mode: problem.mode },
        span, cameFrom(t, first, problem.axis));
    case "window-too-large":
      t.tooSmall();
      return t.report(
        rules.windowTooLarge, { op: label, axis: problem.axis, kernel: problem.kernel, shape: here },
        span, cameFrom(t, first, problem.axis));
    case "channels":
      return t.report(
        rules.channels, { op: label, expected: String(problem.expected), got: problem.got, left: here, right: shown[1] ?? "" },
        span, cameFrom(t, first, "c"));
    case "indivisible":
      return t.report(rules.indivisible, { op: label, what: `\`${problem.axis}\` of ${here}`, by: problem.by }, span);
    case "needs-number":
      return t.report(rules.dimNeedsNumber, { op: label, axis: problem.axis, shape: here }, span);
    case "out-of-range":
      return t.report(rules.outOfRange, { op: label, axis: problem.axis, start: problem.start, size: problem.size, shape: here }, span);
    case "wrong-size":
      return t.report(
        rules.dimClash, { op: label, axis: problem.axis, left: `${problem.expected} as written here`, right: `${problem.got} in ${here}`, hint: `let what is written here come to ${problem.got}` },
        span, cameFrom(t, first, problem.axis));
  }
}
