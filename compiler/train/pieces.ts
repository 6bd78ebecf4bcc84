// A phase in pieces small enough to load quickly, cut where little is alive; gradients larger than what they are made of last, a few at
// a time.
import { bytesOf } from "../graph/aliases";
import { countOf } from "../graph/shape";
import type { Graph, NodeId, OpName } from "../graph/types";
import { users } from "../graph/walk";
import { lateGradients, type LateGradient } from "./late";
import { cutPoints, type Room } from "./cut-points";
import { orderFor, type Ordered } from "./order";
import type { Piece } from "./recompute";
import { cheapestFirst, partsOf } from "./roots";
import type { SegmentOutput } from "./segments";
import type { Stages } from "./stages";

/** Computed again where a later graph needs it, rather than kept: passes over memory without arithmetic to speak of. */
const CHEAP: ReadonlySet<OpName> = new Set<OpName>([
  "add", "sub", "mul", "div", "neg", "relu", "relu_adjoint", "expand", "pad", "upsample", "rename", "flatten", "unflatten",
  "squeeze", "unsqueeze", "slice", "stop", "concat", "constant", "size",
]);
/** Smaller values are kept: computing them again saves nothing. */
export const SMALL = 256 * 1024;
/** Nodes of one graph: onnxruntime's time to load a graph grows faster than its size. */
export const MOST_NODES = 1000;

/** Bytes of late gradients made by one piece, unless a single one is larger. */
const LATE_PIECE = 24 << 20;

/**
 * Each stage's nodes in order, in pieces.
 *
 * @param room what values take, and how many bytes of buffers a piece may take
 * @param free in no piece: made by each that reads it. What one direction is the first to need would else be missing in the other's pieces, and
 * the two would not be the same graphs.
 */
export function piecesOf(graph: Graph, need: readonly number[], { outputs, early: planned, phaseOf: { length: stages } }: Stages, most: number, room: Room | undefined, free: (id: NodeId) => boolean): Piece[] {
  const pieces: Piece[] = [];
  const readers = users(graph);
  const taken = new Set(outputs.filter((o) => !isGradient(o)).map((o) => o.node));
  const { owns, lends } = byStage(graph, need, stages, free);
  for (let phase = 0; phase < stages; phase++) {
    const own = owns[phase]!;
    const results = outputs.filter((o) => own.has(o.node));
    const gradients = results.filter(isGradient).map((o) => o.node);
    const late = lateGradients(graph, own, gradients, readers, taken, (id) => isFree(graph, id));
    const early = new Set(own);
    const tails = late.flatMap((l) => l.tail);
    for (const id of tails) early.delete(id);
    // What later phases take must be made here, too, even if nothing here needs it.
    const elsewhere = [...lends[phase]!, ...tails.flatMap((id) => graph.nodes[id]!.inputs)].filter((id) => early.has(id));
    const kept = new Set([...results.map((o) => o.node), ...elsewhere]);
    const sums = [...planned].flatMap(([id, stage]) => (stage === phase && early.has(id) ? [id] : []));
    const whole = ordered(graph, early, readers, gradients, late, sums, kept);
    const points = [0, ...cutPoints(graph, whole, kept, { most, again: (id) => isCheap(graph, id), room }), whole.order.length];
    for (let i = 0; i + 1 < points.length; i++) pieces.push({ phase, order: whole.order.slice(points[i], points[i + 1]) });
    pieces.push(...latePieces(late).map((tail) => ({ phase, order: orderFor(graph, new Set(tail), tail, kept).order })));
  }
  return pieces;
}

export const isCheap = (graph: Graph, id: NodeId): boolean => CHEAP.has(graph.nodes[id]!.op) && countOf(graph.nodes[id]!.shape) * 4 >= SMALL;

/** The nodes of each stage, and those that others read. */
function byStage({ nodes }: Graph, need: readonly number[], stages: number, free: (id: NodeId) => boolean): { owns: Set<NodeId>[]; lends: NodeId[][] } {
  const owns = Array.from({ length: stages }, () => new Set<NodeId>());
  const lends = owns.map((): NodeId[] => []);
  for (const { id, op, inputs } of nodes) {
    if (op === "input" || free(id)) continue;
    owns[need[id]!]?.add(id);
    for (const i of inputs) if (need[i] !== need[id]) lends[need[i]!]?.push(i);
  }
  return { owns, lends };
}

/** A constant, or one cheap operation on what lies in the storage, such as 1 - rho. */
export function isOfLeaves({ nodes }: Graph, id: NodeId): boolean {
  const node = nodes[id]!;
  const { op, inputs } = node;
  if (op === "constant") return true;
  return bytesOf(node) < SMALL && CHEAP.has(op) && inputs.every((i) => nodes[i]!.op === "input" || nodes[i]!.op === "constant");
}

const isGradient = (o: SegmentOutput): boolean => o.value.startsWith("grad:");

/** Computed again for next to nothing: cheap operations on leaves and on small values. */
function isFree(graph: Graph, id: NodeId): boolean {
  const n = graph.nodes[id]!;
  return n.op === "input" || countOf(n.shape) * 4 < SMALL || (CHEAP.has(n.op) && n.inputs.every((i) => isFree(graph, i)));
}

/** The parts of each gradient are asked for, not the gradient whole: a part can be made when its own pass through a network is over. */
function ordered(graph: Graph, own: ReadonlySet<NodeId>, readers: readonly (readonly NodeId[])[], gradients: readonly NodeId[], late: readonly LateGradient[], sums: readonly NodeId[], kept: ReadonlySet<NodeId>): Ordered {
  const operands = late.flatMap((l) => l.operands);
  const parts = gradients.flatMap((id) => partsOf(graph, own, readers, id));
  return orderFor(graph, own, [...cheapestFirst(graph, own, new Set([...parts, ...operands, ...sums])), ...own], kept);
}

function latePieces(late: readonly LateGradient[]): NodeId[][] {
  const pieces: NodeId[][] = [];
  let room = 0;
  for (const { tail, bytes } of late) {
    if (bytes > room) {
      pieces.push([]);
      room = LATE_PIECE;
    }
    pieces.at(-1)!.push(...tail);
    room -= bytes;
  }
  return pieces;
}
