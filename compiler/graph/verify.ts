import { DimsError } from "../ops/record";
import { recordOf } from "../ops/table";
import { axesOf, sameShape, showShape, type Shape } from "./shape";
import type { Graph, GraphNode, NodeOf, OpName } from "./types";

/** How many operands an operation takes, where it is not one. */
const OPERANDS: Partial<Record<OpName, readonly [number, number]>> = {
  input: [0, 0],
  constant: [0, 0],
  concat: [1, Infinity],
  ...Object.fromEntries(
    ["add", "sub", "mul", "div", "maximum", "minimum", "greater", "relu_adjoint", "contract", "conv", "conv_input_adjoint", "conv_kernel_adjoint"].map(
      (op) => [op, [2, 2]],
    ),
  ),
};

/** What is wrong with a graph, one line each: our own defects, never the author's. */
export function problemsOf(graph: Graph): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  graph.nodes.forEach((node, i) => {
    const say = (what: string): unknown => problems.push(`node ${i} (${node.op}): ${what}`);
    if (node.id !== i) say(`its id is ${node.id}`);
    const foreign = node.inputs.find((input) => !Number.isInteger(input) || input < 0 || input >= i);
    if (foreign !== undefined) return say(`its operand ${foreign} does not come before it`);
    const [least, most] = OPERANDS[node.op] ?? [1, 1];
    if (node.inputs.length < least || node.inputs.length > most) return say(`it has ${node.inputs.length} operands`);
    if (new Set(axesOf(node.shape)).size !== node.shape.length) say(`an axis comes twice in ${showShape(node.shape, true)}`);
    if (node.op === "input") {
      if (names.has(node.attrs.name)) say(`the name ${node.attrs.name} is taken`);
      names.add(node.attrs.name);
    }
    checkShape(graph, node, say);
  });
  return problems;
}

/** Throws where the graph is not valid. */
export function verify(graph: Graph): void {
  const problems = problemsOf(graph);
  if (problems.length > 0) throw new Error(`defect: the graph is not valid\n${problems.slice(0, 10).join("\n")}`);
}

function checkShape(graph: Graph, node: GraphNode, say: (what: string) => unknown): void {
  try {
    const shape = ruled(node, node.inputs.map((input) => graph.nodes[input]!.shape));
    if (!sameShape(shape, node.shape)) {
      say(`its shape is ${showShape(node.shape, true)}, its rule gives ${showShape(shape, true)}`);
    }
  } catch (error) {
    if (!(error instanceof DimsError)) throw error;
    say(`its operands do not fit: ${JSON.stringify(error.problem)}`);
  }
}

const ruled = <K extends OpName>(node: NodeOf<K>, operands: readonly Shape[]): Shape => recordOf(node.op).dims(node.attrs, operands);
