import type { Builder } from "../graph/builder";
import { sameShape, type Shape } from "../graph/shape";
import type { Graph, GraphNode, NodeId } from "../graph/types";
import { copy } from "../graph/walk";

export interface Rewritten {
  readonly graph: Graph;
  readonly outputs: NodeId[];
  /** Whether another round may find more. */
  readonly changed: boolean;
}

/** A rewrite of a whole graph that keeps the values of its outputs. */
export interface Pass {
  readonly name: string;
  readonly doc: string;
  rewrite(graph: Graph, outputs: readonly NodeId[]): Rewritten;
}

/**
 * What could stand for one node, whose operands are `inputs` in the graph that is being built; undefined: nothing better.
 * Operands come first, so a rule sees them as they are after its own work.
 */
export type Rule = (b: Builder, node: GraphNode, inputs: readonly NodeId[]) => NodeId | undefined;

/** A pass that looks at one node at a time: several of them take one walk over the graph. */
export interface LocalPass extends Pass {
  readonly rule: Rule;
}
export const isLocal = (pass: Pass): pass is LocalPass => "rule" in pass;

/** The rule at every node. A result that is laid out in another way than the node was is not taken. */
export function localPass(name: string, doc: string, rule: Rule): LocalPass {
  return { name, doc, rule, rewrite: (graph, outputs) => rewriteBy([rule], graph, outputs) };
}

/** More than the rules find at one node: two that undo each other are our defect, and must not hang the compiler. */
const TURNS = 16;

/** At every node the first rule that finds something, then at what it found, until none does. */
export function rewriteBy(rules: readonly Rule[], graph: Graph, outputs: readonly NodeId[]): Rewritten {
  let changed = false;
  const copied = copy(graph, outputs, (b, node, inputs) => {
    let result: NodeId | undefined;
    for (let turn = 0; turn < TURNS; turn++) {
      const at = result === undefined ? node : b.node(result);
      const found = firstFound(rules, b, at, result === undefined ? inputs : at.inputs, result);
      if (found === undefined) break;
      changed = true;
      result = found;
    }
    return result;
  });
  return { graph: copied.graph, outputs: outputs.map((id) => copied.map.get(id)!), changed };
}

/** @param known what the node itself is, once it is there */
function firstFound(rules: readonly Rule[], b: Builder, node: GraphNode, inputs: readonly NodeId[], known: NodeId | undefined): NodeId | undefined {
  for (const rule of rules) {
    const found = rule(b, node, inputs);
    if (found !== undefined && found !== known && sameShape(b.shape(found), node.shape)) return found;
  }
  return undefined;
}

export function constantOf(b: Builder, id: NodeId): number | undefined {
  const node = b.node(id);
  return node.op === "constant" ? node.attrs.value : undefined;
}

/** Of two operands of which one is a constant: the constant and the other. */
export function withConstant(b: Builder, [x, y]: readonly NodeId[]): { k: number; x: NodeId } | undefined {
  const [kx, ky] = [constantOf(b, x!), constantOf(b, y!)];
  if (ky !== undefined) return { k: ky, x: x! };
  return kx !== undefined ? { k: kx, x: y! } : undefined;
}

/** A value that is the same everywhere, in this shape. */
export function filled(b: Builder, shape: Shape, value: number): NodeId {
  const k = b.constant(value);
  return shape.length > 0 ? b.add("expand", { shape }, [k]) : k;
}

export const times = (b: Builder, x: NodeId, k: number): NodeId => b.add("mul", {}, [x, b.constant(k)]);
export const negated = (b: Builder, x: NodeId): NodeId => b.add("neg", {}, [x]);
