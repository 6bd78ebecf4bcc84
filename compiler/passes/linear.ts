// Sums of scaled pictures, with scales and offsets that lack pixels, are brought into one form: Σ scale·picture + offset. Of a norm, its affine
// map, and their gradients that leaves one centred picture and the incoming gradient, each touched once, where the chain rule wrote some
// thirty passes; what norm, affine and gradient read is shared, and gradients of what was broadcast stay small until a picture needs them.
import type { Builder } from "../graph/builder";
import { hasAxis, sameShape, type Shape } from "../graph/shape";
import type { Graph, GraphNode, NodeId, NodeOf } from "../graph/types";
import { copy, reachable } from "../graph/walk";
import { type Form, Forms, isPicture, isPart } from "./linear-forms";
import type { Pass } from "./pass";
import { filled, times } from "./pass";
import { materialized } from "./materialized";

export const linear: Pass = {
  name: "linear",
  doc: "sums of pictures scaled and moved by smaller tensors → Σ scale·picture + offset; Σ over pixels of them and of their products likewise",
  rewrite(graph, outputs) {
    const solid = materialized(graph, outputs);
    let changed = false;
    const centres = centresOf(graph, outputs);
    const made = new Map<NodeId, NodeId>();
    let forms: Forms | undefined;
    const copied = copy(graph, outputs, (b, node, inputs) => {
      forms ??= new Forms(b);
      const better = rewritten(b, forms, node, inputs, solid.has(node.id));
      if (better !== undefined && sameShape(b.shape(better), node.shape)) {
        changed = true;
        made.set(node.id, better);
        return better;
      }
      const id = b.adopt(node as NodeOf<typeof node.op>, inputs);
      made.set(node.id, id);
      if (solid.has(node.id)) forms.keep(id);
      const centre = centres.get(node.id);
      if (centre !== undefined) forms.centre(inputs[0]!, id, inputs[1]!);
      return id;
    });
    // What was only tried must not stay behind.
    return changed ? { graph: copied.graph, outputs: outputs.map((id) => copied.map.get(id)!), changed } : { graph, outputs: [...outputs], changed };
  },
};

/** Of the nodes that take a mean of a picture away from it, the one a picture with the finest mean. */
function centresOf(graph: Graph, outputs: readonly NodeId[]): Map<NodeId, NodeId> {
  const needed = reachable(graph, outputs);
  const best = new Map<NodeId, NodeId>();
  for (const node of graph.nodes) {
    if (needed[node.id] === 0 || node.op !== "sub" || !isPicture(node.shape)) continue;
    const [x, m] = node.inputs as [NodeId, NodeId];
    const mean = graph.nodes[m]!;
    if (!isPart(mean.shape, node.shape) || !meanOf(graph, mean, x)) continue;
    const other = best.get(x);
    if (other === undefined || mean.shape.length > graph.nodes[graph.nodes[other]!.inputs[1]!]!.shape.length) best.set(x, node.id);
  }
  return new Map([...best].map(([x, centre]) => [centre, x]));
}

function meanOf(graph: Graph, mean: GraphNode, x: NodeId): boolean {
  if (mean.op === "mean" || mean.op === "sum") return mean.inputs[0] === x || meanOf(graph, graph.nodes[mean.inputs[0]!]!, x);
  return mean.op === "mul" && mean.inputs.some((i) => meanOf(graph, graph.nodes[i]!, x));
}

function rewritten(b: Builder, forms: Forms, node: GraphNode, inputs: readonly NodeId[], solid: boolean): NodeId | undefined {
  switch (node.op) {
    case "add":
    case "sub":
    case "mul": {
      if (!solid || !isPicture(node.shape)) return undefined;
      const form = forms.combined(node.op, node.shape, inputs as [NodeId, NodeId]);
      // As many passes as before are no gain.
      return form && forms.passes(form) < form.replaces + 1 ? forms.written(form, node.shape) : undefined;
    }
    case "sum":
    case "mean":
      return reduced(b, forms, node, inputs[0]!);
    default:
      return undefined;
  }
}

function reduced(b: Builder, forms: Forms, node: NodeOf<"sum"> | NodeOf<"mean">, x: NodeId): NodeId | undefined {
  const shape = b.shape(x);
  if (!isPicture(shape)) return undefined;
  const { over } = node.attrs;
  const inner = b.node(x);
  if (inner.op === "mul" && inner.inputs.every((i) => sameShape(b.shape(i), shape))) {
    const [p, q] = inner.inputs.map((i) => forms.of(i)) as [Form, Form];
    if (p.terms.size !== 1 || q.terms.size !== 1 || (forms.trivial(p) && forms.trivial(q))) return stepped(b, node, x);
    return reducedProduct(b, forms, node.op, over, shape, p, q);
  }
  const form = forms.of(x);
  const nothing = form.offset === undefined && [...form.terms].every(([picture, scale]) => forms.sumsToNothing(picture, lacking(b, over, scale)));
  if (nothing && form.terms.size > 0) return filled(b, shape.filter((a) => !over.includes(a.axis)), 0);
  if (forms.trivial(form) || form.terms.size === 0) return stepped(b, node, x);
  return reducedForm(b, forms, node.op, over, shape, form);
}

type Reduction = "sum" | "mean";

/** The axes over which a scale is constant. */
const lacking = (b: Builder, over: readonly string[], scale: NodeId | undefined): string[] => over.filter((axis) => scale === undefined || !hasAxis(b.shape(scale), axis));

function stepped(b: Builder, { op, attrs }: NodeOf<"sum"> | NodeOf<"mean">, x: NodeId): NodeId | undefined {
  return attrs.over.includes("c") && PIXELS.every((axis) => attrs.over.includes(axis)) ? inSteps(b, op, attrs.over, x) : undefined;
}

const PIXELS = ["h", "w"];
/** Over the pixels first: whoever sums over channels, too, shares the pass over the picture. */
function inSteps(b: Builder, op: Reduction, over: readonly string[], picture: NodeId): NodeId {
  const rest = over.filter((axis) => !PIXELS.includes(axis));
  if (rest.length === 0 || !PIXELS.every((axis) => over.includes(axis))) return b.add(op, { over }, [picture]);
  return b.add(op, { over: rest }, [b.add(op, { over: PIXELS }, [picture])]);
}

/** Over some axes: scale · reduction of the picture, the reduction of what is left last. Undefined: zero. */
function scaledReduction(b: Builder, forms: Forms, op: Reduction, over: readonly string[], picture: NodeId, scale: NodeId | undefined): NodeId | undefined {
  const inner = lacking(b, over, scale);
  if (forms.sumsToNothing(picture, inner)) return undefined;
  const small = inner.length > 0 ? inSteps(b, op, inner, picture) : picture;
  const scaled = scale === undefined ? small : b.add("mul", {}, [small, scale]);
  const left = over.filter((axis) => !inner.includes(axis));
  return left.length > 0 ? b.add(op, { over: left }, [scaled]) : scaled;
}

/** Of something without some of the axes: a sum counts how often it is repeated. */
function offsetReduction(b: Builder, op: Reduction, over: readonly string[], shape: Shape, offset: NodeId): NodeId | undefined {
  const own = over.filter((axis) => hasAxis(b.shape(offset), axis));
  const part = own.length > 0 ? b.add(op, { over: own }, [offset]) : offset;
  if (op === "mean") return part;
  let n = 1;
  for (const { axis, dim } of shape) {
    if (!over.includes(axis) || own.includes(axis)) continue;
    if (typeof dim !== "number") return undefined;
    n *= dim;
  }
  return n === 1 ? part : times(b, part, n);
}

const total = (b: Builder, parts: readonly (NodeId | undefined)[]): NodeId | undefined => {
  const known = parts.filter((p): p is NodeId => p !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, part) => b.add("add", {}, [sum, part]));
};

function reducedForm(b: Builder, forms: Forms, op: Reduction, over: readonly string[], shape: Shape, form: Form): NodeId | undefined {
  const parts = [...form.terms].map(([picture, scale]) => scaledReduction(b, forms, op, over, picture, scale));
  if (form.offset !== undefined) {
    const offset = offsetReduction(b, op, over, shape, form.offset);
    if (offset === undefined) return undefined;
    parts.push(offset);
  }
  return total(b, parts);
}

/** (s·x + p)·(t·y + q) = st·xy + sq·x + tp·y + pq, each reduced. */
function reducedProduct(b: Builder, forms: Forms, op: Reduction, over: readonly string[], shape: Shape, one: Form, other: Form): NodeId | undefined {
  const [[x, s], [y, t]] = [[...one.terms][0]!, [...other.terms][0]!];
  const [p, q] = [one.offset, other.offset];
  const product = (...factors: readonly (NodeId | undefined)[]): NodeId | undefined => {
    const known = factors.filter((f): f is NodeId => f !== undefined);
    return known.length === 0 ? undefined : known.reduce((a, c) => b.add("mul", {}, [a, c]));
  };
  const parts = [scaledReduction(b, forms, op, over, b.add("mul", {}, x <= y ? [x, y] : [y, x]), product(s, t))];
  if (q !== undefined) parts.push(scaledReduction(b, forms, op, over, x, product(s, q)));
  if (p !== undefined) parts.push(scaledReduction(b, forms, op, over, y, product(t, p)));
  if (p !== undefined && q !== undefined) {
    const constant = offsetReduction(b, op, over, shape, product(p, q)!);
    if (constant === undefined) return undefined;
    parts.push(constant);
  }
  return total(b, parts);
}
