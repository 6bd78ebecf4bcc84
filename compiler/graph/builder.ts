import { recordOf } from "../ops/table";
import type { Graph, GraphNode, NodeId, NodeOf, OpAttrs, OpName, Origin } from "./types";
import type { Shape } from "./shape";
import { DimsError } from "../ops/record";

/**
 * Grows a graph node by node. Equal operations on equal operands are one node (rule 11), so building twice costs nothing.
 * Throws `DimsError` where operands do not fit; the caller, who knows the spec, turns it into a diagnostic.
 */
export class Builder implements Graph {
  readonly nodes: GraphNode[] = [];
  private readonly known = new Map<string, NodeId>();
  /** Given to every node made from here on. */
  origin: Origin | undefined;

  constructor(from?: Graph) {
    for (const node of from?.nodes ?? []) {
      this.nodes.push(node);
      this.known.set(keyOf(node.op, node.attrs, node.inputs), node.id);
    }
  }

  add<K extends OpName>(op: K, attrs: OpAttrs[K], inputs: readonly NodeId[]): NodeId {
    const key = keyOf(op, attrs, inputs);
    const same = this.known.get(key);
    if (same !== undefined) return same;
    const shapes = inputs.map((i) => this.shape(i));
    const shape = recordOf(op).dims(attrs, shapes);
    const id = this.nodes.length;
    const node: NodeOf<K> = { id, op, attrs, inputs: [...inputs], shape, ...(this.origin ? { origin: this.origin } : {}) };
    this.nodes.push(node as unknown as GraphNode);
    this.known.set(key, id);
    return id;
  }

  node(id: NodeId): GraphNode {
    const node = this.nodes[id];
    if (!node) throw new Error(`defect: no node ${id}`);
    return node;
  }

  shape(id: NodeId): Shape {
    return this.node(id).shape;
  }

  constant(value: number): NodeId {
    return this.add("constant", { value }, []);
  }
}

// Passes copy nodes with the attributes they had, so most are seen many times.
const texts = new WeakMap<object, string>();

function keyOf(op: string, attrs: object, inputs: readonly NodeId[]): string {
  let text = texts.get(attrs);
  if (text === undefined) {
    text = JSON.stringify(attrs, exactly);
    texts.set(attrs, text);
  }
  return `${op}(${inputs.join(",")})${text}`;
}

/** JSON has no word for these, and would make different constants the same node. */
function exactly(_: string, value: unknown): unknown {
  if (typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return Object.is(value, -0) ? "-0" : String(value);
}

export { DimsError };
