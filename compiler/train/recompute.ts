// Memory for time: values that wait long for their next reader are let go and made again right before it. The two fakes are made for the
// critics' phase, and their activations are not read again before the generators' backward pass; meanwhile only the pictures stay.
import type { Graph, GraphNode, NodeId } from "../graph/types";
import { bytesOf } from "../graph/aliases";

/** Nodes to be computed together, in their order. */
export interface Piece {
  readonly phase: number;
  /** In the order of computation; without leaves. */
  readonly order: readonly NodeId[];
}

/** What is let go, from little to much. Each step along costs more time. */
export const RECOMPUTE = ["nothing", "between phases", "between passes"] as const;
export type Recompute = (typeof RECOMPUTE)[number];

export interface Recomputed {
  readonly graph: Graph;
  readonly pieces: readonly Piece[];
}

/** Of "between passes": pieces that pass between two readers of a value. */
const WAITS = 3;

/** What comes back, as a part of all that must be made for it: less, and it is kept. A picture is small, and a whole network's pass. */
const WORTH = 0.25;

/**
 * @param least bytes of values worth it; smaller ones are kept
 * @param dear never let go: a sum of gradients is a whole pass
 * @param valid whether a leaf still reads the same in a phase
 */
export function recompute(from: Recomputed, level: Recompute, least: number, dear: (id: NodeId) => boolean, valid: (leaf: NodeId, phase: number) => boolean): Recomputed {
  if (level === "nothing") return from;
  const nodes: GraphNode[] = [...from.graph.nodes];
  const count = nodes.length;
  const bytes = nodes.map(bytesOf);
  const piecesReading = readersByPiece(from);
  const home = new Map<NodeId, number>();
  from.pieces.forEach((p, s) => p.order.forEach((id) => home.set(id, s)));

  /** The piece before which a value comes back, if it is let go at all. */
  const back = new Map<NodeId, number>();
  for (const [id, made] of home) {
    if (bytes[id]! < least || dear(id)) continue;
    const uses = [made, ...piecesReading[id]!.filter((s) => s > made)];
    for (let i = 1; i < uses.length; i++) {
      const [last, next] = [uses[i - 1]!, uses[i]!];
      const waits = level === "between phases" ? from.pieces[next]!.phase > from.pieces[made]!.phase && from.pieces[last]!.phase === from.pieces[made]!.phase : next - last >= WAITS;
      if (waits && next > last + 1) {
        back.set(id, next);
        break;
      }
    }
  }

  const clones = new Map<NodeId, NodeId>();
  const inserted = from.pieces.map((): NodeId[] => []);
  /** The clone of a value that is not there any more when piece `s` begins; undefined if it cannot be had. */
  const again = (id: NodeId, s: number, made: Map<NodeId, NodeId>): NodeId | undefined => {
    const known = clones.get(id) ?? made.get(id);
    if (known !== undefined) return known;
    // As it was made, not as it reads by now: its operands may have been made again since.
    const n = from.graph.nodes[id]!;
    if (n.op === "input") return valid(id, from.pieces[s]!.phase) ? id : undefined;
    const kept = back.get(id) === undefined ? piecesReading[id]!.some((r) => r >= s) || bytes[id]! < least : back.get(id)! > s && piecesReading[id]!.some((r) => r >= s && r < back.get(id)!);
    if (kept) return id;
    const inputs: NodeId[] = [];
    for (const i of n.inputs) {
      const input = again(i, s, made);
      if (input === undefined) return undefined;
      inputs.push(input);
    }
    const clone = nodes.length;
    nodes.push({ ...n, id: clone, inputs } as GraphNode);
    made.set(id, clone);
    return clone;
  };
  for (let s = 0; s < from.pieces.length; s++) {
    const due = [...back].filter(([, at]) => at === s).map(([id]) => id).sort((x, y) => x - y);
    const length = nodes.length;
    const made = new Map<NodeId, NodeId>();
    const possible = due.filter((id) => {
      const before = nodes.length;
      const known = new Map(made);
      if (again(id, s, made) !== undefined) return true;
      nodes.length = before;
      made.clear();
      known.forEach((clone, old) => made.set(old, clone));
      return false;
    });
    const sum = (ids: Iterable<NodeId>): number => [...ids].reduce((n, id) => n + bytes[id]!, 0);
    const worth = sum(possible) >= WORTH * sum(made.keys());
    if (!worth) nodes.length = length;
    for (const id of due) if (!worth || !made.has(id)) back.delete(id);
    if (worth) {
      for (const [old, clone] of made) {
        clones.set(old, clone);
        inserted[s]!.push(clone);
        if (!back.has(old)) back.set(old, s);
      }
    }
    // From here on, readers read the clone.
    for (const id of from.pieces[s]!.order) {
      const n = nodes[id]!;
      if (n.inputs.some((i) => clones.has(i))) nodes[id] = { ...n, inputs: n.inputs.map((i) => (i < count ? (clones.get(i) ?? i) : i)) } as GraphNode;
    }
  }
  const pieces = from.pieces.flatMap((p, s): Piece[] => (inserted[s]!.length === 0 ? [p] : [{ phase: p.phase, order: inserted[s]! }, p]));
  return { graph: { nodes }, pieces };
}

/** For each node the pieces that read it, ascending. */
function readersByPiece({ graph, pieces }: Recomputed): number[][] {
  const reading = graph.nodes.map((): number[] => []);
  pieces.forEach((p, s) => {
    for (const id of p.order) for (const i of graph.nodes[id]!.inputs) if (reading[i]!.at(-1) !== s) reading[i]!.push(s);
  });
  return reading;
}
