import { recordOf } from "../ops/table";
import type { Graph, GraphNode, NodeId, NodeOf, OpAttrs, OpName, Origin } from "./types";
import type { Shape } from "./shape";
import { hashOf, Known, sameInputs } from "./known";
import { DimsError } from "../ops/record";

/**
 * Grows a graph node by node. Equal operations on equal operands are one node (rule 11), so building twice costs nothing.
 * Throws `DimsError` where operands do not fit; the caller, who knows the spec, turns it into a diagnostic.
 */
export class Builder implements Graph {
  readonly nodes: GraphNode[] = [];
  private readonly known: Known;
  /** Passes ask for a few of them again and again. */
  private readonly constants = new Map<number | "-0", NodeId>();
  /** Given to every node made from here on. */
  origin: Origin | undefined;

  /** @param room nodes that are expected */
  constructor(from?: Graph, room = from?.nodes.length ?? 0) {
    this.known = new Known(this.nodes, room);
    for (const node of from?.nodes ?? []) {
      this.nodes.push(node);
      this.known.put(node.id, hashOf(node.op, node.attrs, node.inputs));
    }
  }

  add<K extends OpName>(op: K, attrs: OpAttrs[K], inputs: readonly NodeId[]): NodeId {
    const hash = hashOf(op, attrs, inputs);
    const same = this.known.find(op, attrs, inputs, hash);
    if (same !== undefined) return same;
    const shapes = inputs.map((i) => this.shape(i));
    return this.push(op, attrs, [...inputs], recordOf(op).dims(attrs, shapes), hash);
  }

  /**
   * A node of another graph again, on operands of the shapes that its own had: its shape is not asked for a second time.
   */
  adopt<K extends OpName>(node: NodeOf<K>, inputs: readonly NodeId[]): NodeId {
    const hash = hashOf(node.op, node.attrs, inputs);
    const same = this.known.find(node.op, node.attrs, inputs, hash);
    if (same !== undefined) return same;
    if (node.id === this.nodes.length && node.origin === this.origin && sameInputs(node.inputs, inputs)) {
      this.nodes.push(node as unknown as GraphNode);
      this.known.put(node.id, hash);
      return node.id;
    }
    return this.push(node.op, node.attrs, inputs, node.shape, hash);
  }

  private push<K extends OpName>(op: K, attrs: OpAttrs[K], inputs: readonly NodeId[], shape: Shape, hash: number): NodeId {
    const id = this.nodes.length;
    const { origin } = this;
    this.nodes.push((origin ? { id, op, attrs, inputs, shape, origin } : { id, op, attrs, inputs, shape }) as unknown as GraphNode);
    this.known.put(id, hash);
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
    const key = Object.is(value, -0) ? "-0" : value;
    let id = this.constants.get(key);
    if (id === undefined) this.constants.set(key, (id = this.add("constant", { value }, [])));
    return id;
  }
}

export { DimsError };
